import CompanionDomain
import CompanionPorts

/// Keeps what can be embedded in step with what is stored, inside the open transaction.
///
/// It comes behind the text index: where nothing is found by its words nothing has vectors, and the name of that
/// place goes.
struct EmbeddingWriter {
  /// Where a source lies.
  struct Place: Sendable {
    var kind: RecallSource.Kind
    /// The key of its row; of a message, that of its session.
    var owner: Int64
    /// Of a message, its place in its session.
    var place: Int64 = 0
  }

  private let file: Connection
  private var spaces: [SpaceWriter]?
  /// What the last source was in.
  private var last: (kind: RecallSource.Kind, scope: MemoryScope, partition: Int64)?
  /// The partitions that sources have left.
  private var left: Set<Int64> = []

  private static let insertion = SQL(
    """
    INSERT INTO embedding_sources (key, kind, owner, place, partition, hash, time)
    SELECT 1 + max(last_removed, coalesce((SELECT max(key) FROM embedding_sources), 0)), ?, ?, ?, ?, ?, ?
    FROM embedding_state
    """)
  /// Its metadata go with it.
  private static let removal = SQL("DELETE FROM embedding_sources WHERE key = ? RETURNING partition")
  private static let noteRemoval = SQL(
    "UPDATE embedding_state SET last_removed = ?1 WHERE last_removed < ?1")
  private static let move = SQL("UPDATE embedding_sources SET owner = ?, time = ? WHERE key = ?")
  private static let insertMetadata = SQL(
    "INSERT INTO embedding_metadata (source, name, value, partition) VALUES (?, ?, ?, ?)")
  private static let removeMetadata = SQL("DELETE FROM embedding_metadata WHERE source = ?")
  private static let insertPartition = SQL("INSERT INTO embedding_partitions (name) VALUES (?)")
  private static let removePartition = SQL(
    """
    DELETE FROM embedding_partitions WHERE key = ? AND NOT EXISTS
      (SELECT 1 FROM text_partitions WHERE text_partitions.name = embedding_partitions.name)
    """)

  init(_ file: Connection) { self.file = file }

  /// Takes in what something is now, in the place of what it was.
  ///
  /// - Parameters:
  ///   - old: the key of the source that it was.
  ///   - record: what it is; `nil` for nothing.
  /// - Returns: the key of the source that it is: the same where it says the same in the same place.
  mutating func update(
    _ old: Int64?, to record: RecallRecord?, at place: Place
  ) throws(StoreFailure) -> Int64? {
    guard let record, let text = EmbeddingText(record) else {
      if let old { try remove(old) }
      return nil
    }
    let hash = text.hash
    let partition = try partition(place.kind, in: text.scope)
    if let old {
      guard let source = try SourceRow.find(old, file) else { throw VectorBlock.damage }
      if source.hash == hash, source.partition == partition {
        if source.place.owner != place.owner || source.time != record.time {
          try file.run(Self.move, [.integer(place.owner), .time(record.time), .integer(old)])
        }
        if place.kind == .document { try file.run(Self.removeMetadata, [.integer(old)]) }
        try insert(record.metadata, of: old, in: partition)
        return old
      }
      try remove(old)
    }
    let inserted = try file.run(
      Self.insertion,
      [
        .integer(SourceRow.number(of: place.kind)), .integer(place.owner), .integer(place.place),
        .integer(partition), .blob(hash.bytes), .time(record.time),
      ])
    guard inserted == 1 else { throw VectorBlock.damage }
    let key = file.lastInsertedKey
    try insert(record.metadata, of: key, in: partition)
    for space in try openSpaces() { try space.wait(key) }
    return key
  }

  private func insert(
    _ metadata: [String: String], of source: Int64, in partition: Int64
  ) throws(StoreFailure) {
    for (name, value) in metadata {
      try file.run(
        Self.insertMetadata, [.integer(source), .text(name), .text(value), .integer(partition)])
    }
  }

  /// Removes a source with its vectors.
  mutating func remove(_ key: Int64) throws(StoreFailure) {
    let partition = try file.row(Self.removal, [.integer(key)]) { row throws(StoreFailure) in
      try row.integer(0)
    }
    guard let partition else { throw VectorBlock.damage }
    try file.run(Self.noteRemoval, [.integer(key)])
    left.insert(partition)
    for place in try openSpaces().indices { try spaces?[place].remove(key) }
  }

  /// Writes what was changed; nothing is done after that.
  mutating func finish() throws(StoreFailure) {
    for place in (spaces ?? []).indices { try spaces?[place].finish() }
    for partition in left.sorted() { try file.run(Self.removePartition, [.integer(partition)]) }
  }

  private mutating func openSpaces() throws(StoreFailure) -> [SpaceWriter] {
    if let spaces { return spaces }
    var writers: [SpaceWriter] = []
    for space in try SpaceRow.all(file) { writers.append(SpaceWriter(space, file)) }
    spaces = writers
    return writers
  }

  private mutating func partition(
    _ kind: RecallSource.Kind, in scope: MemoryScope
  ) throws(StoreFailure) -> Int64 {
    if let last, last.kind == kind, last.scope == scope { return last.partition }
    let name = TextDocument<RecallSource>.partition(kind, in: scope)
    var key = try file.embeddingPartition(name).map(Int64.init)
    if key == nil {
      try file.run(Self.insertPartition, [.text(name)])
      key = file.lastInsertedKey
    }
    guard let key, key <= Int64(VectorIndex.lastGroup) else { throw .invalid("there are too many scopes") }
    last = (kind, scope, key)
    return key
  }
}
