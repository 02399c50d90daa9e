import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What is stored waits to be embedded as soon as it is stored, and has no vectors any more when it says something
/// else.
extension Connection {
  private static let setEmbedding = SQL(
    "UPDATE messages SET embedding = ? WHERE session = ? AND sequence = ?")
  private static let embeddingOfMessage = SQL(
    "SELECT embedding FROM messages WHERE session = ? AND sequence = ?")

  /// Takes in new messages.
  ///
  /// - Parameter key: the session's.
  /// - Returns: the key of the source that each is; `nil` for those that are none.
  func embedNew(
    _ messages: [ChatMessage], of session: ChatSession, at key: Int64
  ) throws(StoreFailure) -> [Int64?] {
    var writer = EmbeddingWriter(self)
    var sources: [Int64?] = []
    for message in messages {
      sources.append(
        try writer.update(
          nil, to: .message(message, in: session), at: Self.place(of: message, in: key)))
    }
    try writer.finish()
    return sources
  }

  /// Takes in what a message says now.
  func embed(_ message: ChatMessage, of session: ChatSession, at key: Int64) throws(StoreFailure) {
    let values: [SQLiteValue] = [.integer(key), .integer(message.sequence.rawValue)]
    let old = try row(Self.embeddingOfMessage, values) { row throws(StoreFailure) in
      try row.sourceKey(0)
    }
    var writer = EmbeddingWriter(self)
    try embed(message, old ?? nil, of: session, at: key, &writer)
    try writer.finish()
  }

  /// Takes in what all messages of a session say now.
  func embedMessages(of session: ChatSession, at key: Int64) throws(StoreFailure) {
    var writer = EmbeddingWriter(self)
    var last: Int64 = 0
    while true {
      let page = try rows(
        """
        SELECT \(MessageRow.columns), embedding FROM messages
        WHERE session = ? AND sequence > ? ORDER BY sequence LIMIT 1000
        """,
        [.integer(key), .integer(last)]
      ) { row throws(StoreFailure) in
        (message: try MessageRow.message(from: row), source: try row.sourceKey(12))
      }
      guard let end = page.last else { break }
      for (message, source) in page { try embed(message, source, of: session, at: key, &writer) }
      last = end.message.sequence.rawValue
    }
    try writer.finish()
  }

  /// Removes the vectors of all messages of a session, which are removed themselves.
  func removeEmbeddings(ofMessagesAt key: Int64) throws(StoreFailure) {
    var writer = EmbeddingWriter(self)
    try forEachRow(
      "SELECT embedding FROM messages WHERE session = ? AND embedding IS NOT NULL", [.integer(key)]
    ) { row throws(StoreFailure) in
      try writer.remove(try row.integer(0))
      return true
    }
    try writer.finish()
  }

  /// Takes in what all rows of a table say now.
  func embedRows(
    of table: String, _ kind: RecallSource.Kind, _ record: (Data) throws(StoreFailure) -> RecallRecord
  ) throws(StoreFailure) {
    var writer = EmbeddingWriter(self)
    var last: Int64 = 0
    while true {
      let page = try rows(
        "SELECT key, record, embedding FROM \(table) WHERE key > ? ORDER BY key LIMIT 100", [.integer(last)]
      ) { row throws(StoreFailure) in
        (key: try row.integer(0), record: try row.utf8(1), source: try row.sourceKey(2))
      }
      guard let end = page.last else { break }
      for row in page {
        let source = try writer.update(
          row.source, to: try record(row.record),
          at: EmbeddingWriter.Place(kind: kind, owner: row.key))
        guard source != row.source else { continue }
        try run("UPDATE \(table) SET embedding = ? WHERE key = ?", [.optional(source), .integer(row.key)])
      }
      last = end.key
    }
    try writer.finish()
  }

  /// Puts what a row of memories, facts or documents says now in the place of what it said before.
  ///
  /// - Parameters:
  ///   - old: the key of the source that it was.
  ///   - record: what it is now; `nil` for nothing.
  ///   - key: the row's key.
  /// - Returns: the key of the source that it is; `nil` where it is none.
  func embed(
    _ old: Int64?, as record: RecallRecord?, _ kind: RecallSource.Kind, at key: Int64
  ) throws(StoreFailure) -> Int64? {
    var writer = EmbeddingWriter(self)
    let source = try writer.update(old, to: record, at: EmbeddingWriter.Place(kind: kind, owner: key))
    try writer.finish()
    return source
  }

  private func embed(
    _ message: ChatMessage, _ old: Int64?, of session: ChatSession, at key: Int64,
    _ writer: inout EmbeddingWriter
  ) throws(StoreFailure) {
    let source = try writer.update(
      old, to: .message(message, in: session), at: Self.place(of: message, in: key))
    guard source != old else { return }
    try run(
      Self.setEmbedding, [.optional(source), .integer(key), .integer(message.sequence.rawValue)])
  }

