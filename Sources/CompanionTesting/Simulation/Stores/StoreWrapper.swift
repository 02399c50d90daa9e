package import CompanionApplication
package import CompanionDomain
package import CompanionPorts

/// A store around another one, that hands on whatever it does not do itself.
package protocol StoreWrapper: CompanionStore {
  var base: any CompanionStore { get }
}

extension StoreWrapper {
  package func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try await base.commit(changes)
  }

  package func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    try await base.claim(claim)
  }

  package func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await base.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
  }

  package func taskChanges() -> AsyncStream<Void> { base.taskChanges() }

  package func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await base.session(id)
  }

  package func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await base.sessions(limit: limit)
  }

  package func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await base.sessions(matching: filter, after: after, limit: limit)
  }

  package func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await base.messages(in: session, before: before, limit: limit)
  }

  package func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await base.logEvents(in: session, after: after, limit: limit)
  }

  package func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await base.draft(in: session)
  }

  package func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? { try await base.task(id) }

  package func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await base.task(idempotencyKey: idempotencyKey)
  }

  package func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await base.tasks(matching: filter, limit: limit)
  }

  package func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    try await base.taskStatistics()
  }

  package func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await base.overdueTasks(limit: limit)
  }

  package func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await base.taskEvents(after: cursor, of: task, limit: limit)
  }

  package func lastTaskEvent() async throws(StoreFailure) -> EventCursor { try await base.lastTaskEvent() }

  package func pausedTasks() async throws(StoreFailure) -> TaskPause { try await base.pausedTasks() }

  package func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await base.nextOccurrence(of: schedule)
  }

  package func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await base.ledgerEntries(matching: filter, limit: limit)
  }

  package func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await base.ledgerTotals(matching: filter)
  }

  package func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? { try await base.state(key) }

  package func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await base.states(of: owner, kind, after: after, limit: limit)
  }
}
