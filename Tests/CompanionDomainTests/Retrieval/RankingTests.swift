import CompanionDomain
import Testing

struct BM25Tests {
  /// Three documents of 4, 2 and 6 terms, average 4; "tea" is in two of them.
  private let statistics = TermStatistics(documents: 3, totalLength: 12, documentFrequencies: [2, 1])

  @Test func `a score is what the formula gives by hand`() {
    let term = TextQuery("tea").terms[0]
    // ln(1 + (3 - 2 + 0.5) / (2 + 0.5)) = ln 1.6
    let inverse = statistics.inverseDocumentFrequencies[0]
    #expect(abs(inverse - 0.470_003_6) < 1e-6)
    // 2 * 1.9 / (2 + 0.9 * (0.6 + 0.4 * 6 / 4)) = 3.8 / 3.08, and words weigh 4.
    let score = BM25().score(
      of: term, averageLength: statistics.averageLength, inverseDocumentFrequency: inverse)
    #expect(abs(score(frequency: 2, length: 6) - 4 * 0.470_003_6 * 3.8 / 3.08) < 1e-6)
    #expect(score(frequency: 0, length: 6) == 0)
  }

  @Test func `no term counts against a document, and odd numbers give no odd scores`() {
    #expect(BM25.inverseDocumentFrequency(10, of: 10) > 0)
    #expect(BM25.inverseDocumentFrequency(11, of: 10) == BM25.inverseDocumentFrequency(10, of: 10))
    #expect(BM25.inverseDocumentFrequency(-1, of: 0) > 0)
    #expect(TermStatistics(documentFrequencies: []).averageLength == 0)
    let term = TextQuery("tea").terms[0]
    let score = BM25(k1: -1, b: 7).score(of: term, averageLength: 0, inverseDocumentFrequency: 1)
    #expect(score(frequency: 1, length: 0) == 4)
  }

  @Test func `long documents are held back more where characters meet by chance`() {
    func score(_ text: String, length: Int) -> Double {
      BM25().score(of: TextQuery(text).terms[0], averageLength: 4, inverseDocumentFrequency: 1)(
        frequency: 1, length: length)
    }
    #expect(score("tea", length: 8) / score("tea", length: 4) > 0.8)
    #expect(score("茶", length: 8) / score("茶", length: 4) < 0.83)
  }
}

struct TextQueryTests {
  private func weights(_ text: String) -> [String: Double] {
    let terms = TextQuery(text).terms
    return Dictionary(uniqueKeysWithValues: terms.map { ($0.text, $0.weight) })
  }

  @Test func `each term is there once, in the order of the text`() {
    #expect(TextQuery("tea 茶 お茶 です tea").terms.map(\.text) == ["tea", "茶", "お茶", "です"])
    #expect(TextQuery("the of").terms.isEmpty)
  }

  @Test func `words weigh alike wherever they stand, and are in no stretch`() {
    let terms = TextQuery("Where does Anna drink green tea, 3 or 15 cups? 🎉").terms
    #expect(Set(terms.map(\.weight)) == [4])
    #expect(terms.allSatisfy { $0.stretch == nil && $0.saturation == .word })
  }

  @Test func `characters weigh less than words, pairs with hiragana less, and those alone more`() {
    let weights = weights("茶の産地は")
    // In the order of the text: 茶, 茶の, 産, の産, 地, 産地, 地は.
    #expect(weights["茶"] == 1.5)
    #expect(abs((weights["茶の"] ?? 0) - 0.6 * (1 - 0.3 / 7)) < 1e-9)
    #expect(abs((weights["産地"] ?? 0) - (1 - 0.3 * 5 / 7)) < 1e-9)
    #expect(abs((weights["地は"] ?? 0) - 0.6 * (1 - 0.3 * 6 / 7)) < 1e-9)
  }

