import Synchronization

/// Lets so many in at a time; the others wait in the order in which they came.
final class ConcurrencyLimit: Sendable {
  private struct State {
    var free: Int
    var line: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    var nextID = 0
  }

  private let state: Mutex<State>

  init(_ limit: Int) { state = Mutex(State(free: max(1, limit))) }

  /// Waits for room. Whoever got in has to ``leave()``.
  ///
  /// - Throws: `CancellationError` when the task is cancelled before there was room.
  func enter() async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let isIn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = state.withLock { state -> Bool? in
          if Task.isCancelled { return false }
          guard state.free == 0 else {
            state.free -= 1
            return true
          }
          state.line.append((id, continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.line.firstIndex { $0.id == id }.map { state.line.remove(at: $0).continuation }
      }
      waiter?.resume(returning: false)
    }
    guard isIn else { throw CancellationError() }
  }

  /// Makes room for the next.
  func leave() {
    let next = state.withLock { state in
      guard state.line.isEmpty else {
        return state.line.removeFirst().continuation as CheckedContinuation<Bool, Never>?
      }
      state.free += 1
      return nil
    }
    next?.resume(returning: true)
  }
}
