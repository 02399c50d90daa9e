import CSQLite
import CompanionDomain
import CompanionPorts

/// One connection to a database file.
///
/// Not `Sendable`: it belongs to the actor that made it, and SQLite's own locking is turned off. It closes
/// with the last reference.
@safe
final class Connection {
  enum Access {
    case readWrite, readOnly

    fileprivate var flags: Int32 {
      switch self {
      case .readWrite: SQLITE_OPEN_READWRITE
      case .readOnly: SQLITE_OPEN_READONLY
      }
    }
  }

  let handle: OpaquePointer
  private var statements: [String: Statement] = [:]

  /// - Parameters:
  ///   - path: taken literally; see ``DatabaseFile/literal(_:)``.
  ///   - busyTimeout: how long to wait for the locks of other connections.
  init(path: String, access: Access, busyTimeout: Duration) throws(StoreFailure) {
    var opened: OpaquePointer?
    let flags = access.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard let handle = unsafe opened else { throw .unknown("out of memory at opening a file") }
    guard code == SQLITE_OK else {
      let failure = unsafe StoreFailure(sqlite: code, from: handle)
      unsafe sqlite3_close(handle)
      throw failure
    }
    unsafe self.handle = handle
    unsafe sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout.nanoseconds / 1_000_000))
  }

  deinit {
    // Closing fails while statements are left.
    statements = [:]
    unsafe sqlite3_close(handle)
  }

  /// The file, as an absolute path.
  var path: String {
    guard let name = unsafe sqlite3_db_filename(handle, "main") else { return "" }
    return unsafe String(cString: name)
  }

  /// Whether the file could only be opened for reading, though more was asked for.
  var isReadOnly: Bool { unsafe sqlite3_db_readonly(handle, "main") == 1 }

  /// Whether a transaction is open. SQLite ends one by itself after some errors.
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Runs a statement to its end.
  ///
  /// - Returns: how many rows an insert, an update or a removal has changed.
  @discardableResult
  func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreFailure) -> Int {
    _ = try rows(sql, values) { _ in }
    return Int(unsafe sqlite3_changes64(handle))
  }

  /// The first row of a statement, or `nil`.
  func row<Value>(
    _ sql: String, _ values: [SQLiteValue] = [], read: (Statement) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value? {
    try rows(sql, values, read: read).first
  }

  /// The rows of a statement, read one by one.
  func rows<Value>(
    _ sql: String, _ values: [SQLiteValue] = [], read: (Statement) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> [Value] {
    let statement = try prepared(sql)
    defer { statement.reset() }
    try statement.bind(values)
    var found: [Value] = []
    while try statement.step() { found.append(try read(statement)) }
    return found
  }

  /// Does all of the body in one transaction that locks out other writers, or nothing.
  func transaction(_ body: () throws(StoreFailure) -> Void) throws(StoreFailure) {
    try run("BEGIN IMMEDIATE")
    do throws(StoreFailure) {
      try body()
      try run("COMMIT")
    } catch {
      rollBack()
      throw error
    }
  }

  /// Ends the transaction, if one is open, without its changes.
  func rollBack() {
    guard isInTransaction else { return }
    // What fails here has ended the transaction already, or leaves it to the closing of the connection.
    _ = try? run("ROLLBACK")
  }

  private func prepared(_ sql: String) throws(StoreFailure) -> Statement {
    if let statement = statements[sql] { return statement }
    let statement = try unsafe Statement(sql, on: handle)
    statements[sql] = statement
    return statement
  }
}

extension StoreFailure {
  /// The same failure, with the file it is about.
  func naming(_ path: String) -> StoreFailure {
    switch self {
    case .full(let what): .full("\(path): \(what)")
    case .inaccessible(let what): .inaccessible("\(path): \(what)")
    case .corrupt(let what): .corrupt("\(path): \(what)")
    case .busy(let what): .busy("\(path): \(what)")
    case .unknown(let what): .unknown("\(path): \(what)")
    default: self
    }
  }
}
