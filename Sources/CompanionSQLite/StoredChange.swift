import CompanionDomain
import CompanionPorts

/// A change, encoded, so that the writer's queue has nothing left to do but to store it.
enum StoredChange: Sendable {
  case insertSession(ChatSession)
  case append([MessageRow], to: SessionID, after: SequenceNumber)
  case extendDraft(AnswerDraft, of: SessionID, offset: Int)
  case discardDraft(of: SessionID)
  case insertTask(TaskRow)
  case updateTask(TaskRow)

  init(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .insertSession(let session): self = .insertSession(session)
    case .append(let messages, let session, let after):
      var rows: [MessageRow] = []
      for message in messages { rows.append(try MessageRow(message)) }
      self = .append(rows, to: session, after: after)
    case .extendDraft(let draft, let session, let offset):
      self = .extendDraft(draft, of: session, offset: offset)
    case .discardDraft(let session): self = .discardDraft(of: session)
    case .insertTask(let task): self = .insertTask(try TaskRow(task))
    case .updateTask(let task): self = .updateTask(try TaskRow(task))
    }
  }
}

extension Connection {
  /// Applies a change whose precondition holds, inside the open transaction.
  func apply(_ change: StoredChange) throws(StoreFailure) {
    switch change {
    case .insertSession(let session): try insert(session)
    case .append(let rows, let session, let after): try append(rows, to: session, after: after)
    case .extendDraft(let draft, let session, let offset):
      try extendDraft(draft, of: session, offset: offset)
    case .discardDraft(let session): try discardDraft(of: session)
    case .insertTask(let row): try insert(row)
    case .updateTask(let row): try update(row)
    }
  }

  private func insert(_ session: ChatSession) throws(StoreFailure) {
    let inserted = try run(
      """
      INSERT INTO sessions (id, created_at, updated_at, last_sequence) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO NOTHING
      """,
      [
        .text(session.id.rawValue), .time(session.createdAt), .time(session.updatedAt),
        .integer(session.lastSequence.rawValue),
      ])
    guard inserted == 1 else { throw .conflict(.sessionExists) }
  }

  private func append(
    _ rows: [MessageRow], to session: SessionID, after: SequenceNumber
  ) throws(StoreFailure) {
    let found = try row(
      "SELECT key, last_sequence FROM sessions WHERE id = ?", [.text(session.rawValue)]
    ) { row throws(StoreFailure) in (key: try row.integer(0), last: try row.counter(1)) }
    guard let found else { throw .conflict(.noSuchSession) }
    guard found.last == after.rawValue else { throw .conflict(.logMoved) }
    guard let last = rows.last else { return }
    for row in rows {
      try run(
        "INSERT INTO messages (session, \(MessageRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.values(session: found.key))
    }
    try run(
      "UPDATE sessions SET last_sequence = ?, updated_at = ? WHERE key = ?",
      [.integer(last.sequence.rawValue), .time(last.time), .integer(found.key)])
  }

  private func extendDraft(
    _ more: AnswerDraft, of session: SessionID, offset: Int
  ) throws(StoreFailure) {
    let key = try row("SELECT key FROM sessions WHERE id = ?", [.text(session.rawValue)]) {
      row throws(StoreFailure) in try row.integer(0)
    }
    guard let key else { throw .conflict(.noSuchSession) }
    let bytes = more.text.utf8.count
    let extended = try run(
      "UPDATE drafts SET length = length + ? WHERE session = ? AND turn = ? AND length = ?",
      [.integer(bytes), .integer(key), .text(more.turn.rawValue), .integer(offset)])
    if extended == 0 {
      guard offset == 0 else { throw .conflict(.draftMoved) }
      let begun = try run(
        """
        INSERT INTO drafts (session, turn, started_at, length) VALUES (?, ?, ?, ?)
        ON CONFLICT (session) DO NOTHING
        """,
        [.integer(key), .text(more.turn.rawValue), .time(more.startedAt), .integer(bytes)])
      guard begun == 1 else { throw .conflict(.draftMoved) }
    }
    guard bytes > 0 else { return }
    try run(
      "INSERT INTO draft_chunks (session, start, text) VALUES (?, ?, ?)",
      [.integer(key), .integer(offset), .text(more.text)])
  }

  private func discardDraft(of session: SessionID) throws(StoreFailure) {
    try run(
      "DELETE FROM drafts WHERE session = (SELECT key FROM sessions WHERE id = ?)", [.text(session.rawValue)])
  }

  private func insert(_ task: TaskRow) throws(StoreFailure) {
    let inserted = try run(
      """
      INSERT INTO tasks (\(TaskRow.columns))
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
      """,
      task.values)
    guard inserted == 1 else { throw .conflict(.taskExists) }
  }

  /// Replaces a task that is at the revision before.
  func update(_ task: TaskRow) throws(StoreFailure) {
    let updated = try run(
      """
      UPDATE tasks SET (\(TaskRow.columns))
      = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?1 AND revision = ?
      """,
      task.values + [.integer(task.revision &- 1)])
    guard updated == 1 else { throw .conflict(.taskMoved) }
  }
}
