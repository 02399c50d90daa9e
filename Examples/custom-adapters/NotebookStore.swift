import CompanionKit

/// A store of one's own, in plain values: a change set is tried on a copy, which then takes their place.
actor NotebookStore: CompanionStore {
  var notes = Notes()
  private let time: any TimeSource
  /// It rings for every change: those who listen look for themselves.
  let bell = Bell()

  init(time: any TimeSource) { self.time = time }

  @discardableResult
  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try changes.validate()
    let now = time.now
    var next = notes
    var changed: [TaskChange] = []
    for change in changes.changes {
      if let task = try next.apply(change, at: now) { changed.append(task) }
      next.followTexts()
    }
    notes = next
    bell.ring()
    return changed
  }
}

// MARK: Conversations

extension NotebookStore {
  func session(_ id: SessionID) -> ChatSession? { notes.sessions[id] }

  func sessions(limit: Int) -> [ChatSession] {
    let newest = notes.sessions.values.sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
    return Array(newest.prefix(max(0, limit)))
  }

  func sessions(matching filter: SessionFilter, after: SessionID?, limit: Int) -> [ChatSession] {
    let matching = notes.sessions.values.filter { session in
      filter.includes(session, speakers: Set(notes.messages[session.id, default: []].compactMap(\.speaker)))
    }
    return page(of: matching, by: \.id, after: after, limit: limit)
  }

  func messages(in session: SessionID, before: SequenceNumber?, limit: Int) -> [ChatMessage] {
    let log = notes.messages[session, default: []]
    let end = before.map { before in log.prefix { $0.sequence < before } } ?? log[...]
    return Array(end.suffix(max(0, limit)))
  }

  func logEvents(in session: SessionID, after: LogRevision, limit: Int) -> [LogEvent] {
    let all = notes.logEvents[session] ?? []
    return all.filter { $0.revision > after }.prefix(max(0, limit)).compactMap { event in
      notes.messages[session]?.first { $0.sequence == event.message.sequence }.map {
        LogEvent(revision: event.revision, kind: event.kind, message: $0)
      }
    }
  }

  func draft(in session: SessionID) -> AnswerDraft? { notes.drafts[session] }
}

// MARK: Tasks

extension NotebookStore {
  func task(_ id: TaskID) -> GenerationTask? { notes.tasks[id] }

  func task(idempotencyKey: String) -> GenerationTask? { notes.task(key: idempotencyKey) }

  func tasks(matching filter: TaskFilter, limit: Int) -> [GenerationTask] {
    var newest = notes.tasks.values.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }[...]
    if let after = filter.after { newest = newest.drop { $0.id != after }.dropFirst() }
    return Array(newest.filter { $0.matches(filter) }.prefix(max(0, limit)))
  }

  func taskStatistics() -> TaskStatistics {
    var statistics = TaskStatistics()
    for task in notes.tasks.values {
      statistics.counts[task.request.kind, default: [:]][task.state.name, default: 0] += 1
      guard case .queued(let queueing) = task.state else { continue }
      statistics.oldestQueued = min(statistics.oldestQueued ?? queueing.since, queueing.since)
    }
    return statistics
  }

  func claim(_ claim: TaskClaim) -> ClaimedTasks {
    let now = time.now
    let line = notes.tasks.values
      .filter { $0.isClaimable(at: now) && !notes.pause.covers($0.request.kind) }
      .sorted { ($0.rank ?? now, $0.id) < ($1.rank ?? now, $1.id) }
    var taken: [TaskKind: Int] = [:]
    var changes: [TaskChange] = []
    for task in line where changes.count < claim.limit {
      let kind = task.request.kind
      guard let room = claim.room(for: kind), taken[kind, default: 0] < room.limit else { continue }
      let transition = TaskTransition.claim(
        by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: room.attemptLimit)
      // What a claim does is the domain's to decide.
      guard let change = try? task.applying(transition, at: now) else { continue }
      notes.record(change)
      changes.append(change)
      taken[kind, default: 0] += 1
    }
    bell.ring()
    let starts = notes.tasks.values.compactMap { task in
      if case .queued(let queueing) = task.state { queueing.notBefore } else { nil }
    }
    return ClaimedTasks(changes: changes, now: now, nextDue: starts.filter { $0 > now }.min())
  }

  func overdueTasks(limit: Int) -> OverdueTasks {
    let now = time.now
    let alarms = notes.tasks.values.compactMap { task in task.alarm.map { (time: $0, task: task) } }
    let overdue = alarms.filter { $0.time <= now }.sorted { ($0.time, $0.task.id) < ($1.time, $1.task.id) }
    return OverdueTasks(
      tasks: overdue.prefix(max(0, limit)).map(\.task), now: now,
      nextAlarm: alarms.map(\.time).filter { $0 > now }.min())
  }

  func taskEvents(after cursor: EventCursor, of task: TaskID?, limit: Int) -> [RecordedTaskEvent] {
    let events = notes.events.filter { $0.cursor > cursor && (task == nil || $0.event.task == task) }
    return Array(events.prefix(max(0, limit)))
  }

  func lastTaskEvent() -> EventCursor { notes.events.last?.cursor ?? .start }

  func pausedTasks() -> TaskPause { notes.pause }

  func nextOccurrence(of schedule: ScheduleID) -> Timestamp? { notes.schedules[schedule] }

  func pruneTasks(finishedFor: Duration, deadFor: Duration, limit: Int) -> Int {
    let now = time.now
    let old = notes.tasks.values
      .compactMap { task in task.endedAt.map { (time: $0, task: task) } }
      .filter { time, task in
        time.advanced(by: task.state.name == .deadLettered ? deadFor : finishedFor) <= now
      }
      .sorted { ($0.time, $0.task.id) < ($1.time, $1.task.id) }
      .prefix(max(0, limit)).map(\.task.id)
    for id in old { notes.forgetTask(id) }
    bell.ring()
    return old.count
  }
}

// MARK: Ledger

extension NotebookStore {
  func ledgerEntries(matching filter: LedgerFilter, limit: Int) -> [LedgerEntry] {
    let newest = notes.ledger.values.sorted { ($0.time, $0.id) > ($1.time, $1.id) }
    return Array(newest.filter(filter.includes).prefix(max(0, limit)))
  }

  func ledgerTotals(matching filter: LedgerFilter) -> [ProviderID: LedgerTotals] {
    notes.ledger.values.filter(filter.includes).reduce(into: [:]) { totals, entry in
      // What counts as a cost that is not known is the domain's to decide.
      totals[entry.provider, default: LedgerTotals()].add(entry)
    }
  }
}

// MARK: Changes

extension NotebookStore {
  nonisolated func taskChanges() -> AsyncStream<Void> { bell.stream() }

  nonisolated func logChanges() -> AsyncStream<Void> { bell.stream() }
}

extension GenerationTask {
  fileprivate func matches(_ filter: TaskFilter) -> Bool {
    var session: SessionID?
    var requester: RequesterID?
    switch request.requester {
    case .conversation(let id, _): session = id
    case .named(let id): requester = id
    }
    return filter.states.contains(state.name)
      && (filter.kind == nil || filter.kind == request.kind)
      && (filter.session == nil || filter.session == session)
      && (filter.requester == nil || filter.requester == requester)
  }
}
