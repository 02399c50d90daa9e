import CompanionDomain
import FoundationEssentials
import Testing

/// A tokenizer that charges by states, as ``TokenEstimator`` supposes, and deviates from it at random.
private struct SyntheticTokenizer {
  var perState: [TokenFeatures.State: Double] = [:]
  var otherwise = 0.5
  var perMessage = 3.0
  /// How far a count is off from the rule at most, as a part of it.
  var spread = 0.04

  func count(_ features: TokenFeatures, _ numbers: inout SplitMix64) -> Int {
    var tokens = perMessage * Double(features.messages)
    for state in TokenFeatures.State.allCases {
      tokens += Double(features[state]) * (perState[state] ?? otherwise)
    }
    return max(Int((tokens * Double.random(in: 1 - spread...1 + spread, using: &numbers)).rounded()), 1)
  }

  /// One whose charges are those of a common tokenizer times random factors, and one for all.
  static func scaled(by scale: Double, _ numbers: inout SplitMix64) -> SyntheticTokenizer {
    var tokenizer = SyntheticTokenizer()
    let common = TokenEstimator()
    for state in TokenFeatures.State.allCases {
      // What a visit costs at first, from the difference that a thousand make.
      guard let sample = samples[state] else { continue }
      let features = TokenFeatures(String(repeating: sample, count: 1_000))
      let other = features.visits.reduce(0, +)
      let tokens = Double(common.tokens(in: features)) / Double(max(other, 1))
      tokenizer.perState[state] = tokens * scale * Double.random(in: 0.8...1.25, using: &numbers)
    }
    return tokenizer
  }

  private static let samples: [TokenFeatures.State: String] = [
    .word1: "a ", .word2: "an ", .word5: "apple ", .capital: "A ", .digit1: "1 ", .mark1: "- ",
    .newline1: "\na",
    .hiragana1: "か ", .katakana1: "カ ", .han1: "漢", .han2: "漢", .hangul1: "한 ", .hangul2: "한국",
    .cyrillic1: "м ",
    .wideMark: "。", .pictograph: "🙂", .accented: "é", .symbol: "→",
  ]
}

struct TokenEstimatorTests {
  private func error(_ estimate: Int, _ counted: Int) -> Double {
    abs(Double(estimate) - Double(counted)) / Double(counted)
  }

  @Test func `an empty text has none, any other at least one`() {
    let estimator = TokenEstimator()
    #expect(estimator.tokens(in: "") == 0)
    #expect(estimator.tokens(in: " ") == 1)
    #expect(estimator.tokens(in: "a") == 1)
    #expect(estimator.tokens(in: TokenFeatures()) == 0)
    #expect(estimator.tokens(in: TokenFeatures(messages: 2)) == 8)
  }

  @Test func `a text costs the same, read at once or by its features`() {
    var numbers = SplitMix64(seed: 1)
    let estimator = TokenEstimator()
    for count in 0..<60 {
      let text = SeededTexts.text(count, &numbers)
      #expect(estimator.tokens(in: text) == estimator.tokens(in: TokenFeatures(text)))
    }
  }

  // Counted by tokenizers of three makers; by a quarter of its characters, Japanese would be half and less.
  @Test(
    arguments: [
      ("Can you remind me tomorrow at nine to call the dentist about my appointment?", 14...17),
      ("梅雨は、東アジアの広い範囲でみられる、雨や曇りの日が多くなる期間のことである。", 24...48),
      ("我正在写这本书的读后感，有兴趣的朋友可以和我交流。", 15...34),
      ("let total = items.map(\\.price).reduce(0, +)", 13...18),
    ])
  func `it is in the range of tokenizers before it has learnt`(text: String, range: ClosedRange<Int>) {
    #expect(range.contains(TokenEstimator().tokens(in: text)))
  }

  @Test func `more text never has fewer tokens`() {
    var numbers = SplitMix64(seed: 2)
    var estimator = TokenEstimator()
    for round in 0..<40 {
      let text = SeededTexts.text(30, &numbers)
      var before = 0
      for end in text.indices {
        let tokens = estimator.tokens(in: String(text[..<end]))
        #expect(tokens >= before)
        before = tokens
      }
      estimator.learn(from: [text], tokens: 20 * round + 1)
    }
  }

