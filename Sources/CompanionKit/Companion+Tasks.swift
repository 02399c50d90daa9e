public import CompanionApplication
public import CompanionDomain
public import CompanionPorts

// MARK: Commands

extension Companion {
  /// Asks for a background task. It is stored when this returns.
  ///
  /// - Returns: its name; under an idempotency key that was used before, that of the task it was used for.
  /// - Throws: ``TaskCommandFailure``, which says what is wrong with the request. Nothing was stored then,
  ///   unless a `.store` failure says that this is unknown: ask again, under the same key.
  public func createTask(_ request: TaskRequest) async throws(TaskCommandFailure) -> TaskID {
    try await CreateGenerationTask(engine: engine)(request)
  }

  /// Asks for several background tasks: all are stored, or none.
  ///
  /// - Returns: their names, in the order of the requests.
  /// - Throws: see ``createTask(_:)``.
  public func createTasks(_ requests: [TaskRequest]) async throws(TaskCommandFailure) -> [TaskID] {
    try await CreateGenerationTask(engine: engine)(requests)
  }

  /// Cancels a task.
  ///
  /// - Returns: what the cancellation found, so that "asked to stop" is not mistaken for "stopped".
  /// - Throws: ``TaskCommandFailure/unknownTask(_:)``, or ``TaskCommandFailure/store(_:)``.
  @discardableResult
  public func cancelTask(_ id: TaskID, reason: String) async throws(TaskCommandFailure) -> CancelOutcome {
    try await CancelTask(engine: engine)(id, reason: reason)
  }

  /// Takes a dead letter back, to be worked on as if it were new.
  ///
  /// - Parameters:
  ///   - id: the dead letter.
  ///   - reason: why, for its history.
  ///   - delay: how long it shall wait; `nil` for a backoff. What its provider asked for wins where it is longer.
  /// - Returns: when it may start; `nil` for at once.
  /// - Throws: ``TaskCommandFailure``: the task is no dead letter, has been taken back too often, its deadline
  ///   has passed, or the delay is negative.
  @discardableResult
  public func retryTask(
    _ id: TaskID, reason: String, delay: Duration? = nil
  ) async throws(TaskCommandFailure) -> Timestamp? {
    try await RetryTask(engine: engine)(id, reason: reason, delay: delay)
  }

  /// Lets a task that waits go on.
  ///
  /// - Parameters:
  ///   - id: the task.
  ///   - input: what its handler finds in the next run, such as an answer.
  /// - Throws: ``TaskCommandFailure``; `.refused` when the task waits for nothing.
  public func wakeTask(_ id: TaskID, input: String? = nil) async throws(TaskCommandFailure) {
    try await WakeTask(engine: engine)(id, input: input)
  }

  /// Claims no more tasks of a kind, or of any, in every process on the store. What runs goes on.
  public func pauseTasks(of kind: TaskKind? = nil) async throws(TaskCommandFailure) {
    try await PauseTasks(engine: engine)(kind)
  }

  /// Claims them again. A kind that was paused by itself stays paused when everything is resumed.
  public func resumeTasks(of kind: TaskKind? = nil) async throws(TaskCommandFailure) {
    try await PauseTasks(engine: engine).resume(kind)
  }

  /// Claims one task and works on it, in the caller's task, for a host that has its own loop.
  ///
  /// - Parameters:
  ///   - worker: who claims it; a name that is never used again after a restart.
  ///   - leaseLength: how long it is held without a sign of life, at least a second; `nil` for what is configured.
  ///   - limit: the longest that the attempt may take, whatever its kind says.
  /// - Returns: the task, and the state it was left in, `nil` when it was lost to another worker; or `nil` when
  ///   there was none to claim.
  public func processTask(
    worker: WorkerID, leaseLength: Duration? = nil, limit: Duration? = nil
  ) async throws(StoreFailure) -> (task: GenerationTask, outcome: TaskStateName?)? {
    let processed = try await ProcessTask(engine: engine)(
      worker: worker, leaseLength: leaseLength, limit: limit)
    try? await environment.router.ledger.flush()
    return processed
  }

  /// Reviews the dead letters now, as is done at intervals: those whose failure may pass are taken back, a
  /// bounded number of times, and the others are left to a person. What ended long ago is removed.
  ///
  /// - Returns: how many were taken back, how many left, how many removed.
  @discardableResult
  public func reviewDeadLetters() async throws(StoreFailure) -> (requeued: Int, left: Int, pruned: Int) {
    try await ProcessDeadLetters(engine: engine)()
  }

