import CompanionDomain
import CompanionPorts

extension TaskEngine {
  /// Lets tasks that wait for a provider go on: one may be ready now.
  ///
  /// - Returns: how many there were.
  func wakeTasksThatWaitForProvider() async throws(StoreFailure) -> Int {
    try await wake(where: { wait in if case .provider = wait.reason { true } else { false } })
  }

  /// Lets tasks whose job runs at a provider go on, so that they leave it.
  ///
  /// - Returns: how many there were.
  func moveJobs(from provider: ProviderID) async throws(StoreFailure) -> Int {
    var moved = 0
    for task in try await waitingTasks(where: { if case .providerJob = $0.reason { true } else { false } }) {
      guard ReasoningCheckpoint(of: task)?.provider == provider else { continue }
      let input = TaskInput.leave(provider)
      if case .applied = try await ApplyTransition(environment: environment)(.wake(input: input), to: task.id)
      {
        moved += 1
      }
    }
    if moved > 0 { wake() }
    return moved
  }

  /// Takes tasks that run in this process from their workers, and puts them back in the line.
  ///
  /// - Returns: how many were still running.
  func takeBack(_ ids: [TaskID]) async throws(StoreFailure) -> Int {
    var taken = 0
    for id in ids {
      guard let task = try await environment.store.task(id), case .running = task.state else { continue }
      let outcome = try await ApplyTransition(environment: environment)(.release(task.lease), to: id)
      guard case .applied = outcome else { continue }
      _ = signalLoss(of: task)
      taken += 1
    }
    if taken > 0 { wake() }
    return taken
  }

  private func wake(where isMeant: (TaskWait) -> Bool) async throws(StoreFailure) -> Int {
    var woken = 0
    for task in try await waitingTasks(where: isMeant) {
      if case .applied = try await ApplyTransition(environment: environment)(.wake(input: nil), to: task.id) {
        woken += 1
      }
    }
    if woken > 0 { wake() }
    return woken
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