  @Test(arguments: [0.45, 0.7, 1, 1.4, 1.9], 1...4)
  func `it learns how a model counts, and its margin covers what it gets wrong`(scale: Double, seed: Int) {
    var numbers = SplitMix64(seed: UInt64(seed))
    let tokenizer = SyntheticTokenizer.scaled(by: scale, &numbers)
    var estimator = TokenEstimator()
    var errors: [Double] = []
    var covered = 0
    let later = 200
    for report in 0..<20 + later {
      let text = SeededTexts.text(.random(in: 40...200, using: &numbers), &numbers)
      let features = TokenFeatures(text, messages: 1)
      let counted = tokenizer.count(features, &numbers)
      if report >= 20 {
        let estimate = estimator.tokens(in: features)
        errors.append(error(estimate, counted))
        if Double(counted) <= (Double(estimate) * (1 + estimator.margin)).rounded(.up) { covered += 1 }
      }
      estimator.learn(from: features, tokens: counted)
    }
    errors.sort()
    #expect(errors[later * 95 / 100 - 1] < 0.11)
    #expect(covered >= later * 95 / 100)
    #expect(estimator.margin < 0.12)
    #expect(estimator.reports == 20 + later)
  }

  @Test func `it learns what a message adds`() {
    var numbers = SplitMix64(seed: 3)
    var tokenizer = SyntheticTokenizer()
    tokenizer.perMessage = 12
    var estimator = TokenEstimator()
    #expect(estimator.tokensPerMessage == 4)
    for _ in 0..<100 {
      var features = TokenFeatures()
      for _ in 0..<Int.random(in: 1...12, using: &numbers) {
        features.add(SeededTexts.text(.random(in: 1...40, using: &numbers), &numbers), messages: 1)
      }
      estimator.learn(from: features, tokens: tokenizer.count(features, &numbers))
    }
    #expect((10...14).contains(estimator.tokensPerMessage))
  }

  @Test(arguments: [1, 4])
  func `no factor leaves its range, whatever is reported`(part: Int) {
    var high = TokenEstimator()
    var low = TokenEstimator()
    let first = TokenEstimator()
    let text = String(repeating: "companions remember ", count: 50)
    let common = first.tokens(in: text)
    for _ in 0..<500 {
      high.learn(from: [text], tokens: common * 5 / part)
      low.learn(from: [text], tokens: max(common / 5 * part / 4, 1))
    }
    #expect(Double(high.tokens(in: text)) <= 2.2 * Double(common) + 1)
    #expect(Double(low.tokens(in: text)) >= 0.35 * Double(common) - 1)
    #expect(high.margin <= 1.2)
    #expect(low.margin <= 1.2)
  }

  @Test func `a report that no tokenizer makes is ignored`() {
    var estimator = TokenEstimator()
    let text = String(repeating: "What you said yesterday. ", count: 40)
    for tokens in [0, -1, .min, .max, 1, 100_000] { estimator.learn(from: [text], tokens: tokens) }
    estimator.learn(from: [], tokens: 50)
    estimator.learn(from: [""], tokens: .max)
    let isUntouched = estimator == TokenEstimator()
    #expect(isUntouched)
  }

  @Test func `a few wrong reports do little harm`() {
    var numbers = SplitMix64(seed: 4)
    let tokenizer = SyntheticTokenizer.scaled(by: 1, &numbers)
    var estimator = TokenEstimator()
    func features(_ numbers: inout SplitMix64) -> TokenFeatures {
      TokenFeatures(SeededTexts.text(100, &numbers), messages: 1)
    }
    for _ in 0..<40 {
      let features = features(&numbers)
      estimator.learn(from: features, tokens: tokenizer.count(features, &numbers))
    }
    let probe = features(&numbers)
    let before = estimator.tokens(in: probe)
    for part in [0.3, 3, 0.4] {
      let features = features(&numbers)
      estimator.learn(from: features, tokens: Int(part * Double(tokenizer.count(features, &numbers))))
    }
    #expect(error(estimator.tokens(in: probe), before) < 0.02)
  }

