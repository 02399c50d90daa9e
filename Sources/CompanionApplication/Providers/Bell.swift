import CompanionDomain
import CompanionPorts
import Synchronization

/// Wakes everybody who waits for something to have changed.
final class Bell: Sendable {
  private struct State {
    var waiters: [Int: WakeUp] = [:]
    var nextID = 0
  }

  private let state = Mutex(State())

  /// Wakes all who have registered. Each of them looks for itself whether it was meant.
  func ring() {
    // In the order in which they came.
    let waiters = state.withLock { state in
      state.waiters.isEmpty ? [] : state.waiters.sorted { $0.key < $1.key }.map(\.value)
    }
    for waiter in waiters { waiter() }
  }

  /// Begins to listen: a ring between this and the wait ends the wait at once.
  func register() -> (id: Int, wakeUp: WakeUp) {
    let wakeUp = WakeUp()
    return state.withLock { state in
      state.nextID += 1
      state.waiters[state.nextID] = wakeUp
      return (state.nextID, wakeUp)
    }
  }

  func unregister(_ id: Int) { state.withLock { $0.waiters[id] = nil } }
}
