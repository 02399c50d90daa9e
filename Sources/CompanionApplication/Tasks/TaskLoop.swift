package import CompanionDomain
package import CompanionPorts
import Synchronization

/// Works on background tasks: claims them, runs them side by side, and stores what they bring back.
///
/// It sleeps until it is woken, or until a lease expires that another worker may have left behind.
package final class TaskLoop: Sendable {
  private struct State {
    /// The claims in hand, and what cancels each. A task that this worker lost and took again is two claims.
    var running: [Claim: WakeUp] = [:]
    var isStopping = false
  }

  private struct Claim: Hashable {
    let task: TaskID
    let lease: LeaseNumber
  }

  private let environment: Environment
  private let worker: WorkerID
  private let state = Mutex(State())
  private let wakeUp = WakeUp()

  package init(environment: Environment) {
    self.environment = environment
    worker = environment.identifiers.next()
  }

  /// Says that there may be new work.
  package func wake() { wakeUp() }

  /// Tells the worker of a task in this process that the task has been cancelled.
  package func signalCancel(of id: TaskID) {
    let signals = state.withLock { state in state.running.filter { $0.key.task == id }.map(\.value) }
    for cancel in signals { cancel() }
  }

  /// How many tasks this loop has in hand, or will take: those that wait, and those that it works on.
  package func pendingTasks() async throws(StoreFailure) -> Int {
    let waiting = try await environment.store.taskCount(in: [.queued])
    let running = try await environment.store.tasks(in: [.running], limit: .max)
    return waiting
      + running.count { if case .running(let lease) = $0.state { lease.worker == worker } else { false } }
  }

  /// Claims no more tasks; ``run()`` returns when those in hand are done or have been given back.
  package func stop() {
    state.withLock { $0.isStopping = true }
    wakeUp()
  }

  /// Works until ``stop()``, and then for a grace period on what is in hand. Cancellation gives everything
  /// back at once.
  package func run() async {
    await withDiscardingTaskGroup { group in
      var retry = Retry()
      while !isStopping, !Task.isCancelled {
        let deadline: Timestamp?
        do throws(StoreFailure) {
          let limit = freeWorkers
          let claimed = limit > 0 ? try await claim(limit) : []
          for task in claimed { begin(task, in: &group) }
          // Claiming may end a task instead of starting it, and leave its place to the next in line.
          if claimed.count == limit, freeWorkers > 0 { continue }
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

  private func claim(_ limit: Int) async throws(StoreFailure) -> [GenerationTask] {
    try await environment.store.claim(
      limit: limit, worker: worker, leaseLength: environment.configuration.leaseLength)
  }

  /// When to look for work without being woken; `nil` when only the end of a run can make room for some.
  private func nextClaim() async throws(StoreFailure) -> Timestamp? {
    guard freeWorkers > 0 else { return nil }
    let now = environment.time.now
    let sweep = now.advanced(by: Self.sweepInterval)
    guard let expiry = try await environment.store.nextLeaseExpiry() else { return sweep }
    // A lease that is over and was not claimed just now is in another worker's hands already.
    return min(sweep, max(expiry, now.advanced(by: .seconds(1))))
  }

  /// How long what another process has left behind, unseen, may wait at the most.
  private static let sweepInterval = Duration.seconds(300)

  private func begin(_ task: GenerationTask, in group: inout DiscardingTaskGroup) {
    guard case .running = task.state else {
      // Claiming it has ended it: too many workers died over it, or it was to stop.
      return group.addTask { [environment] in
        await TaskRun(task: task, environment: environment).tellOfEnd()
      }
    }
    let cancel = WakeUp()
    let claim = Claim(task: task.id, lease: task.lease)
    state.withLock { $0.running[claim] = cancel }
    group.addTask { [self] in
      await TaskRun(task: task, environment: environment).run(cancel: cancel)
      _ = state.withLock { $0.running.removeValue(forKey: claim) }
      wakeUp()
    }
  }

  private func waitForRunning(until deadline: Timestamp) async {
    while environment.time.now < deadline, !Task.isCancelled, state.withLock({ !$0.running.isEmpty }) {
      await wakeUp.wait(until: deadline, on: environment.time)
    }
  }
}