  @Test func `it learns anew when the model has got another tokenizer`() {
    var numbers = SplitMix64(seed: 5)
    var tokenizer = SyntheticTokenizer()
    var estimator = TokenEstimator()
    var last = 0.0
    for report in 0..<120 {
      if report == 80 { tokenizer.otherwise *= 1.8 }
      let features = TokenFeatures(SeededTexts.text(100, &numbers), messages: 1)
      let counted = tokenizer.count(features, &numbers)
      last = error(estimator.tokens(in: features), counted)
      estimator.learn(from: features, tokens: counted)
      // What held for the other tokenizer is no margin for this one.
      if report == 84 { #expect(estimator.margin == 0.4) }
    }
    #expect(last < 0.06)
  }

  @Test func `the margin is wide until there are reports enough`() {
    var numbers = SplitMix64(seed: 6)
    let tokenizer = SyntheticTokenizer.scaled(by: 1, &numbers)
    var estimator = TokenEstimator()
    for report in 0..<25 {
      if report < 20 { #expect(estimator.margin >= 0.4) } else { #expect(estimator.margin < 0.4) }
      let features = TokenFeatures(SeededTexts.text(100, &numbers), messages: 1)
      estimator.learn(from: features, tokens: tokenizer.count(features, &numbers))
    }
  }

  @Test func `the same reports give the same, also with a restart in between`() throws {
    var numbers = SplitMix64(seed: 7)
    let tokenizer = SyntheticTokenizer.scaled(by: 1.3, &numbers)
    var one = TokenEstimator()
    var other = TokenEstimator()
    for _ in 0..<80 {
      let features = TokenFeatures(SeededTexts.text(60, &numbers), messages: 1)
      let counted = tokenizer.count(features, &numbers)
      one.learn(from: features, tokens: counted)
      other.learn(from: features, tokens: counted)
      other = try JSONDecoder().decode(TokenEstimator.self, from: try JSONEncoder().encode(other))
      let isSame = one == other
      #expect(isSame)
    }
  }

  @Test func `what is damaged is refused`() throws {
    let whole = String(decoding: try JSONEncoder().encode(TokenEstimator()), as: UTF8.self)
    let decoder = JSONDecoder()
    for (good, bad) in [
      ("\"reports\":0", "\"reports\":-1"), ("\"surprises\":0", "\"surprises\":-9223372036854775808"),
      ("\"errors\":[]", "\"errors\":[-1]"), ("\"factors\":[1,", "\"factors\":[9,"),
      ("\"factors\":[1,", "\"factors\":["), ("\"word\"", "\"wort\""),
      ("\"covariance\":[", "\"covariance\":[7,"),
    ] {
      let damaged = whole.replacing(good, with: bad)
      try #require(damaged != whole)
      #expect(throws: DecodingError.self) {
        let decoded = try decoder.decode(TokenEstimator.self, from: Data(damaged.utf8))
        _ = decoded
      }
    }
  }

  @Test func `ten thousand reports of anything leave it sound`() throws {
    var numbers = SplitMix64(seed: 8)
    var estimator = TokenEstimator()
    for report in 0..<10_000 {
      let text = SeededTexts.text(.random(in: 0...12, using: &numbers), &numbers)
      let tokens = Int.random(in: -5...(report.isMultiple(of: 7) ? 5_000 : 60), using: &numbers)
      estimator.learn(from: [text], tokens: tokens)
    }
    let margin = estimator.margin
    #expect((0...1.2).contains(margin))
    let tokens = estimator.tokens(in: String(repeating: "hello ", count: 100))
    #expect((20...500).contains(tokens))
    let decoded = try JSONDecoder().decode(TokenEstimator.self, from: try JSONEncoder().encode(estimator))
    let isSame = decoded == estimator
    #expect(isSame)
  }
}
