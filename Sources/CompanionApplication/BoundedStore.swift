import CompanionDomain
import CompanionPorts
import Synchronization

/// A store of which every call ends within a limit, whatever becomes of the store.
///
/// A call that takes too long fails with `StoreFailure.timedOut`. It may still do its work later.
struct BoundedStore: CompanionStore {
  let base: any CompanionStore
  let time: any TimeSource
  let limit: Duration

  /// Runs a call on a task of its own, so that nobody waits for it longer than the limit.
  ///
  /// - Parameter onLate: told of a value that came when nobody waited for it any more.
  func bounded<Value: Sendable>(
    onLate: @escaping @Sendable (Value) async -> Void = { _ in },
    _ call: @escaping @Sendable (any CompanionStore) async throws(StoreFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    let answer = FirstAnswer<Value>()
    let result = await withCheckedContinuation { continuation in
      answer.wait(continuation)
      let timer = Unstructured.start(name: "store timeout") {
        guard (try? await time.sleep(until: time.now.advanced(by: limit), tolerance: nil)) != nil else {
          return
        }
        _ = answer.give(.failure(.timedOut(limit)))
      }
      _ = Unstructured.start(name: "store call") {
        do throws(StoreFailure) {
          let value = try await call(base)
          if !answer.give(.success(value)) { await onLate(value) }
        } catch {
          _ = answer.give(.failure(error))
        }
        timer.cancel()
      }
    }
    return try result.get()
  }

  /// Hands the first of two answers to the one who waits.
  private final class FirstAnswer<Value: Sendable>: Sendable {
    private let waiter = Mutex<CheckedContinuation<Result<Value, StoreFailure>, Never>?>(nil)

    func wait(_ continuation: CheckedContinuation<Result<Value, StoreFailure>, Never>) {
      waiter.withLock { $0 = continuation }
    }

    /// - Returns: whether anybody waited for it.
    func give(_ result: Result<Value, StoreFailure>) -> Bool {
      guard let waiter = waiter.withLock({ $0.take() }) else { return false }
      waiter.resume(returning: result)
      return true
    }
  }
}

extension BoundedStore {
  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try await bounded { store throws(StoreFailure) in try await store.commit(changes) }
  }

  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await bounded { store throws(StoreFailure) in try await store.session(id) }
  }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await bounded { store throws(StoreFailure) in try await store.sessions(limit: limit) }
  }

  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await bounded { store throws(StoreFailure) in
      try await store.sessions(matching: filter, after: after, limit: limit)
    }
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await bounded { store throws(StoreFailure) in
      try await store.messages(in: session, before: before, limit: limit)
    }
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await bounded { store throws(StoreFailure) in
      try await store.logEvents(in: session, after: after, limit: limit)
    }
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await bounded { store throws(StoreFailure) in try await store.draft(in: session) }
  }

  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? {
    try await bounded { store throws(StoreFailure) in try await store.task(id) }
  }

  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await bounded { store throws(StoreFailure) in try await store.task(idempotencyKey: idempotencyKey) }
  }

  func tasks(matching filter: TaskFilter, limit: Int) async throws(StoreFailure) -> [GenerationTask] {
    try await bounded { store throws(StoreFailure) in try await store.tasks(matching: filter, limit: limit) }
  }

  func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    try await bounded { store throws(StoreFailure) in try await store.taskStatistics() }
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    try await bounded(onLate: giveBack) { store throws(StoreFailure) in try await store.claim(claim) }
  }

  /// Nobody knows of these tasks, so nobody works on them. What cannot be given back is rescued later.
  private func giveBack(_ claimed: ClaimedTasks) async {
    for change in claimed.changes {
      let task = change.task
      _ = try? await base.commit(.transition(task.id, .release(task.lease), revision: nil))
    }
  }

  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await bounded { store throws(StoreFailure) in try await store.overdueTasks(limit: limit) }
  }

  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await bounded { store throws(StoreFailure) in
      try await store.taskEvents(after: cursor, of: task, limit: limit)
    }
  }

  func lastTaskEvent() async throws(StoreFailure) -> EventCursor {
    try await bounded { store throws(StoreFailure) in try await store.lastTaskEvent() }
  }

  func pausedTasks() async throws(StoreFailure) -> TaskPause {
    try await bounded { store throws(StoreFailure) in try await store.pausedTasks() }
  }

  func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await bounded { store throws(StoreFailure) in try await store.nextOccurrence(of: schedule) }
  }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await bounded { store throws(StoreFailure) in
      try await store.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
    }
  }

  func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await bounded { store throws(StoreFailure) in
      try await store.ledgerEntries(matching: filter, limit: limit)
    }
  }

  func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await bounded { store throws(StoreFailure) in try await store.ledgerTotals(matching: filter) }
  }

  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    try await bounded { store throws(StoreFailure) in try await store.state(key) }
  }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await bounded { store throws(StoreFailure) in
      try await store.states(of: owner, kind, after: after, limit: limit)
    }
  }

  func taskChanges() -> AsyncStream<Void> { base.taskChanges() }
}
