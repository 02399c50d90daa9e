public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A session, or `nil`: one lookup in an index.
  public func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "SELECT \(ChatSession.columns) FROM sessions WHERE id = ?", [.text(id.rawValue)],
        read: ChatSession.read)
    }
  }

  /// The newest sessions; only those are read.
  public func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        "SELECT \(ChatSession.columns) FROM sessions ORDER BY updated_at DESC, id DESC LIMIT ?",
        [.integer(max(0, limit))], read: ChatSession.read)
    }
  }

  /// The newest messages before a place; only those are read.
  public func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await readers.read { connection throws(StoreFailure) in
      let newestFirst = try connection.rows(
        """
        SELECT \(MessageRow.columns) FROM messages
        WHERE session = (SELECT key FROM sessions WHERE id = ?) AND sequence < ?
        ORDER BY sequence DESC LIMIT ?
        """,
        [.text(session.rawValue), .integer(before?.rawValue ?? .max), .integer(max(0, limit))],
        read: MessageRow.message)
      return newestFirst.reversed()
    }
  }

  /// What has happened to a log after a revision; only that is read.
  public func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    let first = max(0, after.rawValue)
    return try await readers.read { connection throws(StoreFailure) in
      // One transaction, so that all is of one moment.
      try connection.snapshot { () throws(StoreFailure) in
        try connection.logEvents(in: session, after: first, limit: limit)
      }
    }
  }

  /// The draft of a session's answer, put together from its pieces, or `nil`.
  public func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await readers.read { connection throws(StoreFailure) in
      // One statement, so that head and text are of one moment.
      let chunks = try connection.rows(
        """
        SELECT turn, started_at, text FROM drafts LEFT JOIN draft_chunks USING (session)
        WHERE session = (SELECT key FROM sessions WHERE id = ?) ORDER BY start
        """,
        [.text(session.rawValue)]
      ) { row throws(StoreFailure) in
        AnswerDraft(
          turn: try row.value(0), startedAt: try row.time(1), text: try row.optionalText(2) ?? "")
      }
      guard var draft = chunks.first else { return nil }
      for chunk in chunks.dropFirst() { draft.text += chunk.text }
      return draft
    }
  }
}

extension ChatSession {
  fileprivate static let columns =
    "id, workspace, channel, thread, user, created_at, updated_at, last_sequence, revision"

  fileprivate static func read(_ row: Statement) throws(StoreFailure) -> ChatSession {
    ChatSession(
      id: try row.value(0),
      place: ConversationPlace(
        workspace: try row.value(1), channel: try row.value(2),
        thread: row.isNull(3) ? nil : try row.value(3)),
      user: try row.value(4), createdAt: try row.time(5), updatedAt: try row.time(6),
      lastSequence: SequenceNumber(rawValue: try row.counter(7)),
      revision: LogRevision(rawValue: try row.counter(8)))
  }
}
