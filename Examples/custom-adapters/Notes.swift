import CompanionKit

/// What is in a ``NotebookStore``, and how a change changes it.
struct Notes {
  var sessions: [SessionID: ChatSession] = [:]
  var messages: [SessionID: [ChatMessage]] = [:]
  /// What has happened to the logs, with the messages as they were then.
  var logEvents: [SessionID: [LogEvent]] = [:]
  var drafts: [SessionID: AnswerDraft] = [:]
  var tasks: [TaskID: GenerationTask] = [:]
  var events: [RecordedTaskEvent] = []
  /// Places are never used again, even when their events have been removed.
  var lastPlace: Int64 = 0
  var pause = TaskPause()
  var states: [StateKey: StateRecord] = [:]
  var schedules: [ScheduleID: Timestamp] = [:]
  var ledger: [LedgerEntryID: LedgerEntry] = [:]
  var memories: [MemoryKey: KeptMemory] = [:]
  var progress: [SessionID: MemoryProgress] = [:]
  var facts: [FactID: Fact] = [:]
  var documents: [DocumentID: StoredDocument] = [:]
  var lastDocument: Int64 = 0
  /// What can be embedded, and the spaces that are open.
  var embeddable: [RecallSource: EmbeddableNote] = [:]
  var lastEmbeddable = 0
  var spaces: [NotedSpace] = []

  /// The task of a key. Keys are the same when their bytes are.
  func task(key: String) -> GenerationTask? {
    tasks.values.first { $0.request.idempotencyKey?.utf8.elementsEqual(key.utf8) ?? false }
  }

  /// A task as a change has left it, with the event that tells of it.
  mutating func record(_ change: TaskChange) {
    tasks[change.task.id] = change.task
    guard let event = change.event else { return }
    lastPlace += 1
    events.append(RecordedTaskEvent(cursor: EventCursor(rawValue: lastPlace), event: event))
  }

  mutating func note(_ kind: LogEvent.Kind, of message: ChatMessage, in id: SessionID) {
    let revision = LogRevision(rawValue: (sessions[id]?.revision.rawValue ?? 0) + 1)
    sessions[id]?.revision = revision
    logEvents[id, default: []].append(LogEvent(revision: revision, kind: kind, message: message))
  }

  /// Removes a task with all that goes with it.
  mutating func forgetTask(_ id: TaskID) {
    tasks[id] = nil
    events.removeAll { $0.event.task == id }
    removeStates(of: .task(id))
  }

  /// Applies one change.
  ///
  /// - Returns: what the task is now that it adds or changes, if it does.
  mutating func apply(_ change: ChangeSet.Change, at now: Timestamp) throws(StoreFailure) -> TaskChange? {
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
      for message in new { note(.appended, of: message, in: id) }
    case .amend(let sequence, let amendment, let id, let time):
      guard sessions[id] != nil else { throw .conflict(.noSuchSession) }
      guard let place = messages[id]?.firstIndex(where: { $0.sequence == sequence }),
        let old = messages[id]?[place], let new = old.amended(by: amendment, at: time)
      else { throw .conflict(.noSuchMessage) }
      guard old.mayBeAmended(by: amendment) else { throw .conflict(.notAmendable) }
      messages[id]?[place] = new
      note(amendment == .delete ? .deleted(old.parts) : .edited(from: old.parts), of: new, in: id)
    case .extendDraft(let more, let id, let offset):
      guard sessions[id] != nil else { throw .conflict(.noSuchSession) }
      var draft = drafts[id] ?? AnswerDraft(turn: more.turn, startedAt: more.startedAt, text: "")
      guard draft.turn == more.turn, draft.text.utf8.count == offset else { throw .conflict(.draftMoved) }
      draft.text += more.text
      drafts[id] = draft
    case .discardDraft(let id): drafts[id] = nil
    case .insertTask(let task):
      guard tasks[task.id] == nil else { throw .conflict(.taskExists) }
      if let key = task.request.idempotencyKey, let holder = self.task(key: key) {
        throw .conflict(.keyTaken(holder.id))
      }
      let change = TaskChange(task: task, event: task.creation)
      record(change)
      return change
    case .transition(let id, let transition, let revision):
      guard let task = tasks[id] else { throw .conflict(.noSuchTask) }
      guard revision == nil || revision == task.revision else { throw .conflict(.taskMoved) }
      do throws(TransitionRefusal) {
        let change = try task.applying(transition, at: now)
        record(change)
        return change
      } catch { throw .conflict(.refused(error)) }
    case .removeTask(let id):
      guard let task = tasks[id] else { throw .conflict(.noSuchTask) }
      guard task.state.isFinal else { throw .conflict(.refused(.notEnded(task.state.name))) }
      forgetTask(id)
    case .pauseTasks(nil): pause.all = true
    case .pauseTasks(let kind?): pause.kinds.insert(kind)
    case .resumeTasks(nil): pause.all = false
    case .resumeTasks(let kind?): pause.kinds.remove(kind)
    case .moveSchedule(let schedule, let old, let new):
      guard schedules[schedule] == old else { throw .conflict(.scheduleMoved) }
      schedules[schedule] = new
    case .enterCall(let entry): ledger[entry.id] = ledger[entry.id] ?? entry
    case .pruneLedger(let time): ledger = ledger.filter { $0.value.time >= time }
    case .eraseTask(let id): forgetTask(id)
    case .eraseSession(let id):
      (sessions[id], messages[id], logEvents[id]) = (nil, nil, nil)
      (drafts[id], progress[id]) = (nil, nil)
      removeStates(of: .session(id))
    case .eraseUser(let id): sessions[id]?.user = .forgotten
    case .eraseMessage(let sequence, let id, let time): try erase(sequence, in: id, at: time)
    default: try remember(change)
    }
    return nil
  }
}
