public import CompanionDomain
public import CompanionPorts
import FoundationEssentials

/// The machine's clock.
///
/// `now` is the wall clock, which a person or the network may set; a sleep takes as long as it was to take
/// when it began, whatever becomes of the wall clock meanwhile.
public struct SystemTimeSource: TimeSource {
  /// The machine's clock, as it is set.
  public init() {}

  /// The wall-clock time, to the microsecond.
  public var now: Timestamp {
    let seconds = Date.now.timeIntervalSince1970
    return Timestamp(nanosecondsSinceEpoch: Int64(seconds * 1_000_000) * 1_000)
  }

  /// The wall clock is read to the microsecond.
  public var minimumResolution: Duration { .microseconds(1) }

  /// Suspends until a time, at least.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  public func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    try await ContinuousClock().sleep(for: now.duration(to: deadline), tolerance: tolerance)
  }
}

extension TimeSource where Self == SystemTimeSource {
  /// The machine's clock.
  public static var system: SystemTimeSource { SystemTimeSource() }
}
