import CompanionDomain
import Foundation
import Testing

struct IntentClassifierTests {
  @Test func `messages are told apart in English, Japanese and Chinese, and others are left to the model`()
    async throws
  {
    var classifier = try await IntentSamples.classifier
    let right = IntentSamples.judged.filter { example in
      classifier.classify(example.text).ranked.first?.label == example.label
    }
    #expect(right.count >= 19)
    // Few examples in each language: what it knows fits badly, too, so the threshold has to be higher than usual.
    classifier.threshold = 0.2
    let answered = IntentSamples.judged.count { classifier.classify($0.text).label == $0.label }
    #expect(answered >= 17)
    let abstained = IntentSamples.others.count { classifier.classify($0).label == nil }
    #expect(abstained >= 6)
  }

  @Test func `what it was taught it knows, but for what is too much like another label`() async throws {
    let classifier = try await IntentSamples.classifier
    let known = IntentSamples.training.filter { classifier.classify($0.text).label == $0.label }
    #expect(known.count >= 78)
    #expect(known.allSatisfy { classifier.classify($0.text).confidence > 0.5 })
  }

  @Test func `the best five labels are ranked by confidence, and the best is the one that is given`()
    async throws
  {
    let classifier = try await IntentSamples.classifier
    for example in IntentSamples.judged {
      let found = classifier.classify(example.text)
      #expect(found.ranked.count == 5)
      #expect(Set(found.ranked.map(\.label)).count == 5)
      #expect(found.ranked.allSatisfy { $0.confidence > 0 && $0.confidence < 1 })
      #expect(zip(found.ranked, found.ranked.dropFirst()).allSatisfy { $0.confidence >= $1.confidence })
      #expect(found.label == nil || found.label == found.ranked[0].label)
      #expect(found.confidence == found.ranked[0].confidence)
      #expect((0...1).contains(found.typicality))
    }
  }

  @Test func `the higher the threshold, the more it abstains`() async throws {
    var classifier = try await IntentSamples.classifier
    let texts = IntentSamples.judged.map(\.text) + IntentSamples.others
    var counts: [Int] = []
    for threshold in [0, 0.05, 0.3, 0.7, 1] {
      classifier.threshold = threshold
      counts.append(texts.count { classifier.classify($0).label == nil })
      for text in texts {
        let found = classifier.classify(text)
        #expect((found.label == nil) == (found.typicality < threshold))
      }
    }
    #expect(counts == counts.sorted())
    #expect(counts[0] == 0 && counts[4] > counts[1])
    for (given, held) in [(-1.0, 0.0), (2, 1), (.nan, 1), (.infinity, 1)] {
      classifier.threshold = given
      #expect(classifier.threshold == held)
    }
    #expect(try await ClassifiedIntentTests.classifier.threshold == 0)
  }

  @Test(arguments: ["", "  ", "?!", "'", "\u{200D}\u{FE0F}"])
  func `of what says nothing it makes nothing`(text: String) async throws {
    var classifier = try await IntentSamples.classifier
    classifier.threshold = 0
    let found = classifier.classify(text)
    #expect(found.label == nil && found.ranked.isEmpty && found.typicality == 0 && found.confidence == 0)
    #expect(classifier.intent(of: text) == nil)
  }

  @Test func `examples of no label are what it abstains from, at any threshold`() async throws {
    let others = IntentSamples.others.map { IntentExample($0, label: nil) }
    var classifier = try await IntentClassifier.train(
      on: IntentSamples.training + others, labels: IntentSamples.labels)
    classifier.threshold = 0
    #expect(others.count { classifier.classify($0.text).label == nil } >= others.count - 1)
    let found = classifier.classify("which horse won the race")
    #expect(found.label == nil && found.typicality == 0 && found.confidence < 0.5)
    #expect(found.ranked.count == 5)
    #expect(classifier.classify("wake me at eight").label == "alarm")
  }

  @Test func `training is the same each time, and of another seed hardly different`() async throws {
    let first = try await IntentSamples.classifier
    let again = try await IntentClassifier.train(on: IntentSamples.training, labels: IntentSamples.labels)
    #expect(again == first)
    let other = try await IntentClassifier.train(
      on: IntentSamples.training, labels: IntentSamples.labels, seed: 2)
    #expect(other != first)
    let texts = IntentSamples.judged.map(\.text)
    let alike = texts.count { text in
      first.classify(text).ranked.first?.label == other.classify(text).ranked.first?.label
    }
    #expect(alike >= texts.count - 1)
  }

  @Test func `examples may be repeated, and of several labels at once`() async throws {
    let repeated = IntentSamples.training + IntentSamples.training + IntentSamples.training
    let classifier = try await IntentClassifier.train(on: repeated, labels: IntentSamples.labels)
    #expect(classifier.classify("wake me up at seven").label == "alarm")

    let labels = ["left", "right"].map { IntentLabel(name: $0, profile: .search, complexity: .low) }
    let both = (0..<10).flatMap { _ in
      [IntentExample("the same words", label: "left"), IntentExample("the same words", label: "right")]
    }
    let torn = try await IntentClassifier.train(on: both, labels: labels).classify("the same words")
    #expect(torn.ranked.count == 2 && torn.ranked.allSatisfy { $0.confidence < 0.6 })
  }

