import Synchronization

/// Whoever waits for something to change.
final class ChangeListeners: Sendable {
  private typealias Listener = (number: Int, continuation: AsyncStream<Void>.Continuation)

  private struct State {
    var lastNumber = 0
    /// In the order in which they came.
    var listeners: [Listener] = []
  }

  private let state = Mutex(State())

  deinit { for listener in state.withLock({ $0.listeners }) { listener.continuation.finish() } }

  /// A stream that has an element for everything that is told after this returns; what comes while its
  /// consumer is busy counts as one.
  func stream() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      state.lastNumber += 1
      state.listeners.append((state.lastNumber, continuation))
      return state.lastNumber
    }
    continuation.onTermination = { [weak self] _ in self?.remove(number) }
    return stream
  }

  /// Tells everybody, in the order in which they came.
  func tell() {
    for listener in state.withLock({ $0.listeners }) { listener.continuation.yield() }
  }

  private func remove(_ number: Int) {
    // Let go of outside the lock: whatever ends with it may run code of its own.
    _ = state.withLock { state in
      state.listeners.firstIndex { $0.number == number }.map { state.listeners.remove(at: $0) }
    }
  }
}
