public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A session, or `nil`: one lookup in an index.
  public func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "SELECT \(SessionRow.columns) FROM sessions WHERE id = ?", [.text(id.rawValue)]
      ) { row throws(StoreFailure) in try SessionRow.session(from: row) }
    }
  }

  /// The newest sessions; only those are read.
  public func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        "SELECT \(SessionRow.columns) FROM sessions ORDER BY updated_at DESC, id DESC LIMIT ?",
        [.integer(max(0, limit))]
      ) { row throws(StoreFailure) in try SessionRow.session(from: row) }
    }
  }

  /// Sessions by their names. What is read is those of the channel, or of the person, or all behind a name.
  public func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    guard limit > 0 else { return [] }
    var (conditions, values) = (["id > ?"], [SQLiteValue.text(after?.rawValue ?? "")])
    if let workspace = filter.workspace {
      conditions.append("workspace = ?")
      values.append(.text(workspace.rawValue))
    }
    if let channel = filter.channel {
      conditions.append("channel = ?")
      values.append(.text(channel.rawValue))
    }
    if let thread = filter.thread {
      conditions.append("thread = ?")
      values.append(.text(thread.rawValue))
    }
    if let participant = filter.participant {
      conditions.append(
        "key IN (SELECT key FROM sessions WHERE user = ? UNION SELECT session FROM messages WHERE speaker = ?)"
      )
      values += [.text(participant.rawValue), .text(participant.rawValue)]
    }
    let sql =
      "SELECT \(SessionRow.columns) FROM sessions WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT ?"
    let bound = values + [.integer(limit)]
    return try await readers.read { connection throws(StoreFailure) in
      try connection.rows(sql, bound) { row throws(StoreFailure) in try SessionRow.session(from: row) }
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
