import CompanionPorts

/// A write that waits for its group's transaction.
protocol PendingWrite: AnyObject {
  /// Does the work inside the open transaction, and remembers the outcome.
  ///
  /// It may be called again, when the transaction has been undone for the sake of another write.
  func perform(on connection: Connection) throws(StoreFailure)

  /// Tells the caller: what the work gave, or why the transaction did not come about.
  func finish(_ failure: StoreFailure?)
}

/// A write whose caller waits for a value.
final class Write<Value: Sendable>: PendingWrite {
  typealias Body = @Sendable (Connection) throws(StoreFailure) -> Value
  typealias Caller = CheckedContinuation<Result<Value, StoreFailure>, Never>

  private let body: Body
  private let caller: Caller
  private var outcome: Result<Value, StoreFailure> = .failure(.closed)

  init(_ body: @escaping Body, for caller: Caller) {
    self.body = body
    self.caller = caller
  }

  func perform(on connection: Connection) throws(StoreFailure) {
    do throws(StoreFailure) {
      outcome = .success(try body(connection))
    } catch {
      outcome = .failure(error)
      throw error
    }
  }

  func finish(_ failure: StoreFailure?) {
    caller.resume(returning: failure.map { .failure($0) } ?? outcome)
  }
}
