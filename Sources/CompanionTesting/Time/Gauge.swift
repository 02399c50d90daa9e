import Synchronization

/// A value that tasks can wait for until it reaches a mark: the asynchronous shell of ``WaitingLine``.
final class Gauge<Value: Comparable & Sendable>: Sendable {
  private struct State {
    var value: Value
    var line = WaitingLine<Value, CheckedContinuation<Void, any Error>>()
  }

  private let state: Mutex<State>

  init(_ value: Value) { state = Mutex(State(value: value)) }

  /// The value now.
  var value: Value { state.withLock { $0.value } }

  /// How many tasks are parked here.
  var waiterCount: Int { state.withLock { $0.line.count } }

  /// The lowest mark that a task waits for.
  var nextMark: Value? { state.withLock { $0.line.nextMark } }

  /// Changes the value and releases those who waited for it, in order of their marks.
  func update(_ change: (inout Value) -> Void) {
    let released = state.withLock { state in
      change(&state.value)
      return state.line.release(reaching: state.value)
    }
    for waiter in released { waiter.resume() }
  }

  /// Waits until the value is at the mark or above it; does not suspend when it is.
  ///
  /// - Parameter whenParked: called if the task has to wait, when an update would release it.
  /// - Throws: `CancellationError` when the task is cancelled, even if the mark has been reached; or when
  ///   the gauge is closed.
  func wait(for mark: Value, whenParked: () -> Void = {}) async throws {
    let ticket = state.withLock { $0.line.ticket(for: mark) }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let admission = state.withLock { state in
          state.line.park(continuation, with: ticket, at: state.value)
        }
        switch admission {
        case .parked: whenParked()
        case .reached: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
      }
    } onCancel: {
      state.withLock { $0.line.cancel(ticket) }?.resume(throwing: CancellationError())
    }
  }

  /// Ends all waits, now and from now on, with a `CancellationError`.
  func close() {
    let waiters = state.withLock { $0.line.close() }
    for waiter in waiters { waiter.resume(throwing: CancellationError()) }
  }
}
