public import CompanionDomain

/// Where background tasks are kept.
public protocol TaskStore: ChangeStore {
  /// A task, or `nil`.
  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask?

  /// Tasks by their time of creation, newest first; of the same time, by identifier, highest first.
  ///
  /// - Parameters:
  ///   - states: only tasks in these states.
  ///   - limit: the most tasks; below one gives none.
  func tasks(in states: Set<TaskStateName>, limit: Int) async throws(StoreFailure) -> [GenerationTask]

  /// How many tasks are in some states.
  func taskCount(in states: Set<TaskStateName>) async throws(StoreFailure) -> Int

  /// Applies ``TaskTransition/claim(by:leaseLength:)`` to the claimable tasks that have waited longest, at
  /// the store's time, and stores the outcome.
  ///
  /// Queued tasks and those with an expired lease wait in one line, by their time of creation, oldest first;
  /// of the same time, by identifier, lowest first. Each is claimed by one caller alone, in whatever process.
  ///
  /// - Parameter limit: the most tasks; below one claims none.
  /// - Returns: the tasks as they are now, in that order. One that may not run again comes back ended instead
  ///   of running.
  func claim(
    limit: Int, worker: WorkerID, leaseLength: Duration
  ) async throws(StoreFailure) -> [GenerationTask]

  /// When the first lease of a running task expires; `nil` when no task is running.
  func nextLeaseExpiry() async throws(StoreFailure) -> Timestamp?
}
