public import CompanionDomain
public import CompanionPorts
import Synchronization

/// Conversations and tasks in memory, for tests, previews and the simulator.
///
/// It keeps every promise of the ports but one: what it holds ends with the process.
public final class InMemoryStore: ConversationStore, TaskStore {
  private struct Content: Sendable {
    var conversations = StoredConversations()
    var tasks = StoredTasks()
  }

  private enum Undo: Sendable {
    case conversations(StoredConversations.Undo)
    case tasks(StoredTasks.Undo)
  }

  private let time: any TimeSource
  private let content = Mutex(Content())

  /// An empty store.
  ///
  /// - Parameter time: tells which leases have expired.
  public init(time: any TimeSource) { self.time = time }

  /// Stores all changes or none, at the cost of what is new, whatever is there already.
  public func commit(_ changes: ChangeSet) async throws(StoreFailure) {
    try changes.validate()
    try content.withLock { content throws(StoreFailure) in
      var undos: [Undo] = []
      do throws(StoreFailure) {
        for change in changes.changes { undos.append(try Self.apply(change, to: &content)) }
      } catch {
        for undo in undos.reversed() { Self.revert(undo, in: &content) }
        throw error
      }
    }
  }

  private static func apply(
    _ change: ChangeSet.Change, to content: inout Content
  ) throws(StoreFailure) -> Undo {
    switch change {
    case .insertSession(let session): .conversations(try content.conversations.insert(session))
    case .append(let messages, let session, let after):
      .conversations(try content.conversations.append(messages, to: session, after: after))
    case .extendDraft(let draft, let session, let offset):
      .conversations(try content.conversations.extendDraft(draft, of: session, offset: offset))
    case .discardDraft(let session): .conversations(content.conversations.discardDraft(of: session))
    case .insertTask(let task): .tasks(try content.tasks.insert(task))
    case .updateTask(let task): .tasks(try content.tasks.update(task))
    }
  }

  private static func revert(_ undo: Undo, in content: inout Content) {
    switch undo {
    case .conversations(let undo): content.conversations.revert(undo)
    case .tasks(let undo): content.tasks.revert(undo)
    }
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

  /// The newest messages before a place, at the cost of the limit.
  public func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    content.withLock { $0.conversations.messages(in: session, before: before, limit: limit) }
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

  /// The newest tasks in some states, at the cost of the limit.
  public func tasks(
    in states: Set<TaskStateName>, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    content.withLock { $0.tasks.tasks(in: states, limit: limit) }
  }

  /// How many tasks are in some states, at the cost of one step for a few hundred of them.
  public func taskCount(in states: Set<TaskStateName>) async throws(StoreFailure) -> Int {
    content.withLock { $0.tasks.count(in: states) }
  }

  /// Claims tasks, at the cost of the limit and of the leases that have expired.
  public func claim(
    limit: Int, worker: WorkerID, leaseLength: Duration
  ) async throws(StoreFailure) -> [GenerationTask] {
    let now = time.now
    return content.withLock { content in
      content.tasks.claimable(at: now, limit: limit).compactMap { task in
        // Nothing else can have taken it: the lock is held, and it was claimable just now.
        guard let claimed = try? task.applying(.claim(by: worker, leaseLength: leaseLength), at: now)
        else { return nil }
        content.tasks.replace(task, with: claimed)
        return claimed
      }
    }
  }

  /// The first lease to expire, in constant time.
  public func nextLeaseExpiry() async throws(StoreFailure) -> Timestamp? {
    content.withLock { $0.tasks.firstExpiry }
  }
}
