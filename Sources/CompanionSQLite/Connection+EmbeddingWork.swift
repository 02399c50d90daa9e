import CompanionDomain
import CompanionPorts

/// The names of sources, read when they are asked for.
struct EmbeddingNames {
  private let file: Connection
  private var sessions: [Int64: SessionID] = [:]

  private static let session = SQL("SELECT id FROM sessions WHERE key = ?")

  init(_ file: Connection) { self.file = file }

  /// The name of a source; `nil` where it is gone.
  mutating func name(of key: Int64) throws(StoreFailure) -> RecallSource? {
    guard let source = try SourceRow.find(key, file) else { return nil }
    return try name(of: source)
  }

  mutating func name(of source: SourceRow) throws(StoreFailure) -> RecallSource {
    let place = source.place
    if place.kind == .message {
      return .message(try session(place.owner), SequenceNumber(rawValue: place.place))
    }
    guard let name = try SourceNames.source(of: place.kind, at: place.owner, file) else {
      throw VectorBlock.damage
    }
    return name
  }

  private mutating func session(_ key: Int64) throws(StoreFailure) -> SessionID {
    if let known = sessions[key] { return known }
    let found = try file.row(Self.session, [.integer(key)]) { row throws(StoreFailure) in
      try row.value(0) as SessionID
    }
    guard let found else { throw VectorBlock.damage }
    sessions[key] = found
    return found
  }
}

/// What waits to be embedded, and what has failed.
extension Connection {
  private static let spaceNames = SQL(
    "SELECT provider, model, dimension FROM embedding_spaces ORDER BY key")
  private static let sourceCount = SQL("SELECT count(*) FROM embedding_sources")
  private static let waitingCount = SQL("SELECT count(*) FROM embedding_line WHERE space = ?")
  private static let failedCount = SQL(
    "SELECT count(*), count(retry_at), min(retry_at) FROM embedding_failures WHERE space = ?")
  private static let line = SQL(
    "SELECT source FROM embedding_line WHERE space = ? ORDER BY source LIMIT ?")
  private static let due = SQL(
    """
    SELECT source, attempts FROM embedding_failures
    WHERE space = ? AND retry_at <= ? ORDER BY retry_at, source LIMIT ?
    """)
  private static let failed = SQL("SELECT source FROM embedding_failures WHERE space = ?")
  private static let failure = SQL(
    "SELECT attempts, reason, retry_at FROM embedding_failures WHERE space = ? AND source = ?")

  /// In bytes: where texts are long, a page of work has fewer.
  private static let longPage = 8 << 20

  /// The open spaces, in the order in which they were opened.
  func embeddingSpaces() throws(StoreFailure) -> [EmbeddingSpace] {
    var spaces: [EmbeddingSpace] = []
    try forEachRow(Self.spaceNames) { row throws(StoreFailure) in
      let model = ModelIdentity(provider: try row.text(0), model: try row.text(1))
      spaces.append(EmbeddingSpace(model: model, dimension: Int(clamping: try row.integer(2))))
      return true
    }
    return spaces
  }

  /// How much has its vectors in a space; `nil` where it is not open.
  func embeddingCoverage(in space: EmbeddingSpace) throws(StoreFailure) -> EmbeddingCoverage? {
    guard let space = try SpaceRow.find(space, self) else { return nil }
    let sources = try row(Self.sourceCount) { row throws(StoreFailure) in try row.counter(0) } ?? 0
    let waiting =
      try row(Self.waitingCount, [.integer(space.key)]) { row throws(StoreFailure) in try row.counter(0) }
      ?? 0
    let failed = try row(Self.failedCount, [.integer(space.key)]) { row throws(StoreFailure) in
      (all: try row.counter(0), retried: try row.counter(1), next: try row.optionalTime(2))
    }
    let (all, retried, next) = failed ?? (0, 0, nil)
    guard sources >= waiting + all else { throw VectorBlock.damage }
    return EmbeddingCoverage(
      embedded: Int(sources - waiting - all), waiting: Int(waiting + retried), parked: Int(all - retried),
      nextRetry: next)
  }

  /// What is due in a space, in its order.
  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) throws(StoreFailure) -> [EmbeddingWork] {
    guard let space = try SpaceRow.find(space, self), limit > 0 else { return [] }
    var due: [(source: Int64, attempts: Int)] = []
    try forEachRow(Self.line, [.integer(space.key), .integer(limit)]) { row throws(StoreFailure) in
      due.append((try row.integer(0), 0))
      return true
    }
    if due.count < limit {
      let values: [SQLiteValue] = [.integer(space.key), .time(now), .integer(limit - due.count)]
      try forEachRow(Self.due, values) { row throws(StoreFailure) in
        due.append((try row.integer(0), try Self.attempts(row, 1)))
        return true
      }
    }
    var names = EmbeddingNames(self)
    var records = RecordReader(self)
    var work: [EmbeddingWork] = []
    var bytes = 0
    for (source, attempts) in due {
      guard let name = try names.name(of: source) else { throw VectorBlock.damage }
      try records.read(name)
      guard let record = records.take(name), let text = EmbeddingText(record) else {
        throw VectorBlock.damage
      }
      bytes += text.text.utf8.count
      guard bytes <= Self.longPage || work.isEmpty else { break }
      work.append(EmbeddingWork(record: record, attempts: attempts))
    }
    return work
  }

  /// What has failed in a space, by its name.
  func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) throws(StoreFailure) -> [FailedEmbedding] {
    guard let space = try SpaceRow.find(space, self), limit > 0 else { return [] }
    var names = EmbeddingNames(self)
    var sources: [(name: RecallSource, source: SourceRow)] = []
    try forEachRow(Self.failed, [.integer(space.key)]) { row throws(StoreFailure) in
      guard let source = try SourceRow.find(try row.integer(0), self) else { throw VectorBlock.damage }
      let name = try names.name(of: source)
      if after.map({ $0 < name }) ?? true { sources.append((name, source)) }
      return true
    }
    sources.sort { $0.name < $1.name }
    var found: [FailedEmbedding] = []
    for (name, source) in sources.prefix(limit) {
      let values: [SQLiteValue] = [.integer(space.key), .integer(source.key)]
      let failed = try row(Self.failure, values) { row throws(StoreFailure) in
        FailedEmbedding(
          source: name, hash: source.hash, attempts: try Self.attempts(row, 0),
          reason: try row.text(1), retryAt: try row.optionalTime(2))
      }
      if let failed { found.append(failed) }
    }
    return found
  }

  private static func attempts(_ row: Statement, _ column: Int32) throws(StoreFailure) -> Int {
    let attempts = try row.integer(column)
    guard attempts > 0 else { throw VectorBlock.damage }
    return Int(clamping: attempts)
  }
}