  @Test func `two labels of two examples are the least`() async throws {
    let labels = ["yes", "no"].map { IntentLabel(name: $0, profile: .search, complexity: .low) }
    let classifier = try await IntentClassifier.train(
      on: [
        IntentExample("yes please", label: "yes"), IntentExample("yes do", label: "yes"),
        IntentExample("no thanks", label: "no"), IntentExample("no never", label: "no"),
      ], labels: labels)
    #expect(classifier.classify("yes").ranked.map(\.label) == ["yes", "no"])
    #expect(classifier.classify("no").ranked.map(\.label) == ["no", "yes"])
  }

  @Test func `without any feature in common nothing is known, and all is abstained from or alike`()
    async throws
  {
    let labels = ["a", "b"].map { IntentLabel(name: $0, profile: .search, complexity: .low) }
    let classifier = try await IntentClassifier.train(
      on: [("犬", "a"), ("猫", "a"), ("鳥", "b"), ("魚", "b")].map { IntentExample($0.0, label: $0.1) },
      labels: labels)
    let found = classifier.classify("馬")
    #expect(found == classifier.classify("犬"))
    #expect(found.ranked.allSatisfy { $0.confidence.isFinite })
  }

  @Test func `any text has an answer`() async throws {
    let classifier = try await IntentSamples.classifier
    var random = SplitMix64(seed: 21)
    for _ in 0..<300 {
      let bytes = (0..<Int(random.next() % 200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let found = classifier.classify(String(decoding: bytes, as: UTF8.self))
      #expect((0...1).contains(found.typicality))
      #expect(found.ranked.allSatisfy { (0...1).contains($0.confidence) })
    }
    #expect(classifier.classify(String(repeating: "wake me up ", count: 100_000)).ranked.count == 5)
  }
}

struct ClassifiedIntentTests {
  private static let labels = [
    IntentLabel(name: "note", profile: .creation, complexity: .low, action: .directResponse),
    IntentLabel(name: "draft", profile: .creation, complexity: .medium),
    IntentLabel(name: "question", profile: .information, complexity: .low),
  ]
  private static let examples = [
    "note": ["note that the tyres are flat", "please note that I parked", "note the number of the locker"],
    "draft": [
      "draft a letter to the landlord", "draft the speech for Saturday", "draft an answer to the bank",
    ],
    "question": ["what is in the box", "what is on the list", "what is behind the wall"],
  ].sorted { $0.key < $1.key }.flatMap { label, texts in texts.map { IntentExample($0, label: label) } }

  static var classifier: IntentClassifier { get async throws { try await learning.value } }

  private static let learning = Task {
    try await IntentClassifier.train(on: examples, labels: labels, threshold: -1)
  }

  private static func intent(of text: String) async throws -> Intent? {
    try await classifier.intent(of: text)
  }

  @Test func `an intent is what its label declares, and says how it was reached`() async throws {
    let intent = try #require(try await Self.intent(of: "note that the “blue” bicycle is at \"the gate\""))
    #expect(intent.action == .directResponse)
    #expect(intent.profile == .creation)
    #expect(intent.complexity == .low)
    #expect(intent.entities == ["blue", "the gate"])
    #expect(intent.files.isEmpty)
    #expect(intent.method == .classifier)
    #expect(intent.confidence > 0 && intent.confidence < 1)
  }

  @Test func `what else a message may ask for is what the likely labels behind the best one stand for`()
    async throws
  {
    var classifier = try await IntentSamples.classifier
    classifier.threshold = 0
    let mixed = [
      "translate the tests", "will it rain tomorrow, and wake me up at seven", "run the tests, thank you",
      "put the alarm on and translate this letter into French, what is the weather like today",
    ]
    var counts: [Int: Int] = [:]
    for text in IntentSamples.judged.map(\.text) + mixed {
      let intent = try #require(classifier.intent(of: text))
      let profiles = classifier.classify(text).ranked.map { candidate in
        (candidate.confidence, classifier.labels.first { $0.name == candidate.label }?.profile)
      }
      let likely = profiles.dropFirst().filter { $0.0 >= 0.1 }.compactMap(\.1)
      #expect(intent.secondary.allSatisfy { likely.contains($0) && $0 != intent.profile })
      #expect(Set(intent.secondary).count == intent.secondary.count)
      #expect(intent.secondary.count == min(Set(likely).subtracting([intent.profile]).count, 2))
      counts[intent.secondary.count, default: 0] += 1
    }
    // Most messages ask for one thing.
    #expect(counts[0, default: 0] > 10 && counts[1, default: 0] + counts[2, default: 0] > 0, "\(counts)")
  }

  @Test func `an action that is declared stands, whatever files are named`() async throws {
    let intent = try #require(try await Self.intent(of: "note that todo.md is old"))
    #expect(intent.action == .directResponse)
    #expect(intent.files == ["todo.md"])
  }

  @Test func `an action that is left to the rules depends on the files that are named`() async throws {
    #expect(try await Self.intent(of: "draft a letter to the mayor")?.action == .multiStepTask)
    #expect(try await Self.intent(of: "draft a letter in letter.md")?.action == .fileOperation)
    #expect(try await Self.intent(of: "what is on the roof")?.action == .directResponse)
    #expect(try await Self.intent(of: "what is in README.md")?.action == .fileOperation)
  }

  @Test func `an intent that a classifier has reached is stored and read like others`() throws {
    let intent = Intent(
      action: .directResponse, profile: .search, complexity: .low, confidence: 1, method: .classifier)
    let data = try JSONEncoder().encode(intent)
    #expect(try JSONDecoder().decode(Intent.self, from: data) == intent)
    #expect(String(decoding: data, as: UTF8.self).contains("\"classifier\""))
  }
}
