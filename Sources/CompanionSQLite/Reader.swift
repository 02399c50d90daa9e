import CompanionPorts
import Synchronization

/// A connection that reads.
actor Reader {
  private let executor = QueueExecutor(label: "CompanionSQLite.reader")
  private var connection: Connection?

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  func open(_ path: String, busyTimeout: Duration) throws(StoreFailure) {
    let connection = try Connection(path: path, access: .readOnly, busyTimeout: busyTimeout)
    try connection.run("PRAGMA query_only = ON")
    self.connection = connection
  }

  /// Reads with one statement, or what does not have to be of one moment with several.
  func read<Value: Sendable>(
    _ body: @Sendable (Connection) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value {
    guard let connection else { throw .closed }
    return try body(connection)
  }

  func close() { connection = nil }
}

/// A few readers that take turns.
final class ReaderPool: Sendable {
  private static let size = 4

  private let readers: [Reader]
  private let turn = Atomic<UInt>(0)

  init(_ path: String, busyTimeout: Duration) async throws(StoreFailure) {
    var readers: [Reader] = []
    for _ in 0..<Self.size {
      let reader = Reader()
      try await reader.open(path, busyTimeout: busyTimeout)
      readers.append(reader)
    }
    self.readers = readers
  }

  func read<Value: Sendable>(
    _ body: @Sendable (Connection) throws(StoreFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return try await readers[Int(turn % UInt(readers.count))].read(body)
  }

  /// Closes all readers, each behind the reads it has been given.
  func close() async {
    for reader in readers { await reader.close() }
  }
}
