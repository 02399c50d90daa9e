public import CompanionDomain
public import CompanionPorts
import Synchronization

/// Conversations, what is remembered of them, documents, tasks and the ledger in memory, for tests, previews and the
/// simulator.
///
/// It keeps every promise of the ports but one: what it holds ends with the process.
public final class InMemoryStore: ConversationStore, TaskStore, LedgerStore, MemoryStore, DocumentStore,
  TextIndex, EmbeddingIndex, StateStore
{
  private let time: any TimeSource
  let content = Mutex(StoredContent())
  private let taskListeners = ChangeListeners()
  let logListeners = ChangeListeners()
  let embeddingListeners = ChangeListeners()

  /// An empty store.
  ///
  /// - Parameter time: the store's clock: tells what is due, and what has run out.
  public init(time: any TimeSource) { self.time = time }

  /// Stores all changes or none, at the cost of what is new, whatever is there already.
  @discardableResult
  public func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try changes.validate()
    let changed = try content.withLock { content throws(StoreFailure) in
      try content.apply(changes.changes, at: time.now)
    }
    if changes.changes.contains(where: \.concernsTasks) { taskListeners.tell() }
    if changes.changes.contains(where: \.concernsLogs) { logListeners.tell() }
    if changes.changes.contains(where: \.mayNeedEmbedding) { embeddingListeners.tell() }
    return changed
  }
}

extension InMemoryStore {
  /// A session, or `nil`, in constant time.
  public func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    content.withLock { $0.conversations.session(id) }
  }

  /// The newest sessions, at the cost of the limit.
  public func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    content.withLock { $0.conversations.sessions(limit: limit) }
  }

  /// Sessions by their names, at the cost of those that are looked at: all, until the limit is reached.
  public func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    content.withLock { $0.conversations.sessions(matching: filter, after: after, limit: limit) }
  }

  /// The newest messages before a place, at the cost of the limit.
  public func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    content.withLock { $0.conversations.messages(in: session, before: before, limit: limit) }
  }

  /// What has happened to a log after a revision, at the cost of the limit.
  public func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    content.withLock { $0.conversations.logEvents(in: session, after: after, limit: limit) }
  }

  /// The draft of a session's answer, or `nil`, in constant time.
  public func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    content.withLock { $0.conversations.draft(in: session) }
  }
}

extension InMemoryStore {
  /// A task, or `nil`, in constant time.
  public func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? {
    content.withLock { $0.tasks.task(id) }
  }

  /// The task that was asked for under an idempotency key, or `nil`, in constant time.
  public func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    content.withLock { $0.tasks.task(idempotencyKey: idempotencyKey) }
  }

  /// The newest tasks, at the cost of the limit and of those that are of the same requester, or in the same
  /// states, and do not match.
  public func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    content.withLock { $0.tasks.tasks(matching: filter, limit: limit) }
  }

  /// How many tasks there are, at the cost of the kinds.
  public func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    content.withLock { $0.tasks.statistics }
  }

  /// Claims tasks, at the cost of the limit, of the kinds, and of queued tasks whose own deadline has passed.
  public func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let claimed = content.withLock { $0.tasks.claim(claim, at: time.now) }
    if !claimed.changes.isEmpty { taskListeners.tell() }
    return claimed
  }

  /// The tasks whose alarm has come, at the cost of the limit.
  public func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    content.withLock { $0.tasks.overdue(limit: limit, at: time.now) }
  }

  /// The events of tasks, at the cost of the limit.
  public func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    content.withLock { $0.tasks.events(after: cursor, of: task, limit: limit) }
  }

  /// The place of the newest event, in constant time unless the newest have been removed.
  public func lastTaskEvent() async throws(StoreFailure) -> EventCursor {
    content.withLock { $0.tasks.events.last }
  }

  /// The kinds of which no task is claimed.
  public func pausedTasks() async throws(StoreFailure) -> TaskPause { content.withLock { $0.tasks.pause } }

  /// The next occurrence of a schedule, in constant time.
  public func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    content.withLock { $0.tasks.nextOccurrence(of: schedule) }
  }

  /// Removes tasks that ended long ago, at the cost of their number.
  public func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    let count = content.withLock { content in
      content.prune(finishedFor: finishedFor, deadFor: deadFor, limit: limit, at: time.now)
    }
    if count > 0 { taskListeners.tell() }
    return count
  }

  /// Says that tasks, their pauses or schedules may have changed, until the store is let go of.
  public func taskChanges() -> AsyncStream<Void> { taskListeners.stream() }
}

extension InMemoryStore {
  /// The newest entries of the ledger, at the cost of the limit and of those of the same task, conversation or
  /// provider that do not match.
  public func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    content.withLock { $0.ledger.entries(matching: filter, limit: limit) }
  }

  /// What entries of the ledger come to, at the cost of those of the same task, conversation or provider in the
  /// time that is asked for.
  public func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    content.withLock { $0.ledger.totals(matching: filter) }
  }
}

extension ChangeSet.Change {
  fileprivate var concernsTasks: Bool {
    switch self {
    // Nobody has anything to do because a lease is longer.
    case .transition(_, .renew, _): false
    case .insertTask, .removeTask, .eraseTask, .transition, .pauseTasks, .resumeTasks, .moveSchedule: true
    default: false
    }
  }

  fileprivate var concernsLogs: Bool {
    switch self {
    case .append, .amend, .eraseMessage, .eraseSession: true
    default: false
    }
  }
}
