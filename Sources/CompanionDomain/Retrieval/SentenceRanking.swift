/// Ranks sentences by the terms they share with a question, or with each other.
public struct SentenceRanking: Sendable {
  /// The sentences, as they were given.
  public let sentences: [String]
  private let terms: [Set<String>]
  private let documentFrequency: [String: Int]

  /// Analyses sentences. Complexity: linear in their length.
  public init(_ sentences: [String]) {
    self.sentences = sentences
    terms = sentences.map { Set(TextAnalysis.terms(of: $0)) }
    documentFrequency = terms.reduce(into: [:]) { counts, terms in
      for term in terms { counts[term, default: 0] += 1 }
    }
  }

  /// The sentences that share terms with a question, best first; of equals, the later one.
  ///
  /// - Returns: positions in ``sentences``, with the part of the question's weight that each covers, 0 to 1.
  public func matches(for question: String) -> [(position: Int, coverage: Double)] {
    let asked = Set(TextAnalysis.terms(of: question))
    let total = asked.reduce(0) { $0 + weight(of: $1) }
    guard total > 0 else { return [] }
    return sentences.indices
      .map { position in
        // Sorted: the order of a set is chance, and sums of floating-point numbers depend on it.
        let shared = asked.intersection(terms[position]).sorted().reduce(0) { $0 + weight(of: $1) }
        return (position, shared / total)
      }
      .filter { $0.1 > 0 }
      .sorted { ($0.1, $0.0) > ($1.1, $1.0) }
  }

  /// The sentences that share most with the others, in their original order.
  public func summary(limit: Int) -> [String] {
    let scored = sentences.indices.map { position in
      let shared = terms[position].sorted().reduce(0) { sum, term in
        sum + (documentFrequency[term, default: 0] > 1 ? 2 : 1) * Self.significance(of: term)
      }
      return (position, score: shared / Double(max(6, terms[position].count)))
    }
    let best = scored.sorted { ($0.score, -$0.0) > ($1.score, -$1.0) }.prefix(max(0, limit))
    return best.map(\.0).sorted().map { sentences[$0] }
  }

  /// Rare terms weigh more: those of every sentence tell none apart.
  private func weight(of term: String) -> Double {
    Self.significance(of: term) / Double(1 + documentFrequency[term, default: 0]).squareRoot()
  }

  /// Endings, particles and pronouns of Japanese and Chinese weigh little, pairs of characters more than
  /// single ones.
  private static func significance(of term: String) -> Double {
    guard let first = term.unicodeScalars.first, TextAnalysis.isUnparted(first) else { return 1 }
    if TextAnalysis.isHiragana(term) { return 0.05 }
    if term.unicodeScalars.allSatisfy({ functionCharacters.contains($0) }) { return 0.05 }
    return term.unicodeScalars.count > 1 ? 0.6 : 0.4
  }

  private static let functionCharacters = Set("我你您他她它们的了是在吗呢吧啊哪里儿什么谁怎么请这那和有也都就不私僕俺何誰".unicodeScalars)
}
