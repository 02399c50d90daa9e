public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// What may fit a query: one read of the postings of its terms, and of the documents that are chosen.
  ///
  /// Of times and metadata a lookup tells for a document, some 2 µs, of the best first, until enough are accepted: about
  /// as many as are wanted, divided by the share that is accepted; where there are not enough, all that have a term.
  /// Where an index tells that one of the conditions accepts fewer than that, those are looked up, and no others.
  public func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    var searched: [(kind: RecallSource.Kind, name: String)] = []
    for kind in filter.searchedKinds.sorted() {
      for scope in scopes {
        searched.append((kind, TextDocument<RecallSource>.partition(kind, in: scope)))
      }
    }
    // In one order, because sums depend on it.
    searched.sort { $0.name < $1.name }
    let partitions = searched
    return try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        try connection.textCandidates(for: query, in: partitions, matching: filter, limit: max(1, limit))
      }
    }
  }

  /// What some sources are: one read, with a lookup in an index for each of them.
  public func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        var reader = RecordReader(connection)
        for source in sources { try reader.read(source) }
        return reader.records
      }
    }
  }
}

extension Connection {
  fileprivate func textCandidates(
    for query: TextQuery, in partitions: [(kind: RecallSource.Kind, name: String)],
    matching filter: RecallFilter, limit: Int
  ) throws(StoreFailure) -> TextCandidates<RecallSource> {
    let none = TermStatistics(documentFrequencies: query.terms.map { _ in 0 })
    var found = TextCandidates<RecallSource>(
      ids: [], matches: TextMatches(documentStatistics: none, sessionStatistics: none))
    var searches: [PartitionSearch] = []
    for (kind, name) in partitions {
      guard let partition = try TextPartition.find(name, self) else { continue }
      let search = try PartitionSearch(
        partition, named: name, of: kind, for: query, matching: filter, self)
      search.addStatistics(to: &found.matches)
      searches.append(search)
    }
    var best: [[ScoredDocument]] = []
    for index in searches.indices {
      best.append(try searches[index].best(limit, statistics: found.matches.documentStatistics))
    }
    let scores = best.flatMap { $0.map(\.score) }
    let threshold = scores.count > limit ? scores.sorted(by: >)[limit - 1] : 0
    for index in searches.indices {
      let chosen = best[index].filter { $0.score >= threshold }.map(\.document)
      try searches[index].gather(chosen, into: &found)
    }
    return found
  }
}
