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
    // In KiB. A search reads the same pages again and again.
    try connection.run("PRAGMA cache_size = -8192")
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

/// A few readers, each with its own cache of the file.
///
/// A read goes to the reader with the fewest reads before it, and of those always to the first one: its cache knows
/// most.
final class ReaderPool: Sendable {
  private static let size = 4

  private let readers: [Reader]
  /// How many reads each reader has to do.
  private let loads = Mutex([Int](repeating: 0, count: size))

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
    let place = loads.withLock { loads in
      let place = loads.indices.min { loads[$0] < loads[$1] } ?? 0
      loads[place] += 1
      return place
    }
    return try await readers[place].read { connection throws(StoreFailure) in
      // Here, since the caller may have to wait for its turn.
      defer { loads.withLock { $0[place] -= 1 } }
      return try body(connection)
    }
  }

  /// Closes all readers, each behind the reads it has been given.
  func close() async {
    for reader in readers { await reader.close() }
  }
}
