import CompanionPorts
import Synchronization

/// A write that waits for its group's transaction.
protocol PendingWrite: AnyObject, Sendable {
  /// Finds the outcome without a transaction, where that can be.
  func answer(on file: WriteConnection) throws(StoreFailure) -> Bool

  /// Does the work inside the open transaction, and remembers the outcome.
  ///
  /// It may be called again, when the transaction has been undone for the sake of another write.
  func perform(on file: WriteConnection) throws(StoreFailure)

  /// Tells the caller: what the work gave, or why the transaction did not come about.
  func finish(_ failure: StoreFailure?)
}

/// What is to be written, and its value.
struct WriteBody<Value: Sendable>: Sendable {
  /// Finds the value by reading, if there is nothing to write.
  var reading: (@Sendable (WriteConnection) throws(StoreFailure) -> Value?)?
  /// Finds the value by writing, inside the open transaction.
  var writing: @Sendable (WriteConnection) throws(StoreFailure) -> Value
}

/// A write whose caller waits for a value.
final class Write<Value: Sendable>: PendingWrite {
  typealias Caller = CheckedContinuation<Result<Value, StoreFailure>, Never>

  private let body: WriteBody<Value>
  private let caller: Caller
  private let outcome = Mutex<Result<Value, StoreFailure>>(.failure(.closed))

  init(_ body: WriteBody<Value>, for caller: Caller) {
    self.body = body
    self.caller = caller
  }

  func answer(on file: WriteConnection) throws(StoreFailure) -> Bool {
    guard let value = try body.reading?(file) else { return false }
    outcome.withLock { $0 = .success(value) }
    return true
  }

  func perform(on file: WriteConnection) throws(StoreFailure) {
    do throws(StoreFailure) {
      let value = try body.writing(file)
      outcome.withLock { $0 = .success(value) }
    } catch {
      outcome.withLock { $0 = .failure(error) }
      throw error
    }
  }

  func finish(_ failure: StoreFailure?) {
    caller.resume(returning: failure.map { .failure($0) } ?? outcome.withLock { $0 })
  }
}
