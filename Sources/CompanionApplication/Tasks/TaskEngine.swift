public import CompanionDomain
package import CompanionPorts
import Synchronization

/// Works on background tasks, and looks after them: the services around one store, in one process.
package final class TaskEngine: Sendable {
  /// A claim in hand: a task that this process lost and took again is two of them.
  struct Run: Sendable {
    let task: GenerationTask
    let leaseLength: Duration
    let signal = RunSignal()
    fileprivate var claim: Claim { Claim(task: task.id, lease: task.lease) }
  }

  fileprivate struct Claim: Hashable {
    let task: TaskID
    let lease: LeaseNumber
  }

  private struct State {
    var running: [Claim: (kind: TaskKind, signal: RunSignal)] = [:]
    var isStopping = false
    /// Counts claims, so that kinds that share a limit take turns.
    var claims = 0
    var outcomes = TaskOutcomeCounts()
    /// Those who wait until nothing is in hand.
    var idleWakeUps: [WakeUp] = []
    /// How many handlers are being, or are to be, told to end what goes on elsewhere.
    var endings = 0
    /// Those who wait until none is.
    var endingWakeUps: [WakeUp] = []
  }

  package let environment: Environment
  /// This process's workers. The name is new with every start, and never used again.
  package let worker: WorkerID
  let registry: TaskRegistry
  let schedules: [TaskSchedule]
  private let state = Mutex(State())
  private let workersWakeUp = WakeUp()
  let sweeper: SweepAlarm
  /// One claim at a time, so that each counts what the one before has taken.
  let claiming = ConcurrencyLimit(1)
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
    (endings, addEnding) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1_000))
  }

  /// Works until ``stop()``, and then for a grace period on what is in hand. Cancellation gives everything
  /// back at once.
  package func run() async {
    // Whatever changes from here on is told, and what was before is found by looking.
    let changes = environment.store.taskChanges()
    await withTaskGroup { group in
      group.addTask { await self.passOn(changes) }
      group.addTask { await self.endElsewhere(self.endings) }
      group.addTask { await CleanUpTimedOutTasks(engine: self).run(on: self.sweeper) }
      group.addTask { await ProcessDeadLetters(engine: self).run(on: self.stopWakeUps[0]) }
      group.addTask { await CreatePeriodicTasks(engine: self).run(on: self.stopWakeUps[1]) }
      await ProcessPendingTasks(engine: self, wakeUp: workersWakeUp).run()
      await waitForEndings()
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
  /// are queued, due by then, and neither paused nor left to others. More than 1,000 count as that.
  package func pendingTasks(until time: Timestamp) async throws(StoreFailure) -> Int {
    let statistics = try await environment.store.taskStatistics()
    guard statistics.count(.queued) + statistics.count(.running) > 0 else { return 0 }
    let pause = try await environment.store.pausedTasks()
    let filter = TaskFilter(states: [.queued, .running])
    return try await environment.store.tasks(matching: filter, limit: 1_000).count { task in
      switch task.state {
      case .queued(let queueing):
        queueing.notBefore.map { $0 <= time } ?? true && !pause.covers(task.request.kind)
          && registry.takes(task.request.kind)
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

  /// Tells the worker of a task in this process that the task is no longer its own.
  ///
  /// - Parameter change: what has ended the task, if it has ended.
  /// - Returns: whether there is such a worker here.
  func signalLoss(of task: GenerationTask, endedBy change: TaskChange? = nil) -> Bool {
    let signal = state.withLock { $0.running[Claim(task: task.id, lease: task.lease)]?.signal }
    signal?.give(change.map { .ended($0) } ?? .lost)
    return signal != nil
  }

  /// Tells the worker of a task in this process that the task has been removed, under whatever lease it has it.
  ///
  /// - Returns: whether there is such a worker here.
  func signalRemoval(of task: GenerationTask) -> Bool {
    let signals = state.withLock { state in
      state.running.filter { $0.key.task == task.id }.map(\.value.signal)
    }
    for signal in signals { signal.give(.ended(TaskChange(task: task, event: nil))) }
    return !signals.isEmpty
  }

  // MARK: For the services

  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// - Returns: how many tasks of each kind are in hand, and how many claims there were before.
  func beginClaim() -> (running: [TaskKind: Int], turn: Int) {
    state.withLock { state in
      defer { state.claims = (state.claims + 1) % 1_000_000 }
      return (state.running.values.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }, state.claims)
    }
  }

  /// Takes claimed tasks in hand.
  func register(_ runs: [Run]) {
    state.withLock { state in
      for run in runs { state.running[run.claim] = (run.task.request.kind, run.signal) }
    }
  }

  /// Lets go of a task.
  func forget(_ run: Run, _ result: TaskRun.Result) {
    let idle = state.withLock { state -> [WakeUp] in
      state.running[run.claim] = nil
      state.outcomes.count(result)
      guard state.running.isEmpty else { return [] }
      defer { state.idleWakeUps = [] }
      return state.idleWakeUps
    }
    for wakeUp in idle { wakeUp() }
  }

  /// Waits until nothing is in hand, and everybody has been told of it; until a deadline at the longest.
  package func waitUntilIdle(until deadline: Timestamp) async {
    while environment.time.now < deadline, !Task.isCancelled {
      let wakeUp = WakeUp()
      let isIdle = state.withLock { state in
        if !state.running.isEmpty { state.idleWakeUps.append(wakeUp) }
        return state.running.isEmpty
      }
      guard !isIdle else { return }
      await wakeUp.wait(until: deadline, on: environment.time)
    }
  }

  /// How many tasks are in hand.
  package var runningCount: Int { state.withLock { $0.running.count } }

  /// Ends what goes on elsewhere for a task, without waiting for it.
  func endElsewhereLater(_ task: GenerationTask) {
    beginEnding()
    // What does not fit in would wait for long.
    if case .enqueued = addEnding.yield(task) { return }
    finishEnding()
  }

  /// Counts a handler that is, or will be, told to end what goes on elsewhere.
  func beginEnding() { state.withLock { $0.endings += 1 } }

  /// Counts it as told.
  func finishEnding() {
    let waiting = state.withLock { state -> [WakeUp] in
      state.endings -= 1
      guard state.endings <= 0 else { return [] }
      defer { state.endingWakeUps = [] }
      return state.endingWakeUps
    }
    for wakeUp in waiting { wakeUp() }
  }

  /// Waits until everything that goes on elsewhere for nothing has been ended, for a grace period at the longest.
  package func waitForEndings() async {
    let wakeUp = WakeUp()
    let isIdle = state.withLock { state in
      if state.endings > 0 { state.endingWakeUps.append(wakeUp) }
      return state.endings == 0
    }
    guard !isIdle else { return }
    let grace = environment.configuration.tasks.shutdownGrace
    await wakeUp.wait(until: environment.time.now.advanced(by: grace), on: environment.time)
  }

  /// Passes on that something has changed, in this process or another.
  private func passOn(_ changes: AsyncStream<Void>) async {
    for await _ in changes {
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
