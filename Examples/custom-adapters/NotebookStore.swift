import CompanionKit

/// A store of one's own, in plain values: a change set is tried on a copy, which then takes their place.
actor NotebookStore: ConversationStore, TaskStore {
  fileprivate struct Notes {
    var sessions: [SessionID: ChatSession] = [:]
    var messages: [SessionID: [ChatMessage]] = [:]
    var drafts: [SessionID: AnswerDraft] = [:]
    var tasks: [TaskID: GenerationTask] = [:]
    var events: [RecordedTaskEvent] = []
    var lastCursor = EventCursor.start
    var pause = TaskPause()
    var schedules: [ScheduleID: Timestamp] = [:]
  }

  private var notes = Notes()
  private var listeners: [UUID: AsyncStream<Void>.Continuation] = [:]
  private let time: any TimeSource

  init(time: any TimeSource) { self.time = time }

  @discardableResult
  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try changes.validate()
    var next = notes
    var changed: [TaskChange] = []
    for change in changes.changes {
      if let task = try next.apply(change, at: time.now) { changed.append(task) }
    }
    notes = next
    return changed
  }

  func session(_ id: SessionID) -> ChatSession? { notes.sessions[id] }

  func sessions(limit: Int) -> [ChatSession] {
    let newest = notes.sessions.values.sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
    return Array(newest.prefix(max(0, limit)))
  }

  func messages(in session: SessionID, before: SequenceNumber?, limit: Int) -> [ChatMessage] {
    let log = notes.messages[session, default: []]
    let end = before.map { before in log.prefix { $0.sequence < before } } ?? log[...]
    return Array(end.suffix(max(0, limit)))
  }

  func draft(in session: SessionID) -> AnswerDraft? { notes.drafts[session] }

  func task(_ id: TaskID) -> GenerationTask? { notes.tasks[id] }

  func tasks(in states: Set<TaskStateName>, limit: Int) -> [GenerationTask] {
    let chosen = notes.tasks.values.filter { states.contains($0.state.name) }
    return Array(chosen.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }.prefix(max(0, limit)))
  }

  func taskCount(in states: Set<TaskStateName>) -> Int {
    notes.tasks.values.count { states.contains($0.state.name) }
  }

  func claim(limit: Int, worker: WorkerID, leaseLength: Duration) -> [GenerationTask] {
    let now = time.now
    let line = notes.tasks.values.filter { $0.isClaimable(at: now) }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    return line.prefix(max(0, limit)).compactMap { task in
      // What a claim does is the domain's to decide.
      let claimed = try? task.applying(.claim(by: worker, leaseLength: leaseLength), at: now)
      if let claimed { notes.tasks[task.id] = claimed }
      return claimed
    }
  }

  func nextLeaseExpiry() -> Timestamp? {
    notes.tasks.values.compactMap { if case .running(let lease) = $0.state { lease.expiresAt } else { nil } }
      .min()
  }
}

extension NotebookStore.Notes {
  fileprivate mutating func apply(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .insertSession(let session):
      guard sessions[session.id] == nil else { throw .conflict(.sessionExists) }
      sessions[session.id] = session
    case .append(let new, let id, let after):
      guard var session = sessions[id] else { throw .conflict(.noSuchSession) }
      guard session.lastSequence == after else { throw .conflict(.logMoved) }
      session.lastSequence = new.last?.sequence ?? after
      session.updatedAt = new.last?.time ?? session.updatedAt
      sessions[id] = session
      messages[id, default: []] += new
    case .extendDraft(let more, let id, let offset):
      guard sessions[id] != nil else { throw .conflict(.noSuchSession) }
      var draft = drafts[id] ?? AnswerDraft(turn: more.turn, startedAt: more.startedAt, text: "")
      guard draft.turn == more.turn, draft.text.utf8.count == offset else { throw .conflict(.draftMoved) }
      draft.text += more.text
      drafts[id] = draft
    case .discardDraft(let id): drafts[id] = nil
    case .insertTask(let task):
      guard tasks[task.id] == nil else { throw .conflict(.taskExists) }
      tasks[task.id] = task
    case .updateTask(let task):
      guard tasks[task.id]?.revision == task.revision - 1 else { throw .conflict(.taskMoved) }
      tasks[task.id] = task
    }
  }
}