  private static func place(of message: ChatMessage, in session: Int64) -> EmbeddingWriter.Place {
    EmbeddingWriter.Place(kind: .message, owner: session, place: message.sequence.rawValue)
  }
}

extension Connection {
  private static let sourceOfMessage = SQL(
    """
    SELECT embedding FROM messages WHERE session = (SELECT key FROM sessions WHERE id = ?) AND sequence = ?
    """)
  private static let sourceOfMemory = SQL("SELECT embedding FROM memories WHERE scope = ? AND kind = ?")
  private static let sourceOfFact = SQL("SELECT embedding FROM facts WHERE id = ?")
  private static let sourceOfDocument = SQL("SELECT embedding FROM documents WHERE id = ?")
  private static let requeue = SQL(
    "INSERT INTO embedding_line SELECT space, source FROM embedding_failures WHERE space = ?")
  private static let forgetFailures = SQL("DELETE FROM embedding_failures WHERE space = ?")

  /// Lets all that can be found be embedded in a space, unless it is open.
  func openSpace(_ space: EmbeddingSpace) throws(StoreFailure) {
    guard try SpaceRow.find(space, self) == nil else { return }
    let key = try SpaceRow.insert(space, self)
    try run(
      "INSERT INTO embedding_line SELECT ?, key FROM embedding_sources ORDER BY key", [.integer(key)])
  }

  /// Closes a space, if it is open, at the cost of all that is in it.
  func closeSpace(_ space: EmbeddingSpace) throws(StoreFailure) {
    guard let space = try SpaceRow.find(space, self) else { return }
    for table in ["embedding_line", "embedding_failures", "embedding_vectors"] {
      try run("DELETE FROM \(table) WHERE space = ?", [.integer(space.key)])
    }
    for table in ["embedding_tail", "embedding_blocks"] {
      try run("DELETE FROM \(table) WHERE key BETWEEN ? AND ?", space.keys)
    }
    try space.remove(self)
  }

  /// Keeps the vectors of something, unless it says something else by now.
  func put(_ embedded: EmbeddedSource, in space: EmbeddingSpace) throws(StoreFailure) {
    guard let space = try SpaceRow.find(space, self) else { throw .conflict(.noSuchEmbeddingSpace) }
    guard let source = try source(embedded.source), source.hash == embedded.hash else { return }
    var writer = SpaceWriter(space, self)
    try writer.put(embedded.vectors, of: source.key, in: source.partition)
    try writer.finish()
  }

  /// Notes that something could not be embedded, unless it says something else by now, or has vectors.
  func note(_ failed: FailedEmbedding, in space: EmbeddingSpace) throws(StoreFailure) {
    guard let space = try SpaceRow.find(space, self) else { throw .conflict(.noSuchEmbeddingSpace) }
    guard let source = try source(failed.source), source.hash == failed.hash else { return }
    try SpaceWriter(space, self).note(failed, of: source.key)
  }

  /// Lets what has failed wait as if it had never been tried.
  func retryEmbeddings(in space: EmbeddingSpace) throws(StoreFailure) {
    guard let space = try SpaceRow.find(space, self) else { throw .conflict(.noSuchEmbeddingSpace) }
    try run(Self.requeue, [.integer(space.key)])
    try run(Self.forgetFailures, [.integer(space.key)])
  }

  /// What is embedded of something; `nil` for nothing.
  private func source(_ name: RecallSource) throws(StoreFailure) -> SourceRow? {
    let key: Int64??
    switch name {
    case .message(let session, let sequence):
      key = try row(
        Self.sourceOfMessage, [.text(session.rawValue), .integer(sequence.rawValue)], read: Self.sourceKey)
    case .memory(let memory):
      key = try row(Self.sourceOfMemory, MemoryRow.columns(of: memory), read: Self.sourceKey)
    case .fact(let id): key = try row(Self.sourceOfFact, [.text(id.rawValue)], read: Self.sourceKey)
    case .document(let id): key = try row(Self.sourceOfDocument, [.text(id.rawValue)], read: Self.sourceKey)
    }
    guard let key = key ?? nil else { return nil }
    guard let source = try SourceRow.find(key, self) else { throw VectorBlock.damage }
    return source
  }

  private static func sourceKey(_ row: Statement) throws(StoreFailure) -> Int64? { try row.sourceKey(0) }
}

extension Statement {
  /// The key of a source of embeddings, or `nil`.
  func sourceKey(_ column: Int32) throws(StoreFailure) -> Int64? {
    isNull(column) ? nil : try integer(column)
  }
}
