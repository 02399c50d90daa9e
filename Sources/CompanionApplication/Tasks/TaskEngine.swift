public import CompanionDomain
package import CompanionPorts
import Synchronization

/// Works on background tasks, and looks after them: the services around one store, in one process.
package final class TaskEngine: Sendable {
  /// A claim in hand: a task that this process lost and took again is two of them.
  struct Run: Sendable {
    let task: GenerationTask
    fileprivate let signal: RunSignal
    fileprivate var claim: Claim { Claim(task: task.id, lease: task.lease) }
  }

  fileprivate struct Claim: Hashable {
    let task: TaskID
    let lease: LeaseNumber
  }

  private struct State {
    var running: [Claim: (kind: TaskKind, signal: RunSignal)] = [:]
    var isStopping = false
    var outcomes = TaskOutcomeCounts()
  }

  package let environment: Environment
  /// This process's workers. The name is new with every start, and never used again.
  package let worker: WorkerID
  let registry: TaskRegistry
  let schedules: [TaskSchedule]
  private let state = Mutex(State())
  private let workersWakeUp = WakeUp()
  private let sweeper: SweepAlarm
  /// One claim at a time, so that each counts what the one before has taken.
  private let claiming = ConcurrencyLimit(1)
  private let endings: AsyncStream<GenerationTask>
  private let addEnding: AsyncStream<GenerationTask>.Continuation
  private let stopWakeUps = [WakeUp(), WakeUp()]

  /// - Parameters:
  ///   - environment: what to work with.
  ///   - registrations: the kinds of tasks that are done here.
  ///   - schedules: what becomes a task again and again.
  package init(
    environment: Environment, registrations: [TaskRegistration], schedules: [TaskSchedule] = []
  ) {
    self.environment = environment
    self.schedules = schedules
    worker = environment.identifiers.next()
    registry = TaskRegistry(registrations, configuration: environment.configuration.tasks)
    sweeper = SweepAlarm(time: environment.time)
    (endings, addEnding) = AsyncStream.makeStream()
  }

  /// Works until ``stop()``, and then for a grace period on what is in hand. Cancellation gives everything
  /// back at once.
  package func run() async {
    await withTaskGroup { group in
      group.addTask { await self.passOnChanges() }
      group.addTask { await self.endElsewhere(self.endings) }
      group.addTask { await CleanUpTimedOutTasks(engine: self).run(on: self.sweeper) }
      group.addTask { await ProcessDeadLetters(engine: self).run(on: self.stopWakeUps[0]) }
      group.addTask { await CreatePeriodicTasks(engine: self).run(on: self.stopWakeUps[1]) }
      await ProcessPendingTasks(engine: self, wakeUp: workersWakeUp).run()
      group.cancelAll()
    }
  }

  /// Claims no more tasks; ``run()`` returns when those in hand are done or have been given back.
  package func stop() {
    state.withLock { $0.isStopping = true }
    workersWakeUp()
  }

  /// Says that there may be new work.
  package func wake() { workersWakeUp() }

  /// What became of the attempts of this process so far.
  package var outcomes: TaskOutcomeCounts { state.withLock { $0.outcomes } }

  /// How many tasks this engine has in hand, or will take until a time: those that it works on, and those that
  /// are queued and due by then.
  package func pendingTasks(until time: Timestamp) async throws(StoreFailure) -> Int {
    let filter = TaskFilter(states: [.queued, .running])
    return try await environment.store.tasks(matching: filter, limit: .max).count { task in
      switch task.state {
      case .queued(let queueing): queueing.notBefore.map { $0 <= time } ?? true
      case .running(let hold): hold.worker == worker
      default: false
      }
    }
  }

  /// Tells the worker of a task in this process that the task has been cancelled.
  package func signalCancel(of id: TaskID) {
    let signals = state.withLock { state in state.running.filter { $0.key.task == id }.map(\.value.signal) }
    for signal in signals { signal.give(.cancelRequested) }
  }

  // MARK: For the services

  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// How many tasks are in hand.
  package var runningCount: Int { state.withLock { $0.running.count } }

  /// Ends what goes on elsewhere for a task, without waiting for it.
  func endElsewhereLater(_ task: GenerationTask) { addEnding.yield(task) }

  /// Claims tasks and takes them in hand: each has to be worked on.
  ///
  /// - Parameter cap: the longest that an attempt may take, whatever its kind says.
  func claim(
    worker: WorkerID, limit: Int, cap: Duration? = nil
  ) async throws(StoreFailure) -> (runs: [Run], nextDue: Duration?) {
    // Whoever is cancelled while it waits claims nothing.
    guard (try? await claiming.enter()) != nil else { return ([], nil) }
    defer { claiming.leave() }
    let running = state.withLock { state in
      state.running.values.reduce(into: [TaskKind: Int]()) { $0[$1.kind, default: 0] += 1 }
    }
    let claimed = try await environment.store.claim(
      TaskClaim(
        worker: worker, limit: limit, leaseLength: environment.configuration.tasks.leaseLength,
        kinds: registry.rooms(running: running, cap: cap), others: registry.roomForOthers))
    for change in claimed.changes {
      environment.announce(change)
      if let alarm = change.task.alarm { sweeper.note(in: claimed.now.duration(to: alarm)) }
    }
    let runs = claimed.changes.map { Run(task: $0.task, signal: RunSignal()) }
    state.withLock { state in
      for run in runs { state.running[run.claim] = (run.task.request.kind, run.signal) }
    }
    return (runs, claimed.nextDue.map { claimed.now.duration(to: $0) })
  }

  /// Works on a task in hand until it is out of this worker's hands.
  func work(on run: Run) async -> TaskRun.Result {
    let task = run.task
    let limit: Duration? =
      if case .running(let hold) = task.state { hold.deadline.map { hold.startedAt.duration(to: $0) } } else {
        nil
      }
    let result = await TaskRun(task: task, attemptLimit: limit, registry: registry, environment: environment)
      .run(signal: run.signal) { [sweeper, workersWakeUp] in
        sweeper.note(in: $0)
        workersWakeUp()
      }
    state.withLock { state in
      state.running[run.claim] = nil
      state.outcomes.count(result)
    }
    // There is room for the next, whoever has worked on this one; news of its end came while it still counted.
    workersWakeUp()
    return result
  }

  /// Passes on that something has changed, in this process or another.
  private func passOnChanges() async {
    for await _ in environment.store.taskChanges() {
      workersWakeUp()
      sweeper.noteChange()
    }
  }
}

/// What became of attempts.
public struct TaskOutcomeCounts: Hashable, Sendable {
  /// How many attempts ended with the task in each state; a retry is one that left it queued.
  public internal(set) var byState: [TaskStateName: Int] = [:]
  /// How many attempts did not count, because the task was no longer this process's.
  public internal(set) var lost = 0

  mutating func count(_ result: TaskRun.Result) {
    switch result {
    case .stored(let state): byState[state, default: 0] += 1
    case .lost: lost += 1
    }
  }
}