  @Test(arguments: [
    ("正式名称", [0, 0, 0, 0, 0, 0, 0]),
    // 茶, 茶の, 産, の産, 地, 産地, 地は
    ("茶の産地は", [0, 0, 2, 2, 2, 2, 2]),
    // お茶 is in the stretch of 茶, and です in one of its own.
    ("お茶です", [1, 1, 1, 2]),
    // パソ, ソコ, コン, ン本, 本: the pair of two scripts is in the second's.
    ("パソコン本", [0, 0, 0, 1, 1]),
    ("京。都", [0, 1]), ("京 tea 都", [0, nil, 1]), ("안녕 하", [0, 0, 0, 1]), ("か き", [0, 1]),
    ("5月", [nil, 0, nil]),
    // What is repeated counts where it is first.
    ("茶の茶", [0, 0, 2]),
  ])
  func `terms are in stretches of one script`(text: String, stretches: [Int?]) {
    #expect(TextQuery(text).terms.map(\.stretch) == stretches)
  }
}

struct ConversationRankingTests {
  private func found(_ candidates: [TextCandidate], sessions: [TermCounts] = []) -> TextCandidates<String> {
    TextCandidates(
      ids: candidates.indices.map { "\($0)" },
      matches: TextMatches(
        candidates: candidates, sessions: sessions,
        documentStatistics: TermStatistics(documents: 10, totalLength: 40, documentFrequencies: [2]),
        sessionStatistics: TermStatistics(documents: 2, totalLength: 40, documentFrequencies: [1])))
  }

  private func counts(_ frequency: Int, length: Int = 4) -> TermCounts {
    TermCounts(frequencies: [frequency], length: length)
  }

  @Test func `neighbours and sessions lift what says nothing itself`() {
    let candidates = [
      TextCandidate(document: counts(0), window: counts(0, length: 12), session: 1),
      TextCandidate(document: counts(0), window: counts(0, length: 12), session: 0),
      TextCandidate(document: counts(0), window: counts(1, length: 12), session: 0),
      TextCandidate(document: counts(1), window: counts(1, length: 12), session: 0),
    ]
    let ranked = ConversationRanking().ranked(
      found(candidates, sessions: [counts(1, length: 20), counts(0, length: 20)]), for: TextQuery("tea"))
    #expect(ranked.map(\.id) == ["3", "2", "1"])
    #expect(ranked.map(\.score) == [2, 1, 0.5])
  }

  @Test func `two words found are worth more than one with all its parts`() {
    let query = TextQuery("正式名称、茶")
    func candidate(_ frequencies: [Int]) -> TextCandidate {
      TextCandidate(document: TermCounts(frequencies: frequencies, length: 8))
    }
    let statistics = TermStatistics(
      documents: 10, totalLength: 80, documentFrequencies: query.terms.map { _ in 2 })
    let found = TextCandidates(
      ids: ["whole", "both"],
      matches: TextMatches(
        candidates: [candidate([1, 1, 1, 1, 1, 0, 0, 0]), candidate([1, 1, 1, 0, 0, 0, 0, 1])],
        documentStatistics: statistics, sessionStatistics: statistics))
    #expect(ConversationRanking().ranked(found, for: query).map(\.id) == ["both", "whole"])
    // By the sum of its terms the one would come first.
    let weights = query.terms.map(\.weight)
    #expect(weights[0..<5].reduce(0, +) > weights[0..<3].reduce(0, +) + weights[7])
  }

  @Test func `a document alone counts itself in place of the others, and equals come by their names`() {
    let alone = TextCandidate(document: counts(1))
    let ranked = ConversationRanking().ranked(found([alone, alone]), for: TextQuery("tea"))
    #expect(ranked == [RankedItem(id: "0", score: 2), RankedItem(id: "1", score: 2)])
    #expect(ConversationRanking().ranked(found([]), for: TextQuery("tea")).isEmpty)
  }
}

struct RecallPackingTests {
  @Test func `whole items are packed in order, and shorter ones behind what is too long`() {
    let packing = RecallPacking([5, 9, 3, 2, 1], budget: 10) { $0 }
    #expect(packing.packed == [5, 3, 2])
    #expect(packing.leftOut == [9, 1])
    #expect(packing.tokens == 10)
  }

  @Test func `no budget and odd counts pack nothing that does not fit`() {
    #expect(RecallPacking([1, 2], budget: 0) { $0 }.packed.isEmpty)
    #expect(RecallPacking([-5, Int.max, Int.max], budget: 7) { $0 }.packed == [-5])
    #expect(RecallPacking([0], budget: -1) { $0 }.leftOut == [0])
    #expect(RecallPacking([Int.max, 1], budget: .max) { $0 }.packed == [Int.max])
  }
}
