import Synchronization

/// Values in the order in which they were noted, from anywhere.
final class Notes<Value: Sendable>: Sendable {
  private let state = Mutex<[Value]>([])

  var values: [Value] { state.withLock { $0 } }

  func note(_ value: Value) { state.withLock { $0.append(value) } }
}
