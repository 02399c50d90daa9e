public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// The open spaces.
  public func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    try await readers.read { connection throws(StoreFailure) in try connection.embeddingSpaces() }
  }

  /// How much has its vectors in a space. All that can be found is counted: a few milliseconds for 100,000.
  public func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in try connection.embeddingCoverage(in: space) }
    }
  }

  /// What waits to be embedded in a space; only that is read. Of texts that are longer than 8 MiB together there are
  /// fewer.
  public func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        try connection.embeddingWork(in: space, at: now, limit: limit)
      }
    }
  }

  /// What could not be embedded in a space. The names of all that could not are read.
  public func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        try connection.failedEmbeddings(in: space, after: after, limit: limit)
      }
    }
  }

  /// What is nearest to a vector.
  ///
  /// The first search of a space reads all its vectors into memory, where they stay: about 300 ms and 170 MB for
  /// 100,000 of 384 numbers. Later ones read what has changed.
  ///
  /// Of times and metadata an index tells whether one of them accepts at most some thousand things where it is
  /// searched: those, and nothing else, are compared then. Where each accepts more, four times as much is looked for as
  /// is wanted, or sixteen times and so on, up to some thousand rows that are read of what is found. Only where too
  /// little of that is accepted, the keys of everything that is are read: some 30 ms for 100,000.
  public func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    if let flaw = space.flaw(of: vector) { throw .invalid("the vector that is searched for \(flaw)") }
    guard limit > 0 else { return [] }
    let partitions = filter.searchedKinds.flatMap { kind in
      scopes.map { scope in TextDocument<RecallSource>.partition(kind, in: scope) }
    }
    guard let held = try await vectors.vectors(of: space, in: partitions), !held.groups.isEmpty else {
      return []
    }
    if let few = try await fewSources(matching: filter, in: held.groups, of: held.vectors.moment.space) {
      let found = try await held.vectors.search(for: vector, by: metric, among: few)
      return try await matches(among: found, for: filter, limit: limit)
    }
    // Mostly a few times as many have enough that are accepted.
    var count = filter.restrictsRecords ? limit.saturatingProduct(4) : limit
    var accepted: Set<Int64>?
    while true {
      let found = try await held.vectors.search(
        for: vector, in: held.groups, by: metric, limit: count, among: accepted)
      let matches = try await matches(among: found, for: filter, limit: limit)
      // Fewer than were looked for: there are no more.
      if matches.count == limit || found.count < count { return matches }
      if filter.restrictsRecords, accepted == nil, count > Self.fewRows / 4 {
        count = limit
        accepted = try await snapshot { connection throws(StoreFailure) in
          try connection.acceptedSources(matching: filter, in: held.groups)
        }
      } else {
        // Too little was accepted, or some of it has gone meanwhile.
        count = count.saturatingProduct(4)
      }
    }
  }

  /// To read so many rows costs about as much as to look through all keys that a filter accepts of 100,000.
  private static let fewRows = 1_000

  private func fewSources(
    matching filter: RecallFilter, in partitions: Set<UInt32>, of space: Int64
  ) async throws(StoreFailure) -> [SourceVectors]? {
    guard filter.restrictsRecords else { return nil }
    return try await snapshot { connection throws(StoreFailure) in
      let keys = try connection.acceptedSources(
        matching: filter, in: partitions, limit: Connection.fewSources)
      return try keys.map { keys throws(StoreFailure) in try connection.vectors(of: keys, in: space) }
    }
  }

  private func matches(
    among found: [(source: Int64, similarity: Float)], for filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await snapshot { connection throws(StoreFailure) in
      try connection.matches(among: found, for: filter, limit: limit)
    }
  }

  private func snapshot<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws(StoreFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in try body(connection) }
    }
  }

  /// Says that there may be more to embed, until the store is let go of. Where the store has a watcher, other
  /// processes' changes count too.
  public func embeddingChanges() -> AsyncStream<Void> { writer.listeners.embeddings.stream() }
}

extension SpaceVectors {
  /// Searches where nobody waits for it but who asks.
  @concurrent
  fileprivate func search(
    for vector: [Float], in groups: Set<UInt32>, by metric: VectorMetric, limit: Int,
    among keys: Set<Int64>? = nil
  ) async throws(StoreFailure) -> [(source: Int64, similarity: Float)] {
    try nearest(to: vector, in: groups, by: metric, limit: limit, among: keys)
  }

  @concurrent
  fileprivate func search(
    for vector: [Float], by metric: VectorMetric, among sources: [SourceVectors]
  ) async throws(StoreFailure) -> [(source: Int64, similarity: Float)] {
    try nearest(to: vector, by: metric, among: sources)
  }
}
