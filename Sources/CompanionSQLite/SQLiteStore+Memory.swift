public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A memory, or `nil`: one lookup in an index.
  public func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await readers.read { connection throws(StoreFailure) in try connection.memory(key) }
  }

  /// The version before it, or `nil`: one lookup in an index.
  public func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "SELECT previous FROM memories WHERE scope = ? AND kind = ? AND previous IS NOT NULL",
        MemoryRow.columns(of: key), read: MemoryRow.memory)
    }
  }

  /// Memories by their keys. What is read is those of the scopes, or of the conversation, or all behind a
  /// key.
  public func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    guard limit > 0 else { return [] }
    var listing = Listing()
    if let scopes = filter.scopes {
      listing.add(
        "scope IN (SELECT value FROM json_each(?))", try NameList.value(scopes.map(\.description)))
    }
    if let kind = filter.kind { listing.add("kind = ?", .integer(MemoryRow.number(of: kind))) }
    if let time = filter.newestSourceBefore { listing.add("newest_source < ?", .time(time)) }
    if !filter.includesExpired { listing.add("is_expired = 0") }
    if let session = filter.session {
      listing.add(
        "key IN (SELECT memory FROM memory_sources WHERE session = ?)", .text(session.rawValue))
    }
    if let after { listing.add("(scope, kind) > (?, ?)", MemoryRow.columns(of: after)) }
    return try await rows(listing, MemoryRow.select, order: "scope, kind", limit, MemoryRow.memory)
  }

  /// The messages that a memory was derived from; only those are read.
  public func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        """
        SELECT session, first, last, count FROM memory_sources
        WHERE memory = (SELECT key FROM memories WHERE scope = ? AND kind = ?) AND session > ?
        ORDER BY session LIMIT ?
        """,
        MemoryRow.columns(of: key) + [.text(after?.rawValue ?? ""), .integer(max(0, limit))],
        read: SourceSpan.read)
    }
  }

  /// A fact, or `nil`: one lookup in an index.
  public func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    try await readers.read { connection throws(StoreFailure) in try connection.fact(id) }
  }

  /// Facts by their names. What is read is those of the scopes, the conversation or the person, or all behind
  /// a name.
  public func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    guard limit > 0 else { return [] }
    var listing = Listing()
    if let scopes = filter.scopes {
      listing.add(
        "scope IN (SELECT value FROM json_each(?))", try NameList.value(scopes.map(\.description)))
    }
    if let session = filter.session { listing.add("session = ?", .text(session.rawValue)) }
    if let messages = filter.messages {
      listing.add("sequence >= ?", .integer(messages.lowerBound.rawValue))
      listing.add("sequence <= ?", .integer(messages.upperBound.rawValue))
    }
    if let person = filter.statedBy { listing.add("stated_by = ?", .text(person.rawValue)) }
    if !filter.includesSuperseded { listing.add("is_superseded = 0") }
    if let after { listing.add("id > ?", .text(after.rawValue)) }
    return try await rows(listing, "SELECT record FROM facts", order: "id", limit) {
      row throws(StoreFailure) in try Coding.decode(try row.utf8(0))
    }
  }

  /// What the passes have seen of a log.
  public func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        guard let key = try SessionRow.find(session, connection)?.key else { return MemoryProgress() }
        return try connection.memoryProgress(at: key)
      }
    }
  }

  /// Sessions whose log has something that one of the passes has not seen; only those are read.
  public func sessionsToRemember(
    after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        """
        SELECT \(SessionRow.columns) FROM sessions INDEXED BY sessions_to_remember
        WHERE revision > remembered AND id > ? ORDER BY id LIMIT ?
        """,
        [.text(after?.rawValue ?? ""), .integer(max(0, limit))]
      ) { row throws(StoreFailure) in try SessionRow.session(from: row) }
    }
  }

  /// Says that a log may have changed, until the store is let go of. Where the store has a watcher, other
  /// processes' changes count too.
  public func logChanges() -> AsyncStream<Void> { writer.listeners.logs.stream() }

  private func rows<Value: Sendable>(
    _ listing: Listing, _ select: String, order: String, _ limit: Int,
    _ read: @Sendable (Statement) throws(StoreFailure) -> Value
  ) async throws(StoreFailure) -> [Value] {
    let sql = "\(select)\(listing.condition) ORDER BY \(order) LIMIT ?"
    let values = listing.values + [.integer(limit)]
    return try await readers.read { connection throws(StoreFailure) in
      try connection.rows(sql, values, read: read)
    }
  }
}

/// The conditions of a listing, and their values.
private struct Listing {
  private var conditions: [String] = []
  private(set) var values: [SQLiteValue] = []

  mutating func add(_ condition: String, _ values: [SQLiteValue]) {
    conditions.append(condition)
    self.values += values
  }

  mutating func add(_ condition: String, _ values: SQLiteValue...) { add(condition, values) }

  var condition: String {
    conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
  }
}
