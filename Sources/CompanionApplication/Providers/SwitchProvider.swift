package import CompanionDomain
import CompanionPorts

/// Brings what goes to one provider to another.
///
/// New calls go to the other one from now on, and the first one has the lowest priority. Tasks that wait for a provider
/// go on at once. Those that run, or whose job runs at the provider, go on where they are unless that is asked
/// for: what they have done there may be billed, and is done again.
package struct SwitchProvider: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var router: ModelRouter { engine.environment.router }

  /// - Parameter includingRunning: whether tasks that run at the first provider are taken from it: each gets a new
  ///   lease, its old call is aborted, and what that still brings is not taken.
  /// - Returns: how many tasks were moved.
  /// - Throws: `partlyMoved` when the store failed after calls and perhaps tasks had gone to the other one, which is
  ///   where they stay; any other failure when everything is where it was.
  package func callAsFunction(
    from source: ProviderID, to target: ProviderID, reason: String, includingRunning: Bool = false
  ) async throws(ProviderCommandFailure) -> Int {
    guard source != target else { throw .sameProvider(source) }
    try router.checkSwitch(from: source, to: target)
    let waiting: [GenerationTask]
    let jobs: [GenerationTask]
    do throws(StoreFailure) {
      waiting = try await engine.tasksThatWaitForProvider()
      jobs = includingRunning ? try await engine.tasksWithJobs(at: source) : []
    } catch {
      throw .store(error)
    }
    try router.switchCalls(from: source, to: target)
    var moved = 0
    var failure: StoreFailure?
    do throws(StoreFailure) {
      try await engine.wake(waiting, input: nil, count: &moved)
      if includingRunning {
        // What is in a worker's hands between two calls leaves at its next look.
        router.leave(source)
        try await engine.takeBack(router.tasks(of: source), count: &moved)
        try await engine.wake(jobs, input: .leave(source), count: &moved)
      }
    } catch {
      failure = error
    }
    engine.environment.events.emit(
      .providerSwitched(from: source, to: target, reason: reason, movedTasks: moved))
    if let failure { throw .partlyMoved(to: target, tasks: moved, failure) }
    return moved
  }
}
