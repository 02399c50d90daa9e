import CompanionDomain
import CompanionPorts
import Synchronization

/// Wakes one waiting service. Wake-ups that come while nobody waits count as one.
final class WakeUp: Sendable {
  private struct State {
    var isPending = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Wakes the waiter, or lets the next wait return at once.
  func callAsFunction() {
    let waiter = state.withLock { state in
      if state.waiter == nil { state.isPending = true }
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Waits for a wake-up, until a deadline at the longest, or until the task is cancelled.
  func wait(until deadline: Timestamp?, on time: any TimeSource) async {
    guard let deadline else { return await wait() }
    await withTaskGroup { group in
      group.addTask { await self.wait() }
      group.addTask { try? await time.sleep(until: deadline, tolerance: nil) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isImmediate = state.withLock { state in
          if state.isPending || Task.isCancelled {
            state.isPending = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isImmediate { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiter.take() }?.resume()
    }
  }
}
