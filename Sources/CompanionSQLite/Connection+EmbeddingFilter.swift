import CompanionDomain
import CompanionPorts

/// Which sources a filter accepts, by what is kept beside their vectors.
extension Connection {
  private static let partition = SQL("SELECT key FROM embedding_partitions WHERE name = ?")
  private static let byTime = SQL(
    "SELECT key FROM embedding_sources WHERE partition = ? AND time >= ? AND time < ? LIMIT ?")
  private static let byMetadata = SQL(
    "SELECT source FROM embedding_metadata WHERE partition = ? AND name = ? AND value = ? LIMIT ?")
  private static let vectors = SQL(
    "SELECT first, count FROM embedding_vectors WHERE space = ? AND source = ?")
  private static let metadata = SQL("SELECT name, value FROM embedding_metadata WHERE source = ?")

  /// So many sources are looked up one by one: some milliseconds.
  static let fewSources = 2048

  /// The number of a partition among sources and their vectors; `nil` where nothing is in it.
  func embeddingPartition(_ name: String) throws(StoreFailure) -> UInt32? {
    let key = try row(Self.partition, [.text(name)]) { row throws(StoreFailure) in try row.counter(0) }
    guard let key else { return nil }
    guard key <= Int64(VectorIndex.lastGroup) else { throw VectorBlock.damage }
    return UInt32(key)
  }

  /// The keys of at least all sources that a filter accepts; `nil` where they are more than some.
  ///
  /// A condition that by itself accepts more than so many is left out, as long as there is another.
  ///
  /// Complexity: of each condition so many entries of an index.
  func acceptedSources(
    matching filter: RecallFilter, in partitions: Set<UInt32>, limit: Int = .max
  ) throws(StoreFailure) -> Set<Int64>? {
    var found: Set<Int64>?
    func narrow(_ sql: SQL, _ values: [SQLiteValue]) throws(StoreFailure) {
      guard let keys = try self.keys(sql, in: partitions, values, limit: limit) else { return }
      found = found?.intersection(keys) ?? keys
    }
    if let times = filter.times {
      try narrow(Self.byTime, [.time(times.lowerBound), .time(times.upperBound)])
    }
    for (name, value) in filter.metadata.sorted(by: { $0.key < $1.key }) {
      try narrow(Self.byMetadata, [.text(name), .text(value)])
    }
    return found
  }

  private func keys(
    _ sql: SQL, in partitions: Set<UInt32>, _ values: [SQLiteValue], limit: Int
  ) throws(StoreFailure) -> Set<Int64>? {
    var keys: Set<Int64> = []
    for partition in partitions {
      // One more tells that there are too many.
      let room = limit == .max ? -1 : Int64(limit + 1 - keys.count)
      try forEachRow(sql, [.integer(Int64(partition))] + values + [.integer(room)]) {
        row throws(StoreFailure) in
        keys.insert(try row.integer(0))
        return true
      }
      guard keys.count <= limit else { return nil }
    }
    return keys
  }

  /// The vectors that sources have in a space. Complexity: a lookup for each source.
  func vectors(of sources: Set<Int64>, in space: Int64) throws(StoreFailure) -> [SourceVectors] {
    var found: [SourceVectors] = []
    for key in sources.sorted() {
      let numbers = try row(Self.vectors, [.integer(space), .integer(key)]) { row throws(StoreFailure) in
        let (first, count) = (try row.counter(0), try row.counter(1))
        guard first < SpaceRow.numbers, count <= VectorBlocks.mostRemoved else { throw VectorBlock.damage }
        return first..<first + count
      }
      if let numbers { found.append(SourceVectors(key: key, numbers: numbers)) }
    }
    return found
  }

  /// What was found and a filter accepts, up to a limit. What is gone is left out: nothing else ever has its key.
  func matches(
    among found: [(source: Int64, similarity: Float)], for filter: RecallFilter, limit: Int
  ) throws(StoreFailure) -> [EmbeddingMatch] {
    var names = EmbeddingNames(self)
    var matches: [EmbeddingMatch] = []
    for (key, similarity) in found where matches.count < limit {
      guard let source = try SourceRow.find(key, self), try accepts(source, filter) else { continue }
      matches.append(EmbeddingMatch(source: try names.name(of: source), similarity: Double(similarity)))
    }
    return matches
  }

  /// Whether a filter accepts a source.
  func accepts(_ source: SourceRow, _ filter: RecallFilter) throws(StoreFailure) -> Bool {
    var entries: [String: String] = [:]
    if !filter.metadata.isEmpty, source.place.kind == .document {
      try forEachRow(Self.metadata, [.integer(source.key)]) { row throws(StoreFailure) in
        entries[try row.text(0)] = try row.text(1)
        return true
      }
    }
    return filter.accepts(source.place.kind, from: source.time, with: entries)
  }
}
