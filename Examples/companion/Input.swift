import Dispatch
import Synchronization

/// Standard input, line by line, read on a queue of its own: waiting for a person blocks nothing else.
final class Input: Sendable {
  private let queue = DispatchQueue(label: "companion.input")

  /// The next line without its end; `nil` at the end of the input.
  ///
  /// A cancelled wait returns `nil` at once. The line that it waited for is lost: nobody asks for another
  /// then.
  func nextLine() async -> String? {
    let waiter = Mutex<CheckedContinuation<String?, Never>?>(nil)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiter.withLock { $0 = continuation }
        if Task.isCancelled { waiter.withLock { $0.take() }?.resume(returning: nil) }
        queue.async {
          let line = readLine()
          waiter.withLock { $0.take() }?.resume(returning: line)
        }
      }
    } onCancel: {
      waiter.withLock { $0.take() }?.resume(returning: nil)
    }
  }
}
