import CompanionKit
import Synchronization

/// A store whose process can die: from then on it does nothing more, whatever is asked of it.
final class CrashableStore: ConversationStore, TaskStore {
  private let base: InMemoryStore
  private let state = Mutex((hasCrashed: false, commits: 0, crashAt: Int?.none))

  /// - Parameter crashAt: the commit before which the process dies; `nil` for a crash that is asked for.
  init(_ base: InMemoryStore, crashAt: Int? = nil) {
    self.base = base
    state.withLock { $0.crashAt = crashAt }
  }

  var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  func crash() { state.withLock { $0.hasCrashed = true } }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) {
    let isLast = state.withLock { state in
      state.commits += 1
      if state.commits == state.crashAt { state.hasCrashed = true }
      return state.hasCrashed
    }
    if isLast { throw .closed }
    try await base.commit(changes)
  }

  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    try await alive().session(id)
  }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await alive().sessions(limit: limit)
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await alive().messages(in: session, before: before, limit: limit)
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await alive().draft(in: session)
  }

  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? { try await alive().task(id) }

  func tasks(in states: Set<TaskStateName>, limit: Int) async throws(StoreFailure) -> [GenerationTask] {
    try await alive().tasks(in: states, limit: limit)
  }

  func taskCount(in states: Set<TaskStateName>) async throws(StoreFailure) -> Int {
    try await alive().taskCount(in: states)
  }

  func claim(
    limit: Int, worker: WorkerID, leaseLength: Duration
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await alive().claim(limit: limit, worker: worker, leaseLength: leaseLength)
  }

  func nextLeaseExpiry() async throws(StoreFailure) -> Timestamp? { try await alive().nextLeaseExpiry() }

  private func alive() throws(StoreFailure) -> InMemoryStore {
    if hasCrashed { throw .closed }
    return base
  }
}
