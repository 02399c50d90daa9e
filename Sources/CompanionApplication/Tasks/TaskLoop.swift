package import CompanionDomain
import CompanionPorts
import Synchronization

/// Works on background tasks: claims them, runs them side by side, and stores what they bring back.
///
/// It sleeps until it is woken, or until a lease expires that another worker may have left behind.
package final class TaskLoop: Sendable {
  private struct State {
    /// The tasks in hand, and what cancels each.
    var running: [TaskID: WakeUp] = [:]
    var isStopping = false
  }

  private let environment: Environment
  private let state = Mutex(State())
  private let wakeUp = WakeUp()

  package init(environment: Environment) { self.environment = environment }

  /// Says that there may be new work.
  package func wake() { wakeUp() }

  /// Tells the worker of a task in this process that the task has been cancelled.
  package func signalCancel(of id: TaskID) { state.withLock { $0.running[id] }?() }

  /// Claims no more tasks; ``run()`` returns when those in hand are done or have been given back.
  package func stop() {
    state.withLock { $0.isStopping = true }
    wakeUp()
  }

  /// Works until ``stop()``, and then for a grace period on what is in hand. Cancellation gives everything
  /// back at once.
  package func run() async {
    let worker: WorkerID = environment.identifiers.next()
    await withTaskGroup { group in
      var retry = Retry()
      while !isStopping, !Task.isCancelled {
        let deadline: Timestamp?
        do throws(StoreFailure) {
          for task in try await claim(as: worker) { begin(task, in: &group) }
          deadline = try await nextClaim()
          retry = Retry()
        } catch {
          environment.events.emit(.taskLoopFailed(error))
          deadline = environment.time.now.advanced(by: retry.next())
        }
        await wakeUp.wait(until: deadline, on: environment.time)
      }
      await waitForRunning(until: environment.time.now.advanced(by: environment.configuration.shutdownGrace))
      group.cancelAll()
    }
  }

  /// How long to wait before the store is asked again: 1 s, doubling to 60 s.
  private struct Retry {
    private var delay = Duration.seconds(1)

    mutating func next() -> Duration {
      defer { delay = min(delay * 2, .seconds(60)) }
      return delay
    }
  }

  private var isStopping: Bool { state.withLock { $0.isStopping } }

  private var freeWorkers: Int {
    max(0, environment.configuration.workers - state.withLock { $0.running.count })
  }

  private func claim(as worker: WorkerID) async throws(StoreFailure) -> [GenerationTask] {
    guard freeWorkers > 0 else { return [] }
    return try await environment.store.claim(
      limit: freeWorkers, worker: worker, leaseLength: environment.configuration.leaseLength)
  }

  /// When to look for work without being woken; `nil` when only a wake-up can bring some.
  private func nextClaim() async throws(StoreFailure) -> Timestamp? {
    guard freeWorkers > 0, let expiry = try await environment.store.nextLeaseExpiry() else { return nil }
    // A lease that is over and was not claimed just now is in another worker's hands already.
    return max(expiry, environment.time.now.advanced(by: .seconds(1)))
  }

  private func begin(_ task: GenerationTask, in group: inout TaskGroup<Void>) {
    guard case .running = task.state else {
      // Claiming it has ended it: too many workers died over it, or it was to stop.
      return group.addTask { [environment] in
        await TaskRun(task: task, environment: environment).tellOfEnd()
      }
    }
    let cancel = WakeUp()
    state.withLock { $0.running[task.id] = cancel }
    group.addTask { [self] in
      await TaskRun(task: task, environment: environment).run(cancel: cancel)
      _ = state.withLock { $0.running.removeValue(forKey: task.id) }
      wakeUp()
    }
  }

  private func waitForRunning(until deadline: Timestamp) async {
    while environment.time.now < deadline, !Task.isCancelled, state.withLock({ !$0.running.isEmpty }) {
      await wakeUp.wait(until: deadline, on: environment.time)
    }
  }
}
