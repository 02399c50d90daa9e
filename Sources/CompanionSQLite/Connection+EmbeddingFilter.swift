import CompanionDomain
import CompanionPorts

/// Which sources a filter accepts, by what is kept beside their vectors.
extension Connection {
  private static let byTime = SQL(
    "SELECT key FROM embedding_sources WHERE partition = ? AND time >= ? AND time < ? LIMIT ?")
  private static let byMetadata = SQL(
    "SELECT source FROM embedding_metadata WHERE partition = ? AND name = ? AND value = ? LIMIT ?")
  private static let vectors = SQL(
    "SELECT first, count FROM embedding_vectors WHERE space = ? AND source = ?")
  private static let metadata = SQL("SELECT name, value FROM embedding_metadata WHERE source = ?")

  /// So many sources are looked up at once: some milliseconds.
  private static let few = 2048

  /// The vectors that a few sources have in a space, all that a filter accepts among them; `nil` where each of its
  /// conditions by itself accepts more than a few.
  ///
  /// Complexity: so many entries of an index, and a lookup for each partition.
  func fewSources(
    matching filter: RecallFilter, in partitions: Set<UInt32>, of space: Int64
  ) throws(StoreFailure) -> [SourceVectors]? {
    guard let keys = try fewSources(matching: filter, in: partitions) else { return nil }
    var found: [SourceVectors] = []
    for key in keys.sorted() {
      let numbers = try row(Self.vectors, [.integer(space), .integer(key)]) { row throws(StoreFailure) in
        let (first, count) = (try row.counter(0), try row.counter(1))
        guard first < SpaceRow.numbers, count <= VectorBlocks.mostRemoved else { throw VectorBlock.damage }
        return first..<first + count
      }
      if let numbers { found.append(SourceVectors(key: key, numbers: numbers)) }
    }
    return found
  }

  private func fewSources(
    matching filter: RecallFilter, in partitions: Set<UInt32>
  ) throws(StoreFailure) -> Set<Int64>? {
    var found: Set<Int64>?
    if let times = filter.times {
      found = try few(Self.byTime, in: partitions, [.time(times.lowerBound), .time(times.upperBound)])
    }
    for (name, value) in filter.metadata.sorted(by: { $0.key < $1.key }) {
      guard let few = try few(Self.byMetadata, in: partitions, [.text(name), .text(value)]) else { continue }
      found = found?.intersection(few) ?? few
    }
    return found
  }

  private func few(
    _ sql: SQL, in partitions: Set<UInt32>, _ values: [SQLiteValue]
  ) throws(StoreFailure) -> Set<Int64>? {
    var keys: Set<Int64> = []
    for partition in partitions {
      let room = SQLiteValue.integer(Self.few + 1 - keys.count)
      try forEachRow(sql, [.integer(Int64(partition))] + values + [room]) { row throws(StoreFailure) in
        keys.insert(try row.integer(0))
        return true
      }
      guard keys.count <= Self.few else { return nil }
    }
    return keys
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
