/// What a document that may fit a query has of its terms.
public struct TextCandidate: Hashable, Sendable {
  /// Of the document itself: its text with its speaker, date and caption.
  public var document: TermCounts
  /// Of the document and its neighbours in the session, one on each side; `nil` where it is in no session.
  public var window: TermCounts?
  /// Which of the sessions it is in; `nil` for none.
  public var session: Int?

  /// A document's counts.
  public init(document: TermCounts, window: TermCounts? = nil, session: Int? = nil) {
    self.document = document
    self.window = window
    self.session = session
  }
}

/// What a text index gives for a query: whatever may fit, and what is needed to rank it.
public struct TextCandidates<ID: Hashable & Comparable & Sendable>: Sendable {
  /// The documents.
  public var ids: [ID]
  /// What is known of them.
  public var matches: TextMatches

  /// Documents, and what is known of them.
  public init(ids: [ID], matches: TextMatches) {
    self.ids = ids
    self.matches = matches
  }
}

/// What is known of documents that may fit a query.
///
/// It names none of them: what takes time is not generic, since that is slow from another module.
public struct TextMatches: Hashable, Sendable {
  /// In the order of their names.
  public var candidates: [TextCandidate]
  /// The sessions that the candidates name by number.
  public var sessions: [TermCounts]
  /// Of the documents that were searched.
  public var documentStatistics: TermStatistics
  /// Of their sessions.
  public var sessionStatistics: TermStatistics

  /// Candidates, with what ranks them.
  public init(
    candidates: [TextCandidate] = [], sessions: [TermCounts] = [], documentStatistics: TermStatistics,
    sessionStatistics: TermStatistics
  ) {
    self.candidates = candidates
    self.sessions = sessions
    self.documentStatistics = documentStatistics
    self.sessionStatistics = sessionStatistics
  }
}

/// Ranks documents by their own words, those around them, and those of their session.
///
/// People answer in words that do not repeat the question's: what a message is about is often said before it.
/// The score is a sum of BM25 scores, each divided by the best of all candidates: the document's, half of its
/// window's, half of its session's. A document outside of sessions counts its own in place of the others.
///
/// The characters and pairs of one word are found together, so they say less than the sum of what each says.
/// What a stretch of them has counts by its power of 3/4: above what a word would say it is less, below more.
package struct ConversationRanking: Hashable, Sendable {
  package var bm25: BM25
  package var windowWeight: Double
  package var sessionWeight: Double

  package init(bm25: BM25 = BM25(), windowWeight: Double = 0.5, sessionWeight: Double = 0.5) {
    self.bm25 = bm25
    self.windowWeight = windowWeight
    self.sessionWeight = sessionWeight
  }

  /// The candidates, best first, without those that share nothing with the query.
  ///
  /// Complexity: candidates times terms.
  package func ranked<ID>(_ found: TextCandidates<ID>, for query: TextQuery) -> [RankedItem<ID>] {
    let scores = scores(of: found.matches, for: query)
    return scores.indices.filter { scores[$0] > 0 }
      .sorted { scores[$0] == scores[$1] ? found.ids[$0] < found.ids[$1] : scores[$0] > scores[$1] }
      .map { RankedItem(id: found.ids[$0], score: scores[$0]) }
  }

  /// The score of each candidate.
  private func scores(of found: TextMatches, for query: TextQuery) -> [Double] {
    let documentWeights = Weights(found.documentStatistics)
    let average = found.documentStatistics.averageLength
    let own = found.candidates.map { score($0.document, query, documentWeights, average) }
    // A window has the length of three documents, and its terms say what they say in documents.
    let windows = found.candidates.map { $0.window.map { score($0, query, documentWeights, 3 * average) } }
    let sessionWeights = Weights(found.sessionStatistics)
    let ofSessions = found.sessions.map {
      score($0, query, sessionWeights, found.sessionStatistics.averageLength)
    }
    let bestOwn = own.max() ?? 0
    let bestWindow = windows.compactMap(\.self).max() ?? 0
    let bestSession = ofSessions.max() ?? 0
    return found.candidates.indices.map { position in
      let normalized = Self.part(own[position], of: bestOwn)
      let window = windows[position].map { Self.part($0, of: bestWindow) } ?? normalized
      let session = found.candidates[position].session.map { Self.part(ofSessions[$0], of: bestSession) }
      return normalized + windowWeight * window + sessionWeight * (session ?? normalized)
    }
  }

  private func score(
    _ counts: TermCounts, _ query: TextQuery, _ weights: Weights, _ averageLength: Double
  ) -> Double {
    var sum = 0.0
    // The terms of a stretch stand together.
    var stretch: Int?
    var ofStretch = 0.0
    for position in query.terms.indices where counts.frequencies[position] > 0 {
      let term = query.terms[position]
      let score = bm25.score(
        of: term, frequency: counts.frequencies[position], length: counts.length,
        averageLength: averageLength, inverseDocumentFrequency: weights.ofTerms[position])
      guard term.stretch != nil else {
        sum += score
        continue
      }
      if term.stretch != stretch {
        sum += damped(ofStretch, weights)
        stretch = term.stretch
        ofStretch = 0
      }
      ofStretch += score
    }
    return sum + damped(ofStretch, weights)
  }

  private func damped(_ score: Double, _ weights: Weights) -> Double {
    guard score > 0, weights.ofWord > 0 else { return score }
    // By roots, which are the same on every machine, and fast.
    let root = (score / weights.ofWord).squareRoot()
    return weights.ofWord * root * root.squareRoot()
  }

  /// What the terms of a query say, and what a word would weigh that says as much as they do on average.
  private struct Weights {
    let ofTerms: [Double]
    let ofWord: Double

    init(_ statistics: TermStatistics) {
      let all = statistics.inverseDocumentFrequencies
      let present = zip(all, statistics.documentFrequencies).filter { $0.1 > 0 }.map(\.0)
      let average = present.reduce(0, +) / Double(max(1, present.count))
      ofTerms = all
      ofWord = TextQuery.Term.weightOfWord * average
    }
  }

  private static func part(_ score: Double, of best: Double) -> Double { best > 0 ? score / best : 0 }
}
