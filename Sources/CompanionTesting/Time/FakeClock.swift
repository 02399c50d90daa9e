public import CompanionDomain
public import CompanionPorts

/// A clock that stands still until a test moves it.
public final class FakeClock: TimeSource {
  private let time: Gauge<Timestamp>
  /// How often a task has fallen asleep here: it only grows, so no order of two tasks can hide one of them.
  private let timesParked = Gauge(0)

  /// - Parameter now: the time to begin with; 2026-01-01T00:00:00Z unless said otherwise.
  public init(now: Timestamp = Timestamp(nanosecondsSinceEpoch: 1_767_225_600_000_000_000)) {
    time = Gauge(now)
  }

  /// The time to which this clock was moved last.
  public var now: Timestamp { time.value }

  /// A nanosecond: what a timestamp can tell apart.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Suspends until the clock is moved to a deadline or past it.
  ///
  /// Where the deadline has passed already this returns soon, but lets others run first: so that a loop
  /// over such deadlines keeps nobody from the processor.
  ///
  /// - Parameters:
  ///   - deadline: the time to wake at.
  ///   - tolerance: not used; a sleeper wakes exactly when its deadline is reached.
  /// - Throws: `CancellationError` as soon as the task is cancelled. A task that had been cancelled before
  ///   throws at once, even if the deadline has passed.
  public func sleep(until deadline: Timestamp, tolerance: Duration? = nil) async throws {
    var hasParked = false
    try await time.wait(for: deadline) {
      hasParked = true
      timesParked.update { $0 += 1 }
    }
    if !hasParked { await Task.yield() }
  }

  /// Moves the clock forward, or back; see ``advance(to:)``.
  public func advance(by duration: Duration) {
    time.update { $0 = $0.advanced(by: duration) }
  }

  /// Moves the clock and wakes who is due, in order of their deadlines, and of the same deadline in the
  /// order in which they fell asleep.
  ///
  /// The clock stands at its new time before the first of them runs. Moved back, as a wall clock that is
  /// set, it wakes nobody, and those who sleep do so until the deadline they had.
  public func advance(to instant: Timestamp) {
    time.update { $0 = instant }
  }

  /// How many tasks are asleep.
  public var sleeperCount: Int { time.waiterCount }

  /// When the next of them wakes; `nil` when nobody sleeps.
  public var nextDeadline: Timestamp? { time.nextMark }

  /// Suspends until so many tasks are asleep at once; returns early when the waiting task is cancelled.
  public func sleepers(atLeast count: Int) async {
    while true {
      // Read before counting: whoever falls asleep after the count raises it past this.
      let seen = timesParked.value
      guard sleeperCount < count else { return }
      guard (try? await timesParked.wait(for: seen + 1)) != nil else { return }
    }
  }

  /// Wakes everybody, now and from now on, with a `CancellationError`: there is no more time.
  func close() { time.close() }
}
