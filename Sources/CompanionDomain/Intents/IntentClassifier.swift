/// Understands messages without a model's call, as a host has taught it by examples.
///
/// It is linear: every word, pair of words and row of 2 to 5 characters in a message speaks for some labels and
/// against others, and the sum decides. It knows what it has seen, in whatever language, and nothing else; so it abstains
/// where a message fits none of its labels. Then a model is asked.
///
/// ```swift
/// let classifier = try await IntentClassifier.train(on: examples, labels: labels)
/// if let intent = classifier.intent(of: "could you translate this letter") { … }
/// ```
///
/// It is a value: encode it once it is trained, and decode it at the next start.
public struct IntentClassifier: Hashable, Sendable {
  /// How many labels there may be.
  public static let labelCounts = 2...1000
  /// The most that the number of examples times that of labels may be.
  public static let maximumWork = 32_000_000
  /// The most scalars that the texts of all examples may have. Of one text, the first 1,024 count.
  public static let maximumText = 4_000_000

  /// What messages are told apart as.
  public let labels: [IntentLabel]

  /// It abstains when a message's typicality is less: about the part of the messages of its labels that it leaves to the
  /// model. With 0 it abstains from nothing but what its examples of no label are nearest to; with 1, from nearly all.
  public var threshold: Double {
    didSet { threshold = Self.heldThreshold(threshold) }
  }

  /// Whether there is one class more than labels: of what is none of them.
  let knowsOthers: Bool
  let vocabulary: IntentVocabulary
  let weights: IntentWeights
  let calibration: IntentCalibration

  init(
    labels: [IntentLabel], knowsOthers: Bool, vocabulary: IntentVocabulary, weights: IntentWeights,
    calibration: IntentCalibration, threshold: Double
  ) {
    self.labels = labels
    self.knowsOthers = knowsOthers
    self.vocabulary = vocabulary
    self.weights = weights
    self.calibration = calibration
    self.threshold = Self.heldThreshold(threshold)
  }

  private static func heldThreshold(_ threshold: Double) -> Double {
    threshold.isNaN ? 1 : min(1, max(0, threshold))
  }

  private static let rankedLabels = 5
  /// A label behind the best one counts if the chance that it is right is not less.
  private static let secondaryConfidence = 0.1
  private static let mostSecondary = 2

  /// Which label a message is of, or none.
  ///
  /// The first 1,024 scalars count. What has no letter, digit or the like fits nothing.
  ///
  /// Complexity: linear in what counts of the text.
  public func classify(_ text: String) -> IntentClassification {
    let features = IntentFeatures(of: text)
    guard !features.features.isEmpty else { return IntentClassification(ranked: [], typicality: 0) }
    let scores = weights.scores(of: vocabulary.vector(of: features))
    let (best, second) = scores.bestTwo
    let others = knowsOthers ? scores.last ?? 0 : -.infinity
    let ranked = scores.prefix(labels.count).placesOfGreatest(Self.rankedLabels)
    let top = scores[ranked[0]]
    let typicality = top >= others ? calibration.typicality(score: top) : 0
    let isSure = top >= others && typicality >= threshold
    return IntentClassification(
      label: isSure ? labels[ranked[0]].name : nil,
      ranked: ranked.map { place in
        let score = scores[place]
        return .init(
          label: labels[place].name,
          confidence: calibration.confidence(score: score, margin: score - (score == best ? second : best)))
      },
      typicality: typicality)
  }

  /// What a message asks for; `nil` when the classifier abstains.
  ///
  /// Profile and complexity are those of the label, and so is the action that it declares. With one that declares none,
  /// ``IntentRules/action(profile:complexity:files:runsCode:)`` decides, which looks at the files that the message names.
  /// Files and quoted phrases are found by rule. Further kinds of help are those of the labels behind the best one, at most
  /// two, whose chance to be right is 0.1 or more.
  public func intent(of text: String) -> Intent? {
    let classification = classify(text)
    guard let label = labels.first(where: { $0.name == classification.label }) else { return nil }
    let files = IntentTargets.files(in: text)
    return Intent(
      action: label.action
        ?? IntentRules.action(
          profile: label.profile, complexity: label.complexity, files: files, runsCode: false),
      profile: label.profile,
      complexity: label.complexity,
      confidence: classification.confidence,
      files: files,
      entities: IntentTargets.quoted(in: text),
      secondary: secondary(in: classification, beside: label.profile),
      method: .classifier)
  }

  /// Further kinds of help, those of the likeliest labels first.
  private func secondary(
    in classification: IntentClassification, beside profile: Intent.Profile
  ) -> [Intent.Profile] {
    var profiles: [Intent.Profile] = []
    for candidate in classification.ranked.dropFirst() where candidate.confidence >= Self.secondaryConfidence
    {
      guard let other = labels.first(where: { $0.name == candidate.label })?.profile, other != profile,
        !profiles.contains(other)
      else { continue }
      profiles.append(other)
    }
    return Array(profiles.prefix(Self.mostSecondary))
  }
}

extension ArraySlice<Float> {
  /// Where the greatest numbers are, the greatest first; of equal ones the first.
  fileprivate func placesOfGreatest(_ count: Int) -> [Int] {
    var places: [Int] = []
    for place in indices {
      if let last = places.last, places.count == count, self[place] <= self[last] { continue }
      places.insert(place, at: places.firstIndex { self[place] > self[$0] } ?? places.count)
      if places.count > count { places.removeLast() }
    }
    return places
  }
}

extension [Float] {
  /// The greatest number, and the next; there are at least two.
  var bestTwo: (Float, Float) {
    reduce((-Float.infinity, -Float.infinity)) { best, next in
      next > best.0 ? (next, best.0) : next > best.1 ? (best.0, next) : best
    }
  }
}
