public import CompanionApplication
public import CompanionDomain
public import CompanionPorts

extension Companion {
  /// The background tasks in some states, newest first.
  public func tasks(
    in states: Set<TaskStateName> = Set(TaskStateName.allCases), limit: Int = 20
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await environment.store.tasks(in: states, limit: limit)
  }

  /// Cancels a task.
  ///
  /// - Returns: what the cancellation found, so that "asked to stop" is not mistaken for "stopped".
  /// - Throws: `ChatFailure.unknownTask`, or `ChatFailure.store`.
  @discardableResult
  public func cancelTask(_ id: TaskID, reason: String) async throws(ChatFailure) -> CancelOutcome {
    try await CancelTask(environment: environment, loop: taskLoop)(id, reason: reason)
  }

  /// Waits until no background task is waiting, or in this companion's hands. What another process works on
  /// is not waited for.
  ///
  /// - Parameter limit: the longest wait.
  /// - Returns: how many tasks are left.
  public func drainTasks(limit: Duration) async throws(StoreFailure) -> Int {
    let events = events(limit: 16)
    let deadline = environment.time.now.advanced(by: limit)
    while true {
      let left = try await taskLoop.pendingTasks()
      guard left > 0, environment.time.now < deadline, !Task.isCancelled else { return left }
      let hasStopped = await withTaskGroup(of: Bool.self) { group in
        group.addTask { await !Self.seesEndOfTask(in: events) }
        group.addTask { [time = environment.time] in
          try? await time.sleep(until: deadline, tolerance: nil)
          return false
        }
        let hasStopped = await group.next() ?? true
        group.cancelAll()
        return hasStopped
      }
      // A companion that has stopped works on nothing more.
      if hasStopped { return try await taskLoop.pendingTasks() }
    }
  }

  /// Waits until a task ends.
  ///
  /// - Returns: `false` when there are no more events.
  private static func seesEndOfTask(in events: EventStream) async -> Bool {
    for await event in events {
      switch event.kind {
      case .taskCompleted, .taskCancelled, .taskDeadLettered, .taskReleased, .eventsDropped: return true
      default: continue
      }
    }
    return false
  }
}
