package import CompanionDomain

/// Documents by their terms, in memory.
///
/// Each scope has an index of its own, so that a search in one costs nothing for the others, and what is said
/// elsewhere has no part in what its words weigh.
package struct InvertedIndex<ID: Hashable & Comparable & Sendable>: Sendable {
  private struct Scope: Sendable {
    var partition = IndexPartition()
    /// The documents by their numbers.
    var ids: ContiguousArray<ID?> = []
  }

  private var scopes: [String?: Scope] = [:]
  private var places: [ID: (scope: String?, number: Int32)] = [:]

  /// An index of nothing.
  package init() {}

  /// How many documents there are.
  package var count: Int { places.count }

  /// Adds a document; one of the same identifier goes.
  ///
  /// Complexity: the document's terms, and for each of them a binary search.
  package mutating func insert(_ document: TextDocument<ID>) {
    remove(document.id)
    var scope = scopes.removeValue(forKey: document.scope) ?? Scope()
    // Taken out, so that it can ask for identifiers while it changes.
    var partition = IndexPartition()
    swap(&partition, &scope.partition)
    let number = partition.insert(
      terms: document.terms, session: document.session, position: document.position
    ) { other in
      scope.ids[Int(other)].map { document.id < $0 } ?? false
    }
    swap(&partition, &scope.partition)
    if Int(number) == scope.ids.count { scope.ids.append(nil) }
    scope.ids[Int(number)] = document.id
    scopes[document.scope] = scope
    places[document.id] = (document.scope, number)
  }

  /// Removes a document; nothing of its text stays but terms that others have too.
  ///
  /// - Returns: whether it was there.
  @discardableResult
  package mutating func remove(_ id: ID) -> Bool {
    guard let place = places.removeValue(forKey: id), var scope = scopes.removeValue(forKey: place.scope)
    else { return false }
    scope.partition.remove(place.number)
    scope.ids[Int(place.number)] = nil
    if !scope.partition.isEmpty { scopes[place.scope] = scope }
    return true
  }

  /// Whether any document has a term.
  package func contains(term: String) -> Bool {
    scopes.values.contains { $0.partition.contains(term: term) }
  }

  /// What may fit a query: the documents that its terms fit best, and their neighbours.
  ///
  /// The rarest terms are looked for first. Once the documents with terms so far are more than the postings'
  /// limit, the remaining terms, the commonest, only count in documents that rarer ones have found. So
  /// nothing is lost where the limit is not reached; and where it is, documents that have only common terms.
  ///
  /// - Parameters:
  ///   - scopes: where to look; `nil` for everywhere.
  ///   - accepts: what may be found, whether for its terms or as a neighbour; `nil` for everything.
  ///   - limit: how many documents, without their neighbours.
  ///   - postings: how many occurrences of terms are followed at once in each scope.
  ///   Of scores that are alike at the limit, more may come.
  /// - Complexity: the postings of the query's terms.
  package func candidates(
    for query: TextQuery, scopes: Set<String>? = nil, where accepts: ((ID) -> Bool)? = nil,
    limit: Int = ConversationRanking.candidates, postings: Int = 50_000
  ) -> TextCandidates<ID> {
    let searched = searched(scopes)
    let none = TermStatistics(documentFrequencies: query.terms.map { _ in 0 })
    var found = TextCandidates<ID>(
      ids: [], matches: TextMatches(documentStatistics: none, sessionStatistics: none))
    for scope in searched {
      scope.partition.addStatistics(
        of: query, documents: &found.matches.documentStatistics, sessions: &found.matches.sessionStatistics)
    }
    let limit = max(1, limit)
    let rules = searched.map { scope in
      accepts.map { accepts in { (number: Int32) in scope.ids[Int(number)].map(accepts) ?? false } }
    }
    let best = zip(searched, rules).map { scope, rule in
      scope.partition.best(
        limit, for: query, statistics: found.matches.documentStatistics, postings: postings, where: rule
      ) { left, right in
        guard let left = scope.ids[Int(left)], let right = scope.ids[Int(right)] else { return false }
        return left < right
      }
    }
    let scores = best.flatMap { $0.map(\.score) }
    let threshold = scores.count > limit ? scores.sorted(by: >)[limit - 1] : 0
    for (index, scope) in searched.enumerated() {
      let chosen = best[index].filter { $0.score >= threshold }.map(\.document)
      let gathered = scope.partition.gather(chosen, for: query, where: rules[index], into: &found.matches)
      found.ids += gathered.compactMap { scope.ids[Int($0)] }
    }
    return found
  }

  /// The scopes to look in, in one order, because sums depend on it.
  private func searched(_ names: Set<String>?) -> [Scope] {
    if let names { return names.sorted().compactMap { scopes[$0] } }
    let named = scopes.keys.compactMap(\.self).sorted().compactMap { scopes[$0] }
    return [scopes[nil]].compactMap(\.self) + named
  }
}
