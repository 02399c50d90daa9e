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
  /// How many pages the log had after the last commit; see ``measureLog()``. SQLite keeps the pointer.
  let logPages: UnsafeMutablePointer<Int32>
  private var statements: [String: Statement] = [:]
  /// The text is kept with the statement: another object could come to lie where it was.
  private var frequentStatements: [ObjectIdentifier: (text: SQL, statement: Statement)] = [:]

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
    unsafe logPages = .allocate(capacity: 1)
    unsafe logPages.initialize(to: 0)
    wait(atMost: busyTimeout)
  }

  deinit {
    statements = [:]
    frequentStatements = [:]
    // Whoever ran the last statement may still hold it: in an optimised build a local is let go of when the
    // optimiser likes. This closes with the last statement; the other way of closing fails while one is left.
    unsafe sqlite3_close_v2(handle)
    unsafe logPages.deallocate()
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

  /// The key of the row that was inserted last.
  var lastInsertedKey: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// How long to wait for the locks of other connections.
  func wait(atMost limit: Duration) {
    unsafe sqlite3_busy_timeout(handle, Int32(clamping: limit.nanoseconds / 1_000_000))
  }

  /// Runs a statement to its end.
  ///
  /// - Returns: how many rows an insert, an update or a removal has changed.
  @discardableResult
  func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreFailure) -> Int {
    try run(try prepared(sql), values)
  }

  /// Runs a statement to its end.
  @discardableResult
  func run(_ sql: SQL, _ values: [SQLiteValue] = []) throws(StoreFailure) -> Int {
    try run(try prepared(sql), values)
  }

  /// The first row of a statement, or `nil`.
  func row<Value>(
    _ sql: String, _ values: [SQLiteValue] = [], read: (Statement) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value? {
    try row(try prepared(sql), values, read)
  }

  /// The first row of a statement, or `nil`.
  func row<Value>(
    _ sql: SQL, _ values: [SQLiteValue] = [], read: (Statement) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value? {
    try row(try prepared(sql), values, read)
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

  /// Reads the rows of a statement one by one for as long as the body says that there is need.
  func forEachRow(
    _ sql: SQL, _ values: [SQLiteValue] = [], while read: (Statement) throws(StoreFailure) -> Bool
  ) throws(StoreFailure) {
    try forEachRow(of: try prepared(sql), values, while: read)
  }

  /// Reads the rows of a statement one by one for as long as the body says that there is need.
  func forEachRow(
    _ sql: String, _ values: [SQLiteValue] = [], while read: (Statement) throws(StoreFailure) -> Bool
  ) throws(StoreFailure) {
    try forEachRow(of: try prepared(sql), values, while: read)
  }

  private func forEachRow(
    of statement: Statement, _ values: [SQLiteValue], while read: (Statement) throws(StoreFailure) -> Bool
  ) throws(StoreFailure) {
    defer { statement.reset() }
    try statement.bind(values)
    while try statement.step() {
      guard try read(statement) else { return }
    }
  }

  private func run(_ statement: Statement, _ values: [SQLiteValue]) throws(StoreFailure) -> Int {
    defer { statement.reset() }
    try statement.bind(values)
    while try statement.step() {}
    return Int(unsafe sqlite3_changes64(handle))
  }

  private func row<Value>(
    _ statement: Statement, _ values: [SQLiteValue], _ read: (Statement) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value? {
    defer { statement.reset() }
    try statement.bind(values)
    return try statement.step() ? try read(statement) : nil
  }

  /// Reads what is to be of one moment with several statements.
  func snapshot<Value>(_ body: () throws(StoreFailure) -> Value) throws(StoreFailure) -> Value {
    try run("BEGIN")
    // Nothing was written: ending it one way is as good as the other.
    defer { rollBack() }
    return try body()
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

  private func prepared(_ sql: SQL) throws(StoreFailure) -> Statement {
    if let found = frequentStatements[ObjectIdentifier(sql)] { return found.statement }
    let statement = try unsafe Statement(sql.text, on: handle)
    frequentStatements[ObjectIdentifier(sql)] = (sql, statement)
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
