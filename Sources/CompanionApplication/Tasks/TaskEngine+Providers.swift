import CompanionDomain
import CompanionPorts

extension TaskEngine {
  /// Lets tasks that wait for a provider go on: one may be ready now.
  func wakeTasksThatWaitForProvider() async throws(StoreFailure) {
    var woken = 0
    try await wake(try await tasksThatWaitForProvider(), input: nil, count: &woken)
  }

  /// The tasks that wait until a provider can be called.
  func tasksThatWaitForProvider() async throws(StoreFailure) -> [GenerationTask] {
    try await waitingTasks { if case .provider = $0.reason { true } else { false } }
  }

  /// The tasks whose jobs run at a provider.
  func tasksWithJobs(at provider: ProviderID) async throws(StoreFailure) -> [GenerationTask] {
    try await waitingTasks { if case .providerJob = $0.reason { true } else { false } }
      .filter { ReasoningCheckpoint(of: $0)?.provider == provider }
  }

  /// Lets tasks go on that wait.
  ///
  /// - Parameter count: raised by one for each that has gone on, also when the store fails at a later one.
  func wake(
    _ tasks: [GenerationTask], input: TaskInput?, count: inout Int
  ) async throws(StoreFailure) {
    let before = count
    defer { if count > before { wake() } }
    for task in tasks {
      if case .applied = try await ApplyTransition(environment: environment)(.wake(input: input), to: task.id)
      {
        count += 1
      }
    }
  }

  /// Takes tasks that run in this process from their workers, and puts them back in the line.
  ///
  /// - Parameter count: raised by one for each that was still running, also when the store fails at a later one.
  func takeBack(_ ids: [TaskID], count: inout Int) async throws(StoreFailure) {
    let before = count
    defer { if count > before { wake() } }
    for id in ids {
      guard let task = try await environment.store.task(id), case .running = task.state else { continue }
      let outcome = try await ApplyTransition(environment: environment)(.release(task.lease), to: id)
      guard case .applied = outcome else { continue }
      _ = signalLoss(of: task)
      count += 1
    }
  }

  private func waitingTasks(
    where isMeant: (TaskWait) -> Bool
  ) async throws(StoreFailure) -> [GenerationTask] {
    var found: [GenerationTask] = []
    var filter = TaskFilter(states: [.waiting])
    while true {
      let page = try await environment.store.tasks(matching: filter, limit: Self.pageLength)
      found += page.filter { task in
        if case .waiting(let wait) = task.state { isMeant(wait) } else { false }
      }
      guard page.count == Self.pageLength, let last = page.last else { return found }
      filter.after = last.id
    }
  }

  private static let pageLength = 500
}
