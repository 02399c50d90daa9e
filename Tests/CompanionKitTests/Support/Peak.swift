import Synchronization

/// Counts how many are inside, and how many were at the most.
final class Peak: Sendable {
  private let state = Mutex((inside: 0, peak: 0))

  var peak: Int { state.withLock { $0.peak } }

  func enter() {
    state.withLock { state in
      state.inside += 1
      state.peak = max(state.peak, state.inside)
    }
  }

  func leave() { state.withLock { $0.inside -= 1 } }
}
