public import CompanionDomain
public import CompanionPorts
import Synchronization

/// The clock of one process: it goes wrong beside another clock, may be set, and stands still for whoever
/// sleeps by it while its process is held up.
///
/// Setting it changes what time it is, and no sleep: one that has begun takes as long as it was to take.
public final class SkewedClock: TimeSource {
  private struct State {
    var offset: Duration
    var hold: Gate?
  }

  private let base: any TimeSource
  private let state: Mutex<State>

  /// - Parameters:
  ///   - base: the clock that goes right.
  ///   - offset: how far this one is ahead of it.
  public init(_ base: any TimeSource, offset: Duration = .zero) {
    self.base = base
    state = Mutex(State(offset: offset))
  }

  /// The time that it shows.
  public var now: Timestamp { base.now.advanced(by: offset) }

  /// What the right clock can tell apart.
  public var minimumResolution: Duration { base.minimumResolution }

  /// How far it is ahead.
  public var offset: Duration { state.withLock { $0.offset } }

  /// Sets the clock forward, or back by a negative duration.
  public func jump(by duration: Duration) { state.withLock { $0.offset += duration } }

  /// Holds the process up: nobody wakes, until ``release()``.
  public func hold() { state.withLock { $0.hold = $0.hold ?? Gate() } }

  /// Lets the process go on.
  public func release() { state.withLock { $0.hold.take() }?.open() }

  /// Suspends for as long as it is to a deadline now, and while the process is held up.
  public func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    let length = now.duration(to: deadline)
    try await base.sleep(until: base.now.advanced(by: length), tolerance: tolerance)
    while let hold = state.withLock({ $0.hold }) { try await hold.wait() }
  }
}
