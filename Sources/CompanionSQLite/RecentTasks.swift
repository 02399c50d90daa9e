import CompanionDomain

/// Tasks as the writer has left them, so that it does not read what it has just written.
///
/// It is right for as long as the writer is the only one that writes: whoever keeps it forgets everything
/// when the file was changed by another connection, and when a transaction of the writer was undone.
struct RecentTasks {
  /// A task beyond this size is read again; the bytes of its payload.
  private static let maximumBytes = 16_384
  private static let maximumCount = 1024

  private var tasks: [Int64: GenerationTask] = [:]
  private var keys: [TaskID: Int64] = [:]

  func task(at key: Int64) -> GenerationTask? { tasks[key] }

  func entry(_ id: TaskID) -> (key: Int64, task: GenerationTask)? {
    guard let key = keys[id], let task = tasks[key] else { return nil }
    return (key, task)
  }

  /// Remembers a task that waits, if there is room, and one that is worked on in any case; forgets one that
  /// has ended.
  mutating func remember(_ task: GenerationTask, at key: Int64) {
    guard !task.state.isFinal, task.request.payload.json.utf8.count <= Self.maximumBytes else {
      forget(task.id)
      return
    }
    if tasks.count >= Self.maximumCount, tasks[key] == nil {
      guard task.state.name == .running else { return }
      forgetAll()
    }
    tasks[key] = task
    keys[task.id] = key
  }

  mutating func forget(_ id: TaskID) {
    guard let key = keys.removeValue(forKey: id) else { return }
    tasks[key] = nil
  }

  mutating func forgetAll() {
    guard !tasks.isEmpty else { return }
    tasks.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
  }
}
