import Dispatch

/// Calls back once after a while, unless it is stopped or started anew before.
final class IdleTimer: Sendable {
  // Dispatch sources may be used from any thread; the compiler is not told so on every platform.
  private nonisolated(unsafe) let source: any DispatchSourceTimer

  init(queue: DispatchQueue) {
    source = DispatchSource.makeTimerSource(queue: queue)
    source.activate()
  }

  deinit { source.cancel() }

  func start(after delay: Duration, _ callback: @escaping @Sendable () -> Void) {
    source.setEventHandler(handler: callback)
    let nanoseconds = delay.components.seconds < 1_000_000_000 ? delay / .nanoseconds(1) : 1e18
    source.schedule(deadline: .now() + .nanoseconds(Int(max(0, nanoseconds))), leeway: .milliseconds(1))
  }

  /// Stops for good.
  func stop() { source.cancel() }
}
