import CompanionDomain
public import CompanionPorts

/// Forms memory in the background: at once when it starts, then at an interval, or sooner when much has been said.
///
/// It sleeps until one of these is due. What fails is told as an event, and tried again by the next run. It runs
/// once, from ``start()`` or ``run()`` to ``stop()``.
public final class BackgroundMemoryGenerator: Sendable {
  private let runs: RepeatedRuns<MemoryRun>

  package init(environment: Environment) {
    let configuration = environment.configuration.memory
    runs = RepeatedRuns(
      RepeatedRuns.Plan(
        name: "memory", stopGrace: configuration.stopGrace, debounce: configuration.debounce,
        changes: { environment.store.logChanges() },
        isWorthwhile: { await Self.hasGrown(environment) },
        pause: { _ in configuration.updateInterval },
        run: { _ in await GenerateMemory(environment: environment)() },
        noRun: {
          var run = MemoryRun(startedAt: environment.time.now)
          run.end = .stopped
          return run
        }),
      environment: environment)
  }

  /// Whether it runs.
  public var isRunning: Bool { runs.isRunning }

  /// The last run that has ended; `nil` before.
  public var lastRun: MemoryRun? { runs.lastRun }

  /// Forms memory until ``stop()``, or until the task is cancelled, which gives up the call that is under way.
  public func run() async { await runs.serve() }

  /// Runs in the background until ``stop()``. Starting it twice changes nothing.
  public func start() { runs.start() }

  /// Ends it, and waits for its end: at once while it waits; a run that is under way is given its grace, and then its
  /// call is given up. What it has stored stays, and nothing half-done is stored.
  public func stop() async { await runs.stop() }

  /// Asks it to end, without waiting.
  package func requestStop() { runs.requestStop() }

  /// Forms memory of everything until now, and waits for it.
  ///
  /// - Returns: what was done. When the generator runs, it is the run behind the one that may be under way; when it is
  ///   stopped first, one that has done nothing.
  public func generate() async -> MemoryRun { await runs.runNow() }

  /// Whether so much is new that a run should not wait. A store that fails says no: the interval goes on.
  private static func hasGrown(_ environment: Environment) async -> Bool {
    var growth: Int64 = 0
    var last: SessionID?
    do throws(StoreFailure) {
      while true {
        let page = try await environment.store.sessionsToRemember(after: last, limit: 100)
        for session in page {
          let progress = try await environment.store.memoryProgress(of: session.id)
          growth += max(0, session.revision.rawValue - max(0, progress[.channel].rawValue))
          if growth >= Int64(environment.configuration.memory.growth) { return true }
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
