public import CompanionDomain
public import CompanionPorts

extension FaultyStore {
  /// Stores all changes or none, unless something goes wrong.
  @discardableResult
  public func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try await call(changes.isHeartbeat ? .heartbeat : .commit) { store throws(StoreFailure) in
      try await store.commit(changes)
    }
  }

  /// Claims tasks, unless something goes wrong.
  public func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    try await call(.claim) { store throws(StoreFailure) in try await store.claim(claim) }
  }

  /// Removes what is old, unless something goes wrong.
  public func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await call(.prune) { store throws(StoreFailure) in
      try await store.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
    }
  }

  /// Says that something has changed, unless the news goes astray.
  public func taskChanges() -> AsyncStream<Void> { faulty(base.taskChanges()) }
}

extension FaultyStore {
  /// A session, unless something goes wrong.
  public func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await call(.read) { store throws(StoreFailure) in try await store.session(id) }
  }

  /// Sessions, unless something goes wrong.
  public func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await call(.read) { store throws(StoreFailure) in try await store.sessions(limit: limit) }
  }

  /// Sessions by their names, unless something goes wrong.
  public func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.sessions(matching: filter, after: after, limit: limit)
    }
  }

  /// Messages, unless something goes wrong.
  public func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.messages(in: session, before: before, limit: limit)
    }
  }

  /// What has happened to a log, unless something goes wrong.
  public func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.logEvents(in: session, after: after, limit: limit)
    }
  }

  /// A draft, unless something goes wrong.
  public func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await call(.read) { store throws(StoreFailure) in try await store.draft(in: session) }
  }
}

extension FaultyStore {
  /// A task, unless something goes wrong.
  public func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? {
    try await call(.read) { store throws(StoreFailure) in try await store.task(id) }
  }

  /// A task by its key, unless something goes wrong.
  public func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await call(.read) { store throws(StoreFailure) in
      try await store.task(idempotencyKey: idempotencyKey)
    }
  }

  /// Tasks, unless something goes wrong.
  public func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.tasks(matching: filter, limit: limit)
    }
  }

  /// Statistics, unless something goes wrong.
  public func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    try await call(.read) { store throws(StoreFailure) in try await store.taskStatistics() }
  }

  /// What has run out, unless something goes wrong.
  public func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await call(.read) { store throws(StoreFailure) in try await store.overdueTasks(limit: limit) }
  }

  /// Events, unless something goes wrong.
  public func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.taskEvents(after: cursor, of: task, limit: limit)
    }
  }

  /// The place of the newest event, unless something goes wrong.
  public func lastTaskEvent() async throws(StoreFailure) -> EventCursor {
    try await call(.read) { store throws(StoreFailure) in try await store.lastTaskEvent() }
  }

  /// What is paused, unless something goes wrong.
  public func pausedTasks() async throws(StoreFailure) -> TaskPause {
    try await call(.read) { store throws(StoreFailure) in try await store.pausedTasks() }
  }

  /// A schedule's next occurrence, unless something goes wrong.
  public func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await call(.read) { store throws(StoreFailure) in try await store.nextOccurrence(of: schedule) }
  }
}

extension FaultyStore {
  /// Entries of the ledger, unless something goes wrong.
  public func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.ledgerEntries(matching: filter, limit: limit)
    }
  }

  /// What entries of the ledger come to, unless something goes wrong.
  public func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await call(.read) { store throws(StoreFailure) in try await store.ledgerTotals(matching: filter) }
  }
}

extension FaultyStore {
  /// A state, unless something goes wrong.
  public func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    try await call(.read) { store throws(StoreFailure) in try await store.state(key) }
  }

  /// The states of an owner, unless something goes wrong.
  public func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.states(of: owner, kind, after: after, limit: limit)
    }
  }
}

extension ChangeSet {
  fileprivate var isHeartbeat: Bool {
    !changes.isEmpty
      && changes.allSatisfy { if case .transition(_, .renew, _) = $0 { true } else { false } }
  }
}
