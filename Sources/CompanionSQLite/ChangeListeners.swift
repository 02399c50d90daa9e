import Synchronization

/// Whoever waits for something to change.
final class ChangeListeners: Sendable {
  private struct State {
    var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    var lastNumber = 0
    var isFinished = false
  }

  private let state = Mutex(State())

  deinit { finish() }

  /// A stream that has an element for everything that is told after this returns; what comes while its
  /// consumer is busy counts as one.
  func stream() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state -> Int? in
      guard !state.isFinished else { return nil }
      state.lastNumber += 1
      state.continuations[state.lastNumber] = continuation
      return state.lastNumber
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      // Let go of outside the lock: whatever ends with it may run code of its own.
      _ = self?.state.withLock { $0.continuations.removeValue(forKey: number) }
    }
    return stream
  }

  /// Tells everybody.
  func tell() {
    for continuation in state.withLock({ $0.continuations }).values { continuation.yield() }
  }

  /// Ends all streams, those of later calls too.
  func finish() {
    let continuations = state.withLock { state in
      state.isFinished = true
      let continuations = state.continuations
      state.continuations = [:]
      return continuations
    }
    for continuation in continuations.values { continuation.finish() }
  }
}

/// Whoever waits for what a store holds to change.
struct StoreListeners: Sendable {
  let tasks = ChangeListeners()
  let logs = ChangeListeners()
  let embeddings = ChangeListeners()

  /// Tells everybody.
  func tell() {
    tasks.tell()
    logs.tell()
    embeddings.tell()
  }

  /// Ends all streams, those of later calls too.
  func finish() {
    tasks.finish()
    logs.finish()
    embeddings.finish()
  }
}
