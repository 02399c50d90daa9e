import Testing

@testable import CompanionDomain

struct IntentVocabularyTests {
  private static let texts = ["set an alarm", "set the alarm", "cancel the alarm", "what a day"].map(
    IntentFeatures.init(of:))

  @Test func `what only one text has is not known`() {
    let vocabulary = IntentVocabulary(of: Self.texts, limit: 1000)
    let counts = Self.texts.flatMap { $0.features.map(\.key) }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    #expect(vocabulary.keys == counts.filter { $0.value > 1 }.keys.sorted())
    #expect(
      zip(vocabulary.keys, vocabulary.importances).allSatisfy { key, importance in
        importance < vocabulary.importanceOfUnknown && importance >= 64 && (counts[key] ?? 0) > 1
      })
  }

  @Test func `the rarer says more`() {
    let vocabulary = IntentVocabulary(of: Self.texts, limit: 1000)
    let alarm = FeatureHash.word("alarm").key(of: .word)
    let set = FeatureHash.word("set").key(of: .word)
    let importances = [alarm, set].map { key in
      vocabulary.keys.firstIndex(of: key).map { vocabulary.importances[$0] } ?? 0
    }
    #expect(importances[0] < importances[1])
    // Three of four texts have the one, two the other: the roots of 1 + ln(5/4) and 1 + ln(5/3), in 64ths.
    #expect(importances == [71, 79])
  }

  @Test func `with a limit the most common are known`() {
    let all = IntentVocabulary(of: Self.texts, limit: 1000)
    let few = IntentVocabulary(of: Self.texts, limit: all.keys.count - 1)
    #expect(few.keys.count < all.keys.count)
    #expect(few.keys.contains(FeatureHash.word("alarm").key(of: .word)))
    #expect(IntentVocabulary(of: Self.texts, limit: 0).keys.isEmpty)
  }

  @Test func `a text that is known has the length of 1, and the unknown takes away from it`() {
    let vocabulary = IntentVocabulary(of: Self.texts + Self.texts, limit: 1000)
    func square(_ text: String) -> Float {
      vocabulary.vector(of: IntentFeatures(of: text)).reduce(0) { $0 + $1.value * $1.value }
    }
    #expect(abs(square("set an alarm") - 1) < 1e-5)
    #expect(square("set an alarm qwertz") < 0.8)
    #expect(square("qwertz") < 0.1)
    #expect(vocabulary.vector(of: IntentFeatures(of: "雨")).isEmpty)
    #expect(vocabulary.vector(of: IntentFeatures(of: "")).isEmpty)
  }

  @Test func `every key is found, and no other`() {
    var random = SplitMix64(seed: 3)
    for count in [0, 1, 2, 3, 100, 5000] {
      let keys = Set((0..<count).map { _ in UInt32(truncatingIfNeeded: random.next()) & ~1 | 1 }).sorted()
      let vocabulary = IntentVocabulary(
        keys: keys, importances: keys.map { _ in 64 }, importanceOfUnknown: 255)
      for (place, key) in keys.enumerated() {
        #expect(vocabulary.place(of: key) == place)
        #expect(vocabulary.place(of: key ^ 1) == nil)
      }
      #expect(
        vocabulary.keeping(Array(stride(from: 0, to: keys.count, by: 2))).keys.count == (keys.count + 1) / 2)
    }
  }
}

extension FeatureHash {
  /// The hash of a word of ASCII letters.
  fileprivate static func word(_ letters: String) -> FeatureHash {
    letters.unicodeScalars.reduce(into: .start) { $0.add($1.value) }
  }
}
