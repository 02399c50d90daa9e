package import CompanionDomain

/// Documents by their terms, in memory.
///
/// Each scope has an index of its own, so that a search in one costs nothing for the others, and what is said
/// elsewhere has no part in what its words weigh.
package struct InvertedIndex<ID: Hashable & Comparable & Sendable>: Sendable {
  private var partitions: [String?: IndexPartition<ID>] = [:]
  private var scopes: [ID: String?] = [:]

  /// An index of nothing.
  package init() {}

  /// How many documents there are.
  package var count: Int { scopes.count }

  /// Adds a document; one of the same identifier goes.
  ///
  /// Complexity: the document's terms, and for each of them a binary search.
  package mutating func insert(_ document: TextDocument<ID>) {
    remove(document.id)
    partitions[document.scope, default: IndexPartition()].insert(document)
    scopes[document.id] = .some(document.scope)
  }

  /// Removes a document; nothing of its text stays but terms that others have too.
  ///
  /// - Returns: whether it was there.
  @discardableResult
  package mutating func remove(_ id: ID) -> Bool {
    guard let scope = scopes.removeValue(forKey: id) else { return false }
    partitions[scope]?.remove(id)
    if partitions[scope]?.isEmpty ?? false { partitions[scope] = nil }
    return true
  }

  /// Whether any document has a term.
  package func contains(term: String) -> Bool { partitions.values.contains { $0.contains(term: term) } }

  /// What may fit a query: the documents that its terms fit best, and their neighbours.
  ///
  /// The rarest terms are looked for first. Once the documents with terms so far are more than the postings'
  /// limit, the remaining terms, the commonest, only count in documents that rarer ones have found. So
  /// nothing is lost where the limit is not reached; and where it is, documents that have only common terms.
  ///
  /// - Parameters:
  ///   - scopes: where to look; `nil` for everywhere.
  ///   - limit: how many documents, without their neighbours.
  ///   - postings: how many occurrences of terms are followed at once in each scope.
  /// - Complexity: the postings of the query's terms.
  package func candidates(
    for query: TextQuery, scopes: Set<String>? = nil, limit: Int = 300, postings: Int = 50_000
  ) -> TextCandidates<ID> {
    let searched: [IndexPartition<ID>]
    if let scopes {
      searched = scopes.sorted().compactMap { partitions[$0] }
    } else {
      // In one order, because sums depend on it.
      searched = partitions.sorted { ($0.key ?? "", $0.key == nil ? 0 : 1) < ($1.key ?? "", $1.key == nil ? 0 : 1) }
        .map(\.value)
    }
    let none = TermStatistics(documentFrequencies: query.terms.map { _ in 0 })
    var found = TextCandidates<ID>(
      candidates: [], sessions: [], documentStatistics: none, sessionStatistics: none)
    for partition in searched {
      partition.addStatistics(of: query, documents: &found.documentStatistics, sessions: &found.sessionStatistics)
    }
    let limit = max(1, limit)
    var best: [(item: RankedItem<ID>, partition: Int, document: Int32)] = []
    for (number, partition) in searched.enumerated() {
      let scored = partition.best(
        limit, for: query, statistics: found.documentStatistics, postings: postings)
      best += scored.map { ($0.item, number, $0.document) }
    }
    if searched.count > 1, best.count > limit {
      best.sort { $0.item.comes(before: $1.item) }
      best.removeSubrange(limit...)
    }
    let byPartition = Dictionary(grouping: best, by: \.partition)
    for number in searched.indices {
      guard let documents = byPartition[number]?.map(\.document) else { continue }
      searched[number].gather(documents, for: query, into: &found)
    }
    return found
  }
}
