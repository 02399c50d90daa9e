import CompanionApplication
import Synchronization

/// The conversation in one life of a simulated process: one loop after the other, until it is to stop.
final class SimulatedChat: Sendable {
  private struct State {
    var loop: ChatLoop?
    var isStopping = false
  }

  private let state = Mutex(State())

  /// The present loop, or the last one; `nil` before the first.
  var loop: ChatLoop? { state.withLock { $0.loop } }

  /// - Returns: whether it may run: nothing is to stop.
  func begin(_ loop: ChatLoop) -> Bool {
    state.withLock { state in
      guard !state.isStopping else { return false }
      state.loop = loop
      return true
    }
  }

  func stop() {
    let loop = state.withLock { state in
      state.isStopping = true
      return state.loop
    }
    loop?.finish()
  }
}
