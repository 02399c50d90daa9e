import CompanionDomain
import CompanionPorts
import Synchronization

/// Said once; whoever waits for it is told, and whoever asks later knows at once.
final class EndSignal: Sendable {
  private struct State {
    var isGiven = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  var isGiven: Bool { state.withLock { $0.isGiven } }

  func give() {
    let waiters = state.withLock { state in
      state.isGiven = true
      defer { state.waiters = [:] }
      return state.waiters
    }
    for id in waiters.keys.sorted() { waiters[id]?.resume() }
  }

  /// Waits until it is given, or the task is cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isGiven || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  /// Waits until it is given, until a deadline at the longest, or until the task is cancelled.
  ///
  /// - Returns: whether it has been given.
  func wait(until deadline: Timestamp, on time: any TimeSource) async -> Bool {
    await withTaskGroup { group in
      group.addTask { await self.wait() }
      group.addTask { _ = try? await time.sleep(until: deadline, tolerance: nil) }
      await group.next()
      group.cancelAll()
    }
    return isGiven
  }
}
