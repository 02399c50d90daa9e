import Synchronization

/// Tells whoever listens that something has changed.
final class Bell: Sendable {
  private let listeners = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])

  func stream() -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let number = listeners.withLock { listeners in
        let number = (listeners.keys.max() ?? 0) + 1
        listeners[number] = continuation
        return number
      }
      continuation.onTermination = { [weak self] _ in self?.forget(number) }
    }
  }

  func ring() { for listener in listeners.withLock({ Array($0.values) }) { listener.yield() } }

  private func forget(_ number: Int) {
    // Let go of outside the lock: whatever ends with it may run code of its own.
    _ = listeners.withLock { $0.removeValue(forKey: number) }
  }
}
