import CompanionDomain
public import CompanionPorts
import Synchronization

/// Forms memory in the background: at once when it starts, then at an interval, or sooner when much has been said.
///
/// It sleeps until one of these is due. What fails is told as an event, and tried again by the next run. It runs
/// once, from ``start()`` or ``run()`` to ``stop()``.
public final class BackgroundMemoryGenerator: Sendable {
  private enum Phase { case idle, running, ended }

  private struct State {
    var phase = Phase.idle
    var service: Task<Void, Never>?
    var lastRun: MemoryRun?
    /// Those who want a run that begins from now on.
    var waiting: [CheckedContinuation<MemoryRun?, Never>] = []
  }

  private let environment: Environment
  private let state = Mutex(State())
  private let wakeUp = WakeUp()
  private let stopping = EndSignal()
  private let ended = EndSignal()

  package init(environment: Environment) { self.environment = environment }

  private var configuration: MemoryConfiguration { environment.configuration.memory }
  private var now: Timestamp { environment.time.now }

  /// Whether it runs.
  public var isRunning: Bool { state.withLock { $0.phase == .running } }

  /// The last run that has ended; `nil` before.
  public var lastRun: MemoryRun? { state.withLock { $0.lastRun } }

  /// Forms memory until ``stop()``, or until the task is cancelled, which gives up the call that is under way.
  public func run() async {
    let mayRun = state.withLock { state in
      guard state.phase == .idle else { return false }
      state.phase = .running
      return true
    }
    if mayRun { await serve() }
  }

  /// Runs in the background until ``stop()``. Starting it twice changes nothing.
  public func start() {
    state.withLock { state in
      guard state.phase == .idle else { return }
      state.phase = .running
      state.service = Unstructured.start(name: "memory") { [self] in await serve() }
    }
  }

  /// Ends it, and waits for its end: at once while it waits; a run that is under way is given its grace, and then its
  /// call is given up. What it has stored stays, and nothing half-done is stored.
  public func stop() async {
    let neverRan = state.withLock { state in
      defer { if state.phase == .idle { state.phase = .ended } }
      return state.phase == .idle
    }
    if neverRan { ended.give() }
    requestStop()
    await ended.wait()
  }

  /// Asks it to end, without waiting.
  package func requestStop() {
    stopping.give()
    wakeUp()
  }

  /// Forms memory of everything until now, and waits for it.
  ///
  /// - Returns: what was done. When the generator runs, it is the run behind the one that may be under way; when it is
  ///   stopped first, one that has done nothing.
  public func generate() async -> MemoryRun {
    let run: MemoryRun? = await withCheckedContinuation { continuation in
      let isRunning = state.withLock { state in
        if state.phase == .running { state.waiting.append(continuation) }
        return state.phase == .running
      }
      if isRunning { wakeUp() } else { continuation.resume(returning: nil) }
    }
    if let run { return run }
    return await generateNow()
  }

  /// What is told to those who wait for a run that does not come any more.
  private var noRun: MemoryRun {
    var run = MemoryRun(startedAt: now)
    run.end = .stopped
    return run
  }

  // MARK: The service

  private func serve() async {
    environment.events.emit(.serviceStarted("memory"))
    let changes = environment.store.logChanges()
    await withTaskGroup { group in
      group.addTask { for await _ in changes { self.wakeUp() } }
      while !stopping.isGiven, !Task.isCancelled {
        await pass()
        await waitForNext(until: now.advanced(by: configuration.updateInterval))
      }
      group.cancelAll()
    }
    environment.events.emit(.serviceStopped("memory"))
    let waiting = state.withLock { state in
      state.phase = .ended
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: noRun) }
    ended.give()
  }

  /// One run; when the generator is stopped meanwhile, until its grace is over.
  private func pass() async {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    let run = await withTaskGroup(of: MemoryRun?.self) { group in
      group.addTask { await self.generateNow() }
      group.addTask {
        await self.stopping.wait()
        guard !Task.isCancelled else { return nil }
        _ = try? await self.environment.time.sleep(
          until: self.now.advanced(by: self.configuration.stopGrace), tolerance: nil)
        return nil
      }
      var run = await group.next() ?? nil
      group.cancelAll()
      while let other = await group.next() { run = run ?? other }
      return run
    }
    for continuation in waiting { continuation.resume(returning: run ?? noRun) }
  }

  private func generateNow() async -> MemoryRun {
    let run = await GenerateMemory(environment: environment)()
    state.withLock { $0.lastRun = run }
    return run
  }

  /// Waits for the interval's end, for enough that is new, for somebody who wants a run, or for the end.
  private func waitForNext(until deadline: Timestamp) async {
    while !stopping.isGiven, !Task.isCancelled, now < deadline {
      if isWanted { return }
      guard await wakeUp.wait(until: deadline, on: environment.time) else { return }
      if isWanted || stopping.isGiven { return }
      let quiet = min(deadline, now.advanced(by: configuration.debounce))
      guard await !waitUntilWanted(quiet) else { return }
      if await hasGrown() { return }
    }
  }

  private var isWanted: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// - Returns: whether a run is wanted, or the end, before the time has come.
  private func waitUntilWanted(_ time: Timestamp) async -> Bool {
    while now < time, !Task.isCancelled {
      if isWanted || stopping.isGiven { return true }
      // New messages wake it too: they wait with the others.
      await wakeUp.wait(until: time, on: environment.time)
    }
    return isWanted || stopping.isGiven || Task.isCancelled
  }

  /// Whether so much is new that a run should not wait. A store that fails says no: the interval goes on.
  private func hasGrown() async -> Bool {
    var growth: Int64 = 0
    var last: SessionID?
    do throws(StoreFailure) {
      while true {
        let page = try await environment.store.sessionsToRemember(after: last, limit: 100)
        for session in page {
          let progress = try await environment.store.memoryProgress(of: session.id)
          growth += max(0, session.revision.rawValue - max(0, progress[.channel].rawValue))
          if growth >= Int64(configuration.growth) { return true }
        }
        guard page.count == 100, let end = page.last?.id else { return false }
        last = end
      }
    } catch {
      environment.events.emit(.serviceFailed("memory", error))
      return false
    }
  }
}
