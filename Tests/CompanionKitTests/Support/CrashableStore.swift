import CompanionKit
import Synchronization

/// A store with one fault: it dies with its process, and does nothing more from then on, or it fails once.
final class CrashableStore: CompanionStore {
  enum Fault: Hashable, Sendable, CaseIterable {
    /// The process dies before the commit.
    case crashBefore
    /// The process dies when the commit is stored, and before anybody knows.
    case crashAfter
    /// The commit fails, and nothing is stored; the next one works again.
    case failsOnce
  }

  private struct State {
    var hasCrashed = false
    var hasLostMemory = false
    var commits = 0
  }

  let base: InMemoryStore
  private let fault: Fault
  private let faultAt: Int?
  private let state = Mutex(State())

  /// - Parameter faultAt: the commit that the fault happens at; `nil` for a crash that is asked for.
  init(_ base: InMemoryStore, _ fault: Fault = .crashBefore, at faultAt: Int? = nil) {
    self.base = base
    self.fault = fault
    self.faultAt = faultAt
  }

  var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  func crash() { state.withLock { $0.hasCrashed = true } }

  /// From now on no memory can be read.
  func loseMemory() { state.withLock { $0.hasLostMemory = true } }

  var hasLostMemory: Bool { state.withLock { $0.hasLostMemory } }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let (wasAlive, isFaulty) = state.withLock { state in
      state.commits += 1
      let isFaulty = state.commits == faultAt
      defer { if isFaulty, fault != .failsOnce { state.hasCrashed = true } }
      return (!state.hasCrashed, isFaulty)
    }
    guard wasAlive else { throw .closed }
    if isFaulty, fault != .crashAfter { throw fault == .failsOnce ? .busy("another process") : .closed }
    let changed = try await base.commit(changes)
    if isFaulty { throw .closed }
    return changed
  }

  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await alive().session(id)
  }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await alive().sessions(limit: limit)
  }

  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await alive().sessions(matching: filter, after: after, limit: limit)
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await alive().messages(in: session, before: before, limit: limit)
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await alive().logEvents(in: session, after: after, limit: limit)
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await alive().draft(in: session)
  }

  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? { try await alive().task(id) }

  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await alive().task(idempotencyKey: idempotencyKey)
  }

  func tasks(matching filter: TaskFilter, limit: Int) async throws(StoreFailure) -> [GenerationTask] {
    try await alive().tasks(matching: filter, limit: limit)
  }

  func taskStatistics() async throws(StoreFailure) -> TaskStatistics { try await alive().taskStatistics() }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    try await alive().claim(claim)
  }

  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    try await alive().overdueTasks(limit: limit)
  }

  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await alive().taskEvents(after: cursor, of: task, limit: limit)
  }

  func lastTaskEvent() async throws(StoreFailure) -> EventCursor { try await alive().lastTaskEvent() }

  func pausedTasks() async throws(StoreFailure) -> TaskPause { try await alive().pausedTasks() }

  func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await alive().nextOccurrence(of: schedule)
  }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await alive().pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
  }

  func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await alive().ledgerEntries(matching: filter, limit: limit)
  }

  func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await alive().ledgerTotals(matching: filter)
  }

  func taskChanges() -> AsyncStream<Void> { base.taskChanges() }

  func alive() throws(StoreFailure) -> InMemoryStore {
    if hasCrashed { throw .closed }
    return base
  }
}
