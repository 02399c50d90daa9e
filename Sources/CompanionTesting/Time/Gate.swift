/// Holds tasks back until a test lets them go.
public final class Gate: Sendable {
  private let openings = Gauge(0)

  /// A closed gate.
  public init() {}

  /// Whether tasks are let through.
  public var isOpen: Bool { openings.value > 0 }

  /// How many tasks wait here.
  public var waiterCount: Int { openings.waiterCount }

  /// Lets everybody through, now and from now on.
  public func open() { openings.update { $0 = 1 } }

  /// Suspends until the gate is open.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  public func wait() async throws { try await openings.wait(for: 1) }
}
