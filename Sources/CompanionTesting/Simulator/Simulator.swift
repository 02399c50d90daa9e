import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

/// Runs concurrent code on one thread, in an order that a seed decides.
///
/// Whenever several jobs are ready, the seed picks the next one: wherever a task suspends, or hops to an
/// actor or from one, the order may differ, and many seeds see many orders. When nothing is ready, time
/// jumps to the next sleeper's deadline, so hours pass in milliseconds. The same seed and the same body give
/// the same run, step by step, in any process of the same build: a seed that fails is the bug report.
/// (Another build may differ, because the optimiser merges hops.)
///
/// ```swift
/// for seed in 1...1_000 as ClosedRange<UInt64> {
///   let simulator = Simulator(seed: seed)
///   try simulator.run { try await scenario(time: simulator.time, random: simulator.random) }
/// }
/// ```
///
/// For a run to repeat, the body and what it calls keep to a few rules. Time, identifiers and chance come
/// from the simulator. Tasks are structured: children, task groups and default actors stay on the
/// simulator's thread. `Task { }`, `Task.detached`, the main actor, actors with an executor of their own and
/// whatever blocks or calls back from another thread do not. Nothing follows the order of a set or a
/// dictionary.
public final class Simulator: Sendable {
  /// How far a run may go.
  public struct Limits: Hashable, Sendable {
    /// The most simulated time.
    public var time: Duration
    /// The most jobs.
    public var steps: Int

    /// - Parameters:
    ///   - time: the most simulated time; a day unless said otherwise.
    ///   - steps: the most jobs; ten million unless said otherwise, which take some seconds.
    public init(time: Duration = .seconds(86_400), steps: Int = 10_000_000) {
      self.time = time
      self.steps = steps
    }
  }

  /// What decides every order, identifier and random number.
  public let seed: UInt64

  /// How far a run may go.
  public let limits: Limits

  private let clock: FakeClock
  private let start: Timestamp
  private let executor: SimulatorExecutor
  private let seededIdentifiers: SeededIdentifiers
  private let seededRandom: SeededRandom
  private let onTrace: (@Sendable (Timestamp, String) -> Void)?

  /// - Parameters:
  ///   - seed: decides every order, identifier and random number.
  ///   - start: the time to begin with; 2026-01-01T00:00:00Z unless said otherwise.
  ///   - limits: how far a run may go.
  ///   - onTrace: told of every line that ``trace(_:)`` notes, with the simulated time.
  public init(
    seed: UInt64,
    start: Timestamp = Timestamp(nanosecondsSinceEpoch: 1_767_225_600_000_000_000),
    limits: Limits = Limits(),
    onTrace: (@Sendable (Timestamp, String) -> Void)? = nil
  ) {
    self.seed = seed
    self.limits = limits
    self.start = start
    self.onTrace = onTrace
    // Streams of their own: who draws an identifier does not change the order of jobs.
    var streams = SplitMix64(seed: seed)
    clock = FakeClock(now: start)
    executor = SimulatorExecutor(seed: streams.next(), limit: limits.steps)
    seededIdentifiers = SeededIdentifiers(seed: streams.next())
    seededRandom = SeededRandom(seed: streams.next())
  }

  /// The simulated time.
  public var time: any TimeSource { clock }

  /// Identifiers that follow from the seed.
  public var identifiers: any IdentifierSource { seededIdentifiers }

  /// Chance that follows from the seed.
  public var random: any RandomSource { seededRandom }

  /// How many jobs have run.
  public var steps: Int { executor.withSchedule { $0.steps } }

  /// How much simulated time has passed.
  public var elapsed: Duration { start.duration(to: clock.now) }

  /// A hash of everything that happened: which of how many jobs was picked at every step, every passing of
  /// time, every line noted. Two runs with the same hash were the same run.
  public var traceHash: UInt64 { executor.withSchedule { $0.hash.value } }

  /// Notes that something happened.
  public func trace(_ line: String) {
    executor.withSchedule { $0.note(line) }
    onTrace?(clock.now, line)
  }

  /// Runs a body, and all that it starts, on the calling thread.
  ///
  /// When the body ends, or the run does, time ends too: the body's task is cancelled, who still sleeps is
  /// woken with a `CancellationError`, and what is ready runs to its end, within a bound. A task that waits
  /// for something else then never runs again.
  ///
  /// - Returns: the body's value.
  /// - Throws: the body's error; or a ``SimulationFailure`` when the run ended before the body did.
  public func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    guard executor.begin() else { throw SimulationFailure.alreadyRun(moment) }
    let outcome = Outcome<Value>()
    let task = Unstructured.$executor.withValue(executor) {
      // A fixed priority: the caller's would reach the order in which an actor runs its jobs.
      Task(executorPreference: executor, priority: .medium) { [executor] in
        do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        executor.withSchedule { $0.finish() }
      }
    }
    let failure = runToEnd()
    task.cancel()
    clock.close()
    executor.drain(limit: Self.drainLimit)
    if let failure { throw failure }
    guard let result = outcome.result else { throw SimulationFailure.stalled(moment) }
    return try result.get()
  }

  /// The most jobs that run after the body has ended: a bound for tasks that go on although time has ended.
  private static let drainLimit = 100_000

  /// Runs jobs, and lets time pass when there are none, until the body has ended.
  ///
  /// - Returns: what ended the run, if it was not the body.
  private func runToEnd() -> SimulationFailure? {
    while true {
      switch executor.runUntilIdle() {
      case .finished: return nil
      case .escaped: return .escaped(moment)
      case .exhausted: return .stepLimitExceeded(moment)
      case .run: continue
      case .idle:
        guard let deadline = clock.nextDeadline else { return .stalled(moment) }
        guard start.duration(to: deadline) <= limits.time else { return .timeLimitExceeded(moment) }
        executor.withSchedule { $0.note(time: deadline.nanosecondsSinceEpoch) }
        clock.advance(to: deadline)
      }
    }
  }

  private var moment: SimulationFailure.Moment {
    SimulationFailure.Moment(seed: seed, steps: steps, elapsed: elapsed)
  }

  /// What the body came to, once it has.
  private final class Outcome<Value: Sendable>: Sendable {
    private let state = Mutex<Result<Value, any Error>?>(nil)

    var result: Result<Value, any Error>? { state.withLock { $0 } }

    func set(_ result: Result<Value, any Error>) { state.withLock { $0 = result } }
  }
}
