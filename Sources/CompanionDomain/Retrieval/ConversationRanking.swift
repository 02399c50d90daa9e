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
  /// How many documents an index is asked for, beside their neighbours.
  package static let candidates = 100

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
  @specialized(where ID == RecallSource)
  package func ranked<ID>(_ found: TextCandidates<ID>, for query: TextQuery) -> [RankedItem<ID>] {
    let scores = scores(of: found.matches, for: query)
    var order = Self.order(of: scores)
    // Those of the same score, by their names.
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
      if end - start > 1 { order[start..<end].sort { found.ids[$0] < found.ids[$1] } }
      start = end
    }
    return order.map { RankedItem(id: found.ids[$0], score: scores[$0]) }
  }

  /// The places of what has a score, the highest first.
  private static func order(of scores: [Double]) -> [Int] {
    scores.indices.filter { scores[$0] > 0 }.sorted { scores[$0] > scores[$1] }
  }

  /// The score of each candidate.
  private func scores(of found: TextMatches, for query: TextQuery) -> [Double] {
    let average = found.documentStatistics.averageLength
    let ofDocument = QueryScore(query, bm25, found.documentStatistics, averageLength: average)
    // A window has the length of three documents, and its terms say what they say in documents.
    let ofWindow = QueryScore(query, bm25, found.documentStatistics, averageLength: 3 * average)
    let ofSession = QueryScore(
      query, bm25, found.sessionStatistics, averageLength: found.sessionStatistics.averageLength)
    let own = found.candidates.map { ofDocument($0.document) }
    let windows = found.candidates.map { $0.window.map { ofWindow($0) } }
    let sessions = found.sessions.map { ofSession($0) }
    let bestOwn = own.max() ?? 0
    let bestWindow = windows.reduce(0) { max($0, $1 ?? 0) }
    let bestSession = sessions.max() ?? 0
    return found.candidates.indices.map { position in
      let normalized = Self.part(own[position], of: bestOwn)
      let window = windows[position].map { Self.part($0, of: bestWindow) } ?? normalized
      let session = found.candidates[position].session.map { Self.part(sessions[$0], of: bestSession) }
      return normalized + windowWeight * window + sessionWeight * (session ?? normalized)
    }
  }

  private static func part(_ score: Double, of best: Double) -> Double { best > 0 ? score / best : 0 }
}

/// What a query scores in texts of one kind.
private struct QueryScore {
  private let terms: ContiguousArray<TermScore>
  /// Of each term; -1 for a word.
  private let stretches: ContiguousArray<Int>
  /// What a word would score that says as much as the terms do on average.
  private let weightOfWord: Double

  init(_ query: TextQuery, _ bm25: BM25, _ statistics: TermStatistics, averageLength: Double) {
    let weights = statistics.inverseDocumentFrequencies
    terms = ContiguousArray(
      zip(query.terms, weights).map { term, weight in
        bm25.score(of: term, averageLength: averageLength, inverseDocumentFrequency: weight)
      })
    stretches = ContiguousArray(query.terms.map { $0.stretch ?? -1 })
    let present = zip(weights, statistics.documentFrequencies).filter { $0.1 > 0 }.map(\.0)
    weightOfWord = TextQuery.Term.weightOfWord * present.reduce(0, +) / Double(max(1, present.count))
  }

  func callAsFunction(_ counts: TermCounts) -> Double {
    var sum = 0.0
    // The terms of a stretch stand together.
    var stretch = -1
    var ofStretch = 0.0
    for position in terms.indices where counts.frequencies[position] > 0 {
      let score = terms[position](frequency: counts.frequencies[position], length: counts.length)
      guard stretches[position] >= 0 else {
        sum += score
        continue
      }
      if stretches[position] != stretch {
        sum += damped(ofStretch)
        stretch = stretches[position]
        ofStretch = 0
      }
      ofStretch += score
    }
    return sum + damped(ofStretch)
  }

  private func damped(_ score: Double) -> Double {
    guard score > 0, weightOfWord > 0 else { return score }
    // By roots, which are the same on every machine, and fast.
    let root = (score / weightOfWord).squareRoot()
    return weightOfWord * root * root.squareRoot()
  }
}
