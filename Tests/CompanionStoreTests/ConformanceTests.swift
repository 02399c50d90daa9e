import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import CompanionTesting
import Testing

@Suite struct `Both stores keep the promises of their ports` {
  @Test(arguments: ConversationStoreConformance.checks)
  func `in memory, conversations`(
    check: ConformanceCheck<ConversationStoreConformance.MakeStore>
  ) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) })
  }

  @Test(arguments: TaskStoreConformance.checks)
  func `in memory, tasks`(check: ConformanceCheck<TaskStoreConformance.MakeStore>) async throws {
    try await check.run(on: { time in InMemoryStore(time: time) })
  }

  @Test(arguments: ConversationStoreConformance.checks)
  func `in SQLite, conversations`(
    check: ConformanceCheck<ConversationStoreConformance.MakeStore>
  ) async throws {
    try await withDatabase { path in
      try await check.run(on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) })
    }
  }

  @Test(arguments: TaskStoreConformance.checks)
  func `in SQLite, tasks`(check: ConformanceCheck<TaskStoreConformance.MakeStore>) async throws {
    try await withDatabase { path in
      try await check.run(on: { time in try await SQLiteStore(path: path, durability: .normal, time: time) })
    }
  }
}

@Suite struct `The conformance suites` {
  @Test func `find the store that forgets to check`() async throws {
    let report = await #expect(throws: ConformanceReport.self) {
      try await ConversationStoreConformance.run(on: { time in CarelessStore(time: time) })
    }
    let broken = Set(report?.failures.map(\.check) ?? [])
    #expect(broken.contains("one failing change leaves nothing of its set"))
    #expect(!broken.contains("a session is read as it was stored"))
  }

  @Test func `find the store that lets two workers have one task`() async throws {
    let report = await #expect(throws: ConformanceReport.self) {
      try await TaskStoreConformance.run(on: { time in CarelessStore(time: time) })
    }
    let broken = Set(report?.failures.map(\.check) ?? [])
    #expect(broken.contains("concurrent claims never share a task"))
    #expect(broken.contains("a lease holds until it expires"))
  }

  @Test func `pass the store that keeps every promise`() async throws {
    try await ConversationStoreConformance.run { time in InMemoryStore(time: time) }
    try await TaskStoreConformance.run { time in InMemoryStore(time: time) }
  }
}

/// A store that commits change by change, and forgets its claims.
private struct CarelessStore: ConversationStore, TaskStore {
  let store: InMemoryStore
  let time: any TimeSource

  init(time: any TimeSource) {
    self.time = time
    store = InMemoryStore(time: time)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    var outcomes: [TaskChange] = []
    for change in changes.changes { outcomes += try await store.commit(change) }
    return outcomes
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let now = time.now
    let queued = try await store.tasks(matching: TaskFilter(states: [.queued]), limit: claim.limit)
    let transition = TaskTransition.claim(
      by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: nil)
    return ClaimedTasks(
      changes: queued.compactMap { try? $0.applying(transition, at: now) }, now: now, nextDue: nil)
  }

  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? { try await store.session(id) }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await store.sessions(limit: limit)
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await store.messages(in: session, before: before, limit: limit)
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await store.draft(in: session)
  }

  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? { try await store.task(id) }

  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await store.task(idempotencyKey: idempotencyKey)
  }

  func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await store.tasks(matching: filter, limit: limit)
  }

  func taskStatistics() async throws(StoreFailure) -> TaskStatistics { try await store.taskStatistics() }

  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await store.overdueTasks(limit: limit)
  }

  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await store.taskEvents(after: cursor, of: task, limit: limit)
  }

  func lastTaskEvent() async throws(StoreFailure) -> EventCursor { try await store.lastTaskEvent() }

  func pausedTasks() async throws(StoreFailure) -> TaskPause { try await store.pausedTasks() }

  func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await store.nextOccurrence(of: schedule)
  }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await store.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
  }

  func taskChanges() -> AsyncStream<Void> { store.taskChanges() }
}
