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
  ///
  /// - Returns: `false` when it was the deadline that ended the wait. The clock may show another time then, when
  ///   it was set meanwhile.
  @discardableResult
  func wait(until deadline: Timestamp?, on time: any TimeSource) async -> Bool {
    guard let deadline else {
      await wait()
      return true
    }
    return await withTaskGroup { group in
      group.addTask {
        await self.wait()
        return true
      }
      group.addTask { (try? await time.sleep(until: deadline, tolerance: nil)) == nil }
      let isWoken = await group.next() ?? true
      group.cancelAll()
      return isWoken
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
