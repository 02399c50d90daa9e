import CompanionDomain
import CompanionPorts
import Synchronization

/// A service that does one run after another: at once when it starts, then when a pause is over, or sooner when there
/// is enough to do.
///
/// It sleeps until one of these is due. It serves once, from ``start()`` or ``serve()`` to ``stop()``.
final class RepeatedRuns<Run: Sendable>: Sendable {
  /// What is run, and when.
  struct Plan: Sendable {
    /// The service's name, for events.
    var name: String
    /// How long a run that is under way may go on when the service is stopped.
    var stopGrace: Duration
    /// How long it waits for more changes, so that a burst of them is one run.
    var debounce: Duration
    /// Tells that there may be something to do.
    var changes: @Sendable () -> AsyncStream<Void>
    /// Whether there is enough to do for a run before the pause is over; asked after changes.
    var isWorthwhile: @Sendable () async -> Bool
    /// How long to wait after a run at the longest.
    var pause: @Sendable (Run) -> Duration
    /// Does a run. It may end sooner when the signal is given.
    var run: @Sendable (EndSignal) async -> Run
    /// What is told to those who wait for a run that does not come any more.
    var noRun: @Sendable () -> Run
  }

  private enum Phase { case idle, running, ended }

  private struct State {
    var phase = Phase.idle
    var service: Task<Void, Never>?
    var lastRun: Run?
    /// Those who want a run that begins from now on.
    var waiting: [CheckedContinuation<Run?, Never>] = []
  }

  private let plan: Plan
  private let time: any TimeSource
  private let events: EventEmitter
  private let state = Mutex(State())
  private let wakeUp = WakeUp()
  private let stopping = EndSignal()
  private let ended = EndSignal()

  init(_ plan: Plan, environment: Environment) {
    self.plan = plan
    time = environment.time
    events = environment.events
  }

  /// Whether it serves.
  var isRunning: Bool { state.withLock { $0.phase == .running } }

  /// The last run that has ended; `nil` before.
  var lastRun: Run? { state.withLock { $0.lastRun } }

  /// Serves until ``stop()``, or until the task is cancelled, which gives up the run that is under way.
  func serve() async {
    let mayServe = state.withLock { state in
      guard state.phase == .idle else { return false }
      state.phase = .running
      return true
    }
    if mayServe { await loop() }
  }

  /// Serves in the background until ``stop()``. Starting it twice changes nothing.
  func start() {
    state.withLock { state in
      guard state.phase == .idle else { return }
      state.phase = .running
      state.service = Unstructured.start(name: plan.name) { [self] in await loop() }
    }
  }

  /// Ends it, and waits for its end: at once while it waits; a run that is under way is given its grace, and then it is
  /// cancelled.
  func stop() async {
    let neverRan = state.withLock { state in
      defer { if state.phase == .idle { state.phase = .ended } }
      return state.phase == .idle
    }
    if neverRan { ended.give() }
    requestStop()
    await ended.wait()
  }

  /// Asks it to end, without waiting.
  func requestStop() {
    stopping.give()
    wakeUp()
  }

  /// Does a run of everything until now, and waits for it.
  ///
  /// - Returns: what it did. Where the service runs it is the run behind the one that may be under way; where it is
  ///   stopped first, one that has done nothing.
  func runNow() async -> Run {
    let run: Run? = await withCheckedContinuation { continuation in
      let isRunning = state.withLock { state in
        if state.phase == .running { state.waiting.append(continuation) }
        return state.phase == .running
      }
      if isRunning { wakeUp() } else { continuation.resume(returning: nil) }
    }
    if let run { return run }
    return await runOnce(stopping)
  }

  // MARK: The service

  private func loop() async {
    events.emit(.serviceStarted(plan.name))
    let changes = plan.changes()
    await withTaskGroup { group in
      group.addTask { for await _ in changes { self.wakeUp() } }
      while !stopping.isGiven, !Task.isCancelled {
        let pause = await pass()
        await waitForNext(until: time.now.advanced(by: pause))
      }
      group.cancelAll()
    }
    events.emit(.serviceStopped(plan.name))
    let waiting = state.withLock { state in
      state.phase = .ended
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: plan.noRun()) }
    ended.give()
  }

  /// One run; when the service is stopped meanwhile, until its grace is over.
  ///
  /// - Returns: how long to wait for the next.
  private func pass() async -> Duration {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    let run = await withTaskGroup(of: Run?.self) { group in
      group.addTask { await self.runOnce(self.stopping) }
      group.addTask {
        await self.stopping.wait()
        guard !Task.isCancelled else { return nil }
        _ = try? await self.time.sleep(
          until: self.time.now.advanced(by: self.plan.stopGrace), tolerance: nil)
        return nil
      }
      var run = await group.next() ?? nil
      group.cancelAll()
      while let other = await group.next() { run = run ?? other }
      return run ?? plan.noRun()
    }
    for continuation in waiting { continuation.resume(returning: run) }
    return plan.pause(run)
  }

  private func runOnce(_ signal: EndSignal) async -> Run {
    let run = await plan.run(signal)
    state.withLock { $0.lastRun = run }
    return run
  }

  /// Waits for the pause's end, for enough that is new, for somebody who wants a run, or for the end.
  private func waitForNext(until deadline: Timestamp) async {
    while !stopping.isGiven, !Task.isCancelled, time.now < deadline {
      if isWanted { return }
      guard await wakeUp.wait(until: deadline, on: time) else { return }
      if isWanted || stopping.isGiven { return }
      let quiet = min(deadline, time.now.advanced(by: plan.debounce))
      guard await !waitUntilWanted(quiet) else { return }
      if await plan.isWorthwhile() { return }
    }
  }

  private var isWanted: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// - Returns: whether a run is wanted, or the end, before the time has come.
  private func waitUntilWanted(_ deadline: Timestamp) async -> Bool {
    while time.now < deadline, !Task.isCancelled {
      if isWanted || stopping.isGiven { return true }
      // More changes wake it too: they wait with the others.
      await wakeUp.wait(until: deadline, on: time)
    }
    return isWanted || stopping.isGiven || Task.isCancelled
  }
}
