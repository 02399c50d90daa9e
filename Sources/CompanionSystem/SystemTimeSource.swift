public import CompanionDomain
public import CompanionPorts
import FoundationEssentials

/// The machine's clock.
///
/// `now` is the wall-clock time at which the process first asked, and what a clock that nobody can set has
/// counted since, the time asleep included. So time neither jumps nor goes back while a process runs: what is
/// measured in it, such as a lease, is a duration. A wall clock that is set meanwhile is followed by the next
/// process: those that share a store are then started again together, so that they agree.
public struct SystemTimeSource: TimeSource {
  /// The machine's clock.
  public init() {}

  /// The time, to the microsecond.
  public var now: Timestamp {
    let (start, instant) = Self.anchor
    return start.advanced(by: instant.duration(to: ContinuousClock.now))
  }

  /// The wall clock is read to the microsecond.
  public var minimumResolution: Duration { .microseconds(1) }

  /// Suspends until a time, at least.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  public func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    try await ContinuousClock().sleep(for: now.duration(to: deadline), tolerance: tolerance)
  }

  /// The wall-clock time at one moment, and that moment by the clock that cannot be set.
  private static let anchor: (Timestamp, ContinuousClock.Instant) = {
    let instant = ContinuousClock.now
    let seconds = Date.now.timeIntervalSince1970
    return (Timestamp(nanosecondsSinceEpoch: Int64(seconds * 1_000_000) * 1_000), instant)
  }()
}

extension TimeSource where Self == SystemTimeSource {
  /// The machine's clock.
  public static var system: SystemTimeSource { SystemTimeSource() }
}
