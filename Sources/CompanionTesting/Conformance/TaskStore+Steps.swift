import CompanionDomain
import CompanionPorts

/// The steps of which checks of task stores are made.
extension TaskStore {
  /// Stores a new task, and everything that the transitions make of it.
  @discardableResult
  func insert(_ task: GenerationTask, _ transitions: TaskTransition...) async throws -> GenerationTask {
    let added = try await commit(.insertTask(task))
    try expect(added, [TaskChange(task: task, event: task.creation)], "what is returned for a new task")
    var task = task
    for transition in transitions { task = try await change(task.id, transition).task }
    return task
  }

  /// Stores new tasks.
  func insert(_ tasks: [GenerationTask]) async throws {
    try await commit(ChangeSet(tasks.map { .insertTask($0) }))
  }

  /// Stores what a transition makes of a task.
  @discardableResult
  func change(
    _ id: TaskID, _ transition: TaskTransition, revision: Int64? = nil
  ) async throws -> TaskChange {
    let changed = try await commit(.transition(id, transition, revision: revision))
    try expect(changed.count, 1, "the number of tasks that a transition changes")
    return changed[0]
  }

  /// Claims tasks for 30 seconds; of all kinds and as many as there are, unless said otherwise.
  func take(
    _ limit: Int = .max, worker: Int = 5, lease: Duration = .seconds(30),
    kinds: [TaskKind: TaskClaim.Room] = [:], others: TaskClaim.Room? = TaskClaim.Room()
  ) async throws -> ClaimedTasks {
    try await claim(
      TaskClaim(worker: Make.id(worker), limit: limit, leaseLength: lease, kinds: kinds, others: others))
  }

  /// All tasks, newest first.
  func allTasks() async throws -> [GenerationTask] { try await tasks(matching: TaskFilter(), limit: .max) }

  /// The events of a task, or of all.
  func events(of task: TaskID? = nil) async throws -> [RecordedTaskEvent] {
    try await taskEvents(after: .start, of: task, limit: .max)
  }
}

extension ClaimedTasks {
  /// The numbers of the claimed tasks; see ``Make/numbers(_:)``.
  var numbers: [Int] { Make.numbers(changes.map(\.task)) }
}

func expectRefusal(
  _ refusal: TransitionRefusal, _ body: () async throws(StoreFailure) -> Void
) async throws {
  try await expectConflict(.refused(refusal), body)
}
