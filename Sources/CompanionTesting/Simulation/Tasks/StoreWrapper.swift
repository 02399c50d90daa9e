import CompanionApplication
import CompanionDomain
import CompanionPorts

/// A store around another one, that hands on whatever it does not do itself.
protocol StoreWrapper: CompanionStore {
  var base: any CompanionStore { get }
}

extension StoreWrapper {
  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try await base.commit(changes)
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks { try await base.claim(claim) }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await base.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
  }

  func taskChanges() -> AsyncStream<Void> { base.taskChanges() }

  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? { try await base.session(id) }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await base.sessions(limit: limit)
  }

  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await base.sessions(matching: filter, after: after, limit: limit)
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await base.messages(in: session, before: before, limit: limit)
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await base.logEvents(in: session, after: after, limit: limit)
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await base.draft(in: session)
  }

  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? { try await base.task(id) }

  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await base.task(idempotencyKey: idempotencyKey)
  }

  func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await base.tasks(matching: filter, limit: limit)
  }

  func taskStatistics() async throws(StoreFailure) -> TaskStatistics { try await base.taskStatistics() }

  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await base.overdueTasks(limit: limit)
  }

  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await base.taskEvents(after: cursor, of: task, limit: limit)
  }

  func lastTaskEvent() async throws(StoreFailure) -> EventCursor { try await base.lastTaskEvent() }

  func pausedTasks() async throws(StoreFailure) -> TaskPause { try await base.pausedTasks() }

  func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await base.nextOccurrence(of: schedule)
  }

  func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await base.ledgerEntries(matching: filter, limit: limit)
  }

  func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await base.ledgerTotals(matching: filter)
  }
}

/// The store itself, as all processes share it: tells a witness of everything that it has accepted.
struct WitnessedStore: StoreWrapper {
  let base: any CompanionStore
  let witness: TaskWitness

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let changed = try await base.commit(changes)
    witness.note(changes, changed)
    return changed
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let claimed = try await base.claim(claim)
    witness.note(claim, claimed)
    return claimed
  }
}
