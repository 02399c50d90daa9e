import CompanionDomain
import CompanionPorts

/// A change, encoded, so that the writer's queue has nothing left to do but to store it.
enum StoredChange: Sendable {
  case insertSession(ChatSession)
  case append([MessageRow], to: SessionID, after: SequenceNumber)
  case amend(SequenceNumber, MessageAmendment, in: SessionID, at: Timestamp)
  case extendDraft(AnswerDraft, of: SessionID, offset: Int)
  case discardDraft(of: SessionID)
  /// The values of the entry's row.
  case enterCall([SQLiteValue])
  case pruneLedger(before: Timestamp)
  /// What is applied as it is: what becomes of it depends on what is stored.
  case memory(ChangeSet.Change)
  /// The same.
  case task(TaskChangeRequest)

  init(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .insertSession(let session): self = .insertSession(session)
    case .append(let messages, let session, let after):
      var rows: [MessageRow] = []
      for message in messages { rows.append(try MessageRow(message)) }
      self = .append(rows, to: session, after: after)
    case .amend(let sequence, let amendment, let session, let time):
      self = .amend(sequence, amendment, in: session, at: time)
    case .extendDraft(let draft, let session, let offset):
      self = .extendDraft(draft, of: session, offset: offset)
    case .discardDraft(let session): self = .discardDraft(of: session)
    case .insertTask(let task): self = .task(.insert(task))
    case .transition(let id, let transition, let revision):
      self = .task(.transition(id, transition, revision: revision))
    case .removeTask(let id): self = .task(.remove(id))
    case .pauseTasks(let kind): self = .task(.pause(kind, true))
    case .resumeTasks(let kind): self = .task(.pause(kind, false))
    case .moveSchedule(let schedule, let from, let to):
      self = .task(.moveSchedule(schedule, from: from, to: to))
    case .enterCall(let entry): self = .enterCall(LedgerRow.values(of: entry))
    case .pruneLedger(let time): self = .pruneLedger(before: time)
    case .eraseTask(let id): self = .task(.erase(id))
    case .putMemory, .removeMemory, .expectMemory, .moveMemoryProgress, .insertFact, .supersedeFact,
      .restoreFact,
      .removeFact,
      .putDocument, .removeDocument, .putState, .expectState, .removeState, .removeStates, .eraseMessage,
      .eraseSession, .eraseUser, .openEmbeddingSpace, .closeEmbeddingSpace, .putEmbedding,
      .noteFailedEmbedding, .retryEmbeddings:
      self = .memory(change)
    }
  }
}

/// A change of tasks, their pauses or their schedules.
enum TaskChangeRequest: Sendable {
  case insert(GenerationTask)
  case transition(TaskID, TaskTransition, revision: Int64?)
  case remove(TaskID)
  case erase(TaskID)
  case pause(TaskKind?, Bool)
  case moveSchedule(ScheduleID, from: Timestamp?, to: Timestamp?)
}

extension WriteConnection {
  /// Applies a change whose precondition holds, inside the open transaction.
  ///
  /// - Returns: what has become of the task, when the change is one of a task.
  func apply(_ change: StoredChange, at now: Timestamp) throws(StoreFailure) -> TaskChange? {
    guard case .task(let change) = change else {
      if change.concernsLog { hasChangedLog = true }
      if change.mayNeedEmbedding { mayNeedEmbedding = true }
      try connection.apply(change)
      return nil
    }
    // Nobody has anything to do because a lease is longer.
    if case .transition(_, .renew, _) = change {} else { hasChangedTasks = true }
    switch change {
    case .insert(let task): return try insert(task, at: now)
    case .transition(let id, let transition, let revision):
      return try apply(transition, to: id, revision: revision, at: now)
    case .remove(let id): try removeTask(id)
    case .erase(let id): try eraseTask(id)
    case .pause(let kind, let isPaused): try setPause(kind, isPaused)
    case .moveSchedule(let schedule, let from, let to): try move(schedule, from: from, to: to)
    }
    return nil
  }
}

extension StoredChange {
  /// Whether the log of a conversation is another one then.
  fileprivate var concernsLog: Bool {
    switch self {
    case .append, .amend, .memory(.eraseMessage), .memory(.eraseSession): true
    default: false
    }
  }

  /// Whether there may be something new to embed then.
  fileprivate var mayNeedEmbedding: Bool {
    switch self {
    case .append, .amend: true
    case .memory(let change): change.mayNeedEmbedding
    default: false
    }
  }
}