  /// Looks now, as is done whenever something runs out, after tasks whose time has run out.
  ///
  /// - Returns: how many tasks it has changed.
  @discardableResult
  public func cleanUpTimedOutTasks() async throws(StoreFailure) -> Int {
    try await CleanUpTimedOutTasks(engine: engine)().changed
  }
}

// MARK: Questions

extension Companion {
  /// The background tasks in some states, newest first.
  public func tasks(
    in states: Set<TaskStateName> = Set(TaskStateName.allCases), limit: Int = 20
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await tasks(matching: TaskFilter(states: states), limit: limit)
  }

  /// The background tasks that a filter lets through, newest first.
  public func tasks(
    matching filter: TaskFilter, limit: Int = 20
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await environment.store.tasks(matching: filter, limit: limit)
  }

  /// Where a task stands, how far it is, and how long it has taken.
  public func taskStatus(of id: TaskID) async throws(TaskCommandFailure) -> TaskStatus {
    try await TaskQueries(environment: environment).status(of: id)
  }

  /// What a task has brought back.
  ///
  /// - Throws: ``TaskCommandFailure``: it is not known, not done yet, has failed, or was cancelled.
  public func taskResult(of id: TaskID) async throws(TaskCommandFailure) -> TaskResult {
    try await TaskQueries(environment: environment).result(of: id)
  }

  /// Everything that has happened to a task, in order.
  public func taskHistory(of id: TaskID) async throws(TaskCommandFailure) -> [TaskEvent] {
    try await TaskQueries(environment: environment).history(of: id)
  }

  /// The attempts at a task that failed, oldest first.
  public func taskErrors(of id: TaskID) async throws(TaskCommandFailure) -> [TaskErrorRecord] {
    try await TaskQueries(environment: environment).errors(of: id)
  }

  /// What a task has cost, and may still. What is not known is `nil`, and never zero.
  public func taskCost(of id: TaskID) async throws(TaskCommandFailure) -> TaskCostEstimate {
    try await TaskQueries(environment: environment).cost(of: id)
  }

  /// How many tasks there are of each kind in each state.
  public func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    try await environment.store.taskStatistics()
  }

  /// What became of the attempts of this process so far.
  public var taskOutcomes: TaskOutcomeCounts { engine.outcomes }

  /// Everything that has happened to a task and will, until the event that ends it, in whatever process.
  public func taskUpdates(of id: TaskID, after cursor: EventCursor = .start) -> TaskEventSequence {
    TaskEventSequence(environment: environment, task: id, after: cursor)
  }

  /// Everything that happens to tasks, in whatever process, from a place on.
  ///
  /// - Parameter cursor: the place of the last event that is known; `nil` for only what is still to come.
  public func taskEvents(after cursor: EventCursor? = nil) async throws(StoreFailure) -> TaskEventSequence {
    let start = if let cursor { cursor } else { try await environment.store.lastTaskEvent() }
    return TaskEventSequence(environment: environment, after: start)
  }

  /// Waits until no background task is due, or in this companion's hands. What another process works on, or
  /// what waits for something, is not waited for.
  ///
  /// - Parameter limit: the longest wait.
  /// - Returns: how many tasks are left.
  public func drainTasks(limit: Duration) async throws(StoreFailure) -> Int {
    let events = events(limit: 16)
    let deadline = environment.time.now.advanced(by: limit)
    var hasStopped = false
    while true {
      // While something is in hand there is nothing to count.
      await engine.waitUntilIdle(until: deadline)
      let changes = environment.store.taskChanges()
      let left = try await engine.pendingTasks(until: deadline)
      guard left > 0, !hasStopped, environment.time.now < deadline, !Task.isCancelled else { return left }
      hasStopped = await withTaskGroup { [time = environment.time] group in
        group.addTask { await !Self.seesTaskLeaveWorker(in: events) }
        group.addTask {
          for await _ in changes { return false }
          return false
        }
        group.addTask {
          try? await time.sleep(until: deadline, tolerance: nil)
          return false
        }
        let hasStopped = await group.next() ?? true
        group.cancelAll()
        return hasStopped
      }
    }
  }

  /// Waits until a task leaves a worker's hands, or the line.
  ///
  /// - Returns: `false` when there are no more events: a companion that has stopped works on nothing more.
  private static func seesTaskLeaveWorker(in events: EventStream) async -> Bool {
    for await event in events {
      switch event.kind {
      case .task(.completed, _), .task(.cancelled, _), .task(.deadLettered, _), .task(.released, _),
        .task(.waiting, _), .task(.retried, _), .eventsDropped:
        return true
      default: continue
      }
    }
    return false
  }
}
