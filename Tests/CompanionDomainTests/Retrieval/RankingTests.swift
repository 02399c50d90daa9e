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
    // 2 * 1.9 / (2 + 0.9 * (0.6 + 0.4 * 6 / 4)) = 3.8 / 3.08, and words weigh 3.
    let score = BM25().score(
      of: term, frequency: 2, length: 6, averageLength: statistics.averageLength,
      inverseDocumentFrequency: inverse)
    #expect(abs(score - 3 * 0.470_003_6 * 3.8 / 3.08) < 1e-6)
  }

  @Test func `no term counts against a document, and odd numbers give no odd scores`() {
    #expect(BM25.inverseDocumentFrequency(10, of: 10) > 0)
    #expect(BM25.inverseDocumentFrequency(11, of: 10) == BM25.inverseDocumentFrequency(10, of: 10))
    #expect(BM25.inverseDocumentFrequency(-1, of: 0) > 0)
    #expect(TermStatistics(documentFrequencies: []).averageLength == 0)
    let term = TextQuery("tea").terms[0]
    let score = BM25(k1: -1, b: 7).score(
      of: term, frequency: 1, length: 0, averageLength: 0, inverseDocumentFrequency: 1)
    #expect(score == 3)
  }

  @Test func `words weigh more than characters, and pairs across words less`() {
    #expect(TextQuery("tea 茶 お茶 です tea").terms.map(\.text) == ["tea", "茶", "お茶", "です"])
    #expect(TextQuery("tea 茶 お茶 です").terms.map(\.weight) == [3, 1, 0.6, 1])
    #expect(TextQuery("the of").terms.isEmpty)
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

  @Test func `a document alone counts itself in place of the others, and equals come by their names`() {
    let alone = TextCandidate(document: counts(1))
    let ranked = ConversationRanking().ranked(found([alone, alone]), for: TextQuery("tea"))
    #expect(ranked == [RankedItem(id: "0", score: 2), RankedItem(id: "1", score: 2)])
    #expect(ConversationRanking().ranked(found([]), for: TextQuery("tea")).isEmpty)
  }
}

struct RankFusionTests {
  private func leg(_ items: KeyValuePairs<String, Double>, weight: Double = 1) -> RankFusion.Leg<String> {
    RankFusion.Leg(weight: weight, items.map { RankedItem(id: $0.key, score: $0.value) })
  }

  @Test func `scores are stretched, weighted and summed`() {
    let fused = RankFusion().fused([
      leg(["a": 10, "b": 5, "c": 0]), leg(["c": 0.9, "b": 0.8, "d": 0.7], weight: 2),
    ])
    #expect(fused.map(\.id) == ["c", "b", "a", "d"])
    #expect(abs(fused[0].score - 2) < 1e-9 && abs(fused[1].score - 1.5) < 1e-9)
  }

  @Test func `windows, doubles, equals and what is no number do no harm`() {
    #expect(RankFusion(window: 1).fused([leg(["a": 1, "b": 1])]).map(\.id) == ["a"])
    #expect(RankFusion(window: 0).window == 1)
    #expect(RankFusion().fused([leg(["b": 1, "a": 1, "b": 1])]).map(\.id) == ["a", "b"])
    #expect(RankFusion().fused([leg(["a": .nan, "b": .infinity, "c": 1])]).map(\.id) == ["c"])
    #expect(RankFusion().fused([leg([:])]).isEmpty)
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