extension Connection {
  /// Applies a change of memories, facts, documents, states or vectors, or an erasure, whose precondition holds.
  private func apply(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .putMemory(let memory, let sources): try put(memory, adding: sources)
    case .removeMemory(let key): try removeMemory(key)
    case .expectMemory(let key, let version): try expect(key, version: version)
    case .moveMemoryProgress(let session, let pass, let old, let new):
      try moveProgress(of: session, pass, from: old, to: new)
    case .insertFact(let fact): try insert(fact)
    case .supersedeFact(let id, let newer, let time): try supersede(id, by: newer, at: time)
    case .restoreFact(let id, let end): try restore(id, validTo: end)
    case .removeFact(let id): try remove(id)
    case .putDocument(let document): try put(document)
    case .removeDocument(let id): try remove(id)
    case .putState(let state): try put(state)
    case .expectState(let key, let version): try expect(key, version: version)
    case .removeState(let key): try removeState(key)
    case .removeStates(let owner, let kinds): try removeStates(of: owner, except: kinds)
    case .eraseMessage(let sequence, let session, let time): try erase(sequence, in: session, at: time)
    case .eraseSession(let session): try erase(session)
    case .eraseUser(let session): try eraseUser(of: session)
    case .openEmbeddingSpace(let space): try openSpace(space)
    case .closeEmbeddingSpace(let space): try closeSpace(space)
    case .putEmbedding(let embedded, let space): try put(embedded, in: space)
    case .noteFailedEmbedding(let failed, let space): try note(failed, in: space)
    case .retryEmbeddings(let space): try retryEmbeddings(in: space)
    default: break
    }
  }

  /// Applies a change of conversations or the ledger whose precondition holds, inside the open transaction.
  fileprivate func apply(_ change: StoredChange) throws(StoreFailure) {
    switch change {
    case .insertSession(let session): try insert(session)
    case .append(let rows, let session, let after): try append(rows, to: session, after: after)
    case .amend(let sequence, let amendment, let session, let time):
      try amend(sequence, amendment, in: session, at: time)
    case .extendDraft(let draft, let session, let offset):
      try extendDraft(draft, of: session, offset: offset)
    case .discardDraft(let session): try discardDraft(of: session)
    case .enterCall(let values): try run(LedgerRow.insert, values)
    case .pruneLedger(let time): try run(LedgerRow.prune, [.time(time)])
    case .memory(let change): try apply(change)
    case .task: break
    }
  }

  private func insert(_ session: ChatSession) throws(StoreFailure) {
    let inserted = try run(
      """
      INSERT INTO sessions (id, workspace, channel, thread, user, created_at, updated_at, last_sequence, revision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO NOTHING
      """,
      [
        .text(session.id.rawValue), .text(session.place.workspace.rawValue),
        .text(session.place.channel.rawValue), .optional(session.place.thread?.rawValue),
        .text(session.user.rawValue), .time(session.createdAt), .time(session.updatedAt),
        .integer(session.lastSequence.rawValue), .integer(session.revision.rawValue),
      ])
    guard inserted == 1 else { throw .conflict(.sessionExists) }
  }

  private func append(
    _ rows: [MessageRow], to session: SessionID, after: SequenceNumber
  ) throws(StoreFailure) {
    guard let found = try SessionRow.find(session, self) else { throw .conflict(.noSuchSession) }
    guard found.session.lastSequence == after else { throw .conflict(.logMoved) }
    guard let last = rows.last else { return }
    let documents = try indexNew(rows.map(\.message), of: found.session, at: found.key)
    let sources = try embedNew(rows.map(\.message), of: found.session, at: found.key)
    for (row, (document, source)) in zip(rows, zip(documents, sources)) {
      try run(
        MessageRow.insert,
        row.values(session: found.key) + [.optional(document.map(Int.init)), .optional(source)])
    }
    try run(
      "UPDATE sessions SET last_sequence = ?, updated_at = ?, revision = revision + ? WHERE key = ?",
      [.integer(last.sequence.rawValue), .time(last.time), .integer(rows.count), .integer(found.key)])
  }

  private func amend(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in session: SessionID, at time: Timestamp
  ) throws(StoreFailure) {
    guard let found = try SessionRow.find(session, self) else { throw .conflict(.noSuchSession) }
    let place: [SQLiteValue] = [.integer(found.key), .integer(sequence.rawValue)]
    let old = try row(
      "SELECT \(MessageRow.columns) FROM messages WHERE session = ? AND sequence = ?", place,
      read: MessageRow.message)
    guard let old, let new = old.amended(by: amendment, at: time), let change = new.change else {
      throw .conflict(.noSuchMessage)
    }
    guard old.mayBeAmended(by: amendment) else { throw .conflict(.notAmendable) }
    try reindex(old, as: new, of: found.session, at: found.key)
    try embed(new, of: found.session, at: found.key)
    try run(
      "INSERT INTO amendments (session, revision, sequence, is_deletion, old_parts) VALUES (?, ?, ?, ?, ?)",
      [
        .integer(found.key), .integer(found.session.revision.rawValue + 1), .integer(sequence.rawValue),
        .integer(amendment == .delete ? 1 : 0), .utf8(try Coding.encode(old.parts)),
      ])
    try run(
      "UPDATE messages SET parts = ?, change = ?, changed_at = ? WHERE session = ? AND sequence = ?",
      [.utf8(try Coding.encode(new.parts))] + change.columns + place)
    try run("UPDATE sessions SET revision = revision + 1 WHERE key = ?", [.integer(found.key)])
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
}
