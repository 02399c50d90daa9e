import CompanionDomain
import CompanionPorts

/// The tasks of an ``InMemoryStore``, with the orders in which they are listed and claimed.
struct StoredTasks: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case remove(GenerationTask)
    case replace(GenerationTask, with: GenerationTask)
  }

  private var tasks: [TaskID: GenerationTask] = [:]
  private var byCreation: [TaskStateName: OrderedIndex<TimedKey<TaskID>>] = [:]
  /// The running tasks, by the end of their lease.
  private var byExpiry = OrderedIndex<TimedKey<TaskID>>()

  func task(_ id: TaskID) -> GenerationTask? { tasks[id] }

  func tasks(in states: Set<TaskStateName>, limit: Int) -> [GenerationTask] {
    let limit = max(0, limit)
    let newest = states.flatMap { byCreation[$0]?.descending.prefix(limit).map(\.self) ?? [] }
    return newest.sorted(by: >).prefix(limit).compactMap { tasks[$0.id] }
  }

  func count(in states: Set<TaskStateName>) -> Int { states.reduce(0) { $0 + (byCreation[$1]?.count ?? 0) } }

  /// The tasks that a worker may claim, in the order in which they wait.
  ///
  /// The cost is that of the limit and of the expired leases, however many tasks wait or have ended.
  func claimable(at now: Timestamp, limit: Int) -> [GenerationTask] {
    let limit = max(0, limit)
    let queued = byCreation[.queued]?.ascending.prefix(limit).map(\.self) ?? []
    let expired = byExpiry.ascending.prefix { $0.time <= now }.compactMap { tasks[$0.id]?.creationKey }
    let line = expired.isEmpty ? queued : (queued + expired).sorted()
    return line.prefix(limit).compactMap { tasks[$0.id] }
  }

  var firstExpiry: Timestamp? { byExpiry.ascending.first { _ in true }?.time }

  mutating func insert(_ task: GenerationTask) throws(StoreFailure) -> Undo {
    guard tasks[task.id] == nil else { throw .conflict(.taskExists) }
    add(task)
    return .remove(task)
  }

  mutating func update(_ task: GenerationTask) throws(StoreFailure) -> Undo {
    guard let current = tasks[task.id], current.revision == task.revision &- 1 else {
      throw .conflict(.taskMoved)
    }
    replace(current, with: task)
    return .replace(task, with: current)
  }

  mutating func replace(_ current: GenerationTask, with next: GenerationTask) {
    remove(current)
    add(next)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .remove(let task): remove(task)
    case .replace(let current, let previous): replace(current, with: previous)
    }
  }

  private mutating func add(_ task: GenerationTask) {
    tasks[task.id] = task
    byCreation[task.state.name, default: OrderedIndex()].insert(task.creationKey)
    if let key = task.expiryKey { byExpiry.insert(key) }
  }

  private mutating func remove(_ task: GenerationTask) {
    tasks[task.id] = nil
    byCreation[task.state.name]?.remove(task.creationKey)
    if let key = task.expiryKey { byExpiry.remove(key) }
  }
}

extension GenerationTask {
  fileprivate var creationKey: TimedKey<TaskID> { TimedKey(time: createdAt, id: id) }

  fileprivate var expiryKey: TimedKey<TaskID>? {
    guard case .running(let lease) = state else { return nil }
    return TimedKey(time: lease.expiresAt, id: id)
  }
}
