import Foundation
import Testing

@testable import CompanionDomain

struct IntentClassifierCodingTests {
  /// The fields of a classifier as JSON.
  private static func fields(of classifier: IntentClassifier) throws -> [String: JSONValue] {
    try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(classifier))
  }

  private static func decode(_ fields: [String: JSONValue]) throws -> IntentClassifier {
    try JSONDecoder().decode(IntentClassifier.self, from: JSONEncoder().encode(fields))
  }

  private static func isRefused(_ fields: [String: JSONValue]) -> Bool {
    do {
      _ = try decode(fields)
      return false
    } catch {
      return error is DecodingError
    }
  }

  @Test func `a classifier is the same when it is read again`() async throws {
    var classifier = try await IntentSamples.classifier
    classifier.threshold = 0.1
    let read = try Self.decode(try Self.fields(of: classifier))
    #expect(read == classifier)
    #expect(read.threshold == 0.1)
    for example in IntentSamples.judged {
      #expect(read.classify(example.text) == classifier.classify(example.text))
    }
    let list = try PropertyListEncoder().encode(classifier)
    #expect(try PropertyListDecoder().decode(IntentClassifier.self, from: list) == classifier)
  }

  @Test func `one of no label, and one of many labels, are the same when they are read again`() async throws {
    let others = IntentSamples.others.map { IntentExample($0, label: nil) }
    let knowing = try await IntentClassifier.train(
      on: IntentSamples.training + others, labels: IntentSamples.labels)
    #expect(try Self.decode(try Self.fields(of: knowing)) == knowing)

    let labels = (0..<300).map { IntentLabel(name: "\($0)", profile: .search, complexity: .low) }
    // One feature, which speaks for the last label.
    let key = try #require(IntentFeatures(of: "rain").features.first?.key)
    let many = IntentClassifier(
      labels: labels, knowsOthers: false,
      vocabulary: IntentVocabulary(keys: [key], importances: [64], importanceOfUnknown: 80),
      weights: IntentWeights(
        starts: [0, 1], classes: [299], levels: [127], scale: 2,
        biases: Array(repeating: -1, count: 300)),
      calibration: IntentCalibration(odds: [1, 2, 3], scores: [-1, 1]), threshold: 0.05)
    #expect(try Self.decode(try Self.fields(of: many)) == many)
    #expect(many.classify("rain").label == "299")
  }

  @Test func `another version is refused`() async throws {
    var fields = try Self.fields(of: try await IntentSamples.classifier)
    #expect(fields["version"] == .integer(1))
    for version in [0, 2, 99] {
      fields["version"] = .integer(Int64(version))
      #expect(Self.isRefused(fields))
    }
  }

  @Test func `a field that is missing is refused, and so is one of another kind`() async throws {
    let fields = try Self.fields(of: try await IntentSamples.classifier)
    for name in fields.keys.sorted() {
      var damaged = fields
      damaged[name] = nil
      #expect(Self.isRefused(damaged), "\(name)")
      damaged[name] = .object([:])
      #expect(Self.isRefused(damaged), "\(name)")
      damaged[name] = .array([.string("x")])
      #expect(Self.isRefused(damaged), "\(name)")
    }
  }

  @Test func `bytes that are missing, or too many, are refused`() async throws {
    let fields = try Self.fields(of: try await IntentSamples.classifier)
    for name in ["scores", "keys", "importances", "biases", "counts", "classes", "levels"] {
      let bytes = try #require(fields[name]?.string.flatMap { Data(base64Encoded: $0) })
      // A score less is not told from one that never was.
      let cuts = name == "scores" ? [1, 2, 3] : [1, 2, 3, 4, bytes.count]
      for cut in cuts {
        var damaged = fields
        damaged[name] = .string(bytes.dropLast(cut).base64EncodedString())
        #expect(Self.isRefused(damaged), "\(name), \(cut) less")
        damaged[name] = .string((bytes + bytes.prefix(cut)).base64EncodedString())
        #expect(Self.isRefused(damaged), "\(name), \(cut) more")
      }
    }
  }

  @Test func `values that cannot be are refused`() async throws {
    let fields = try Self.fields(of: try await IntentSamples.classifier)
    let impossible: [(String, JSONValue)] = [
      ("threshold", .number(1.5)), ("threshold", .number(-0.1)), ("odds", .array([1, 2])),
      ("odds", .array([1, 2, 1e300])), ("labels", .array([])), ("knowsOthers", .bool(true)),
      ("importanceOfUnknown", .integer(0)), ("importanceOfUnknown", .integer(256)),
      ("scale", .integer(Int64(Float.nan.bitPattern))), ("scale", .integer(Int64(Float(-1).bitPattern))),
      ("scale", .integer(Int64(Float.infinity.bitPattern))),
      ("labels", .array(Array(repeating: fields["labels"]?.array?.first ?? .null, count: 5))),
    ]
    for (name, value) in impossible {
      var damaged = fields
      damaged[name] = value
      #expect(Self.isRefused(damaged), "\(name) \(value)")
    }
  }

  @Test func `whatever bytes are damaged, it is refused or answers`() async throws {
    let fields = try Self.fields(of: try await IntentSamples.classifier)
    var random = SplitMix64(seed: 77)
    var refused = 0
    for round in 0..<300 {
      let names = ["scores", "keys", "importances", "biases", "counts", "classes", "levels"]
      let name = names[round % names.count]
      var bytes = try #require(fields[name]?.string.flatMap { Data(base64Encoded: $0) })
      for _ in 0...(random.next() % 4) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      var damaged = fields
      damaged[name] = .string(bytes.base64EncodedString())
      guard !Self.isRefused(damaged) else {
        refused += 1
        continue
      }
      let found = try Self.decode(damaged).classify("明日 wake me up at seven")
      #expect(found.ranked.allSatisfy { (0...1).contains($0.confidence) })
      #expect((0...1).contains(found.typicality))
    }
    #expect(refused > 30 && refused < 300)
  }

  @Test func `it takes no more than two bytes for a weight`() async throws {
    let data = try JSONEncoder().encode(try await IntentSamples.classifier)
    #expect(data.count < 200_000)
  }
}
