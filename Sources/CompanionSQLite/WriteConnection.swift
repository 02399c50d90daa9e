import CompanionDomain
import CompanionPorts

/// The connection that writes, and what is known between its transactions.
///
/// Not `Sendable`: it belongs to whoever holds the writer's lock.
final class WriteConnection {
  let connection: Connection
  /// The file's absolute path.
  let path: String
  /// What this connection knows without reading it again, as long as nobody else writes.
  var recent = RecentTasks()
  var pause: TaskPause?
  /// Whether the last claim found nothing: the next one looks before it locks.
  var isIdle = false
  /// How many transactions have been committed.
  private(set) var commits = 0
  private var commitsAtLastLook = 0
  /// Whether the open transaction has changed tasks, pauses or schedules.
  var hasChangedTasks = false
  /// Whether the open transaction has changed the log of a conversation.
  var hasChangedLog = false
  /// Whether there may be more to embed behind the open transaction.
  var mayNeedEmbedding = false

  private let listeners: StoreListeners
  private let busyTimeout: Duration
  private let log: LogFile
  private var dataVersion: Int64
  /// The last one of those at which the file was found to be another version's.
  private var foreignVersion: Int64?

  /// Opens the file, makes it if it is not there, and brings its schema up to date.
  init(_ options: OpenOptions, telling listeners: StoreListeners) throws(StoreFailure) {
    let path = try DatabaseFile.literal(options.path)
    // A new file gets its tables before it gets its name: processes that open it at the same time would get
    // into each other's way at changing the journal mode, where SQLite does not wait.
    _ = try DatabaseFile.create(path) { file throws(StoreFailure) in
      // What closing leaves in the log, as on a full disk, it does not tell.
      try Connection(writing: file, options).emptyLog()
    }
    do throws(StoreFailure) {
      connection = try Connection(writing: path, options)
      dataVersion = try connection.dataVersion
      // Another version may have opened the file since its schema was looked at.
      try Schema.expectUnchanged(connection)
      self.path = connection.path
      log = try LogFile(of: self.path)
    } catch {
      throw error.naming(path)
    }
    self.listeners = listeners
    busyTimeout = options.busyTimeout
    connection.measureLog()
  }

  /// Finds out whether another connection has written; forgets what is no longer sure then, and tells.
  func noticeOthers() throws(StoreFailure) {
    let version = try connection.dataVersion
    guard version != dataVersion else { return }
    do throws(StoreFailure) { try Schema.expectUnchanged(connection) } catch {
      // It is not noted: as long as the file is another's, nothing is written. Whoever waits learns of that by looking.
      if foreignVersion != version { listeners.tell() }
      foreignVersion = version
      throw error
    }
    dataVersion = version
    forget()
    listeners.tell()
  }

  /// Finds out whether another connection has written, while nothing is written here.
  ///
  /// - Returns: whether this connection has written since the last time.
  func noticeOthersBetweenWrites() -> Bool {
    // A failure shows itself to the next one who writes.
    _ = try? noticeOthers()
    defer { commitsAtLastLook = commits }
    return commits != commitsAtLastLook
  }

  /// Commits a group in one transaction.
  ///
  /// - Returns: the index of the write that made SQLite undo the whole transaction, which some errors do, such
  ///   as a full disk; nobody has been told then. Otherwise `nil`, and all have an outcome.
  /// - Throws: why there is no transaction.
  func commit(_ group: [any PendingWrite]) throws(StoreFailure) -> Int? {
    try begin()
    for (index, write) in group.enumerated() {
      // One write needs no savepoint: what undoes it undoes the transaction.
      if group.count > 1 { try connection.run(.savepoint) }
      do throws(StoreFailure) {
        try write.perform(on: self)
      } catch {
        forget()
        guard group.count > 1 else {
          connection.rollBack()
          return nil
        }
        guard connection.isInTransaction else { return index }
        try connection.run(.rollBackToSavepoint)
      }
      if group.count > 1 { try connection.run(.release) }
    }
    try end()
    return nil
  }

  /// Does the work in a transaction of its own if that can begin at once.
  ///
  /// - Returns: `nil` when somebody else holds the file.
  func commitAtOnce<Value>(
    _ body: (WriteConnection) throws(StoreFailure) -> Value
  ) -> Result<Value, StoreFailure>? {
    connection.wait(atMost: .zero)
    defer { connection.wait(atMost: busyTimeout) }
    do throws(StoreFailure) {
      try begin()
    } catch .busy {
      undo()
      return nil
    } catch {
      undo()
      return .failure(error)
    }
    do throws(StoreFailure) {
      let value = try body(self)
      try end()
      return .success(value)
    } catch {
      undo()
      return .failure(error)
    }
  }

  /// Reads without waiting for anybody.
  ///
  /// - Returns: `nil` when there is nothing to read, or somebody else holds the file.
  func atOnce<Value>(
    _ reading: ((WriteConnection) throws(StoreFailure) -> Value?)?
  ) throws(StoreFailure) -> Value? {
    guard let reading else { return nil }
    connection.wait(atMost: .zero)
    defer { connection.wait(atMost: busyTimeout) }
    do throws(StoreFailure) {
      return try reading(self)
    } catch .busy {
      return nil
    }
  }

  /// Ends the open transaction, if there is one, without its changes.
  func undo() {
    connection.rollBack()
    forget()
  }

  /// Moves what the log holds into the file, as far as its readers allow.
  func checkpoint() {
    // What cannot be moved now is moved later.
    _ = try? connection.run("PRAGMA wal_checkpoint(PASSIVE)")
  }

  /// Rewrites the file without what was removed, and empties the log.
  func eraseRemoved() throws(StoreFailure) {
    try connection.run("VACUUM")
    try connection.emptyLog()
  }

  private func begin() throws(StoreFailure) {
    try connection.run(.begin)
    hasChangedTasks = false
    hasChangedLog = false
    mayNeedEmbedding = false
    try noticeOthers()
  }

  private func end() throws(StoreFailure) {
    try connection.run(.commit)
    commits += 1
    guard hasChangedTasks || hasChangedLog || mayNeedEmbedding else { return }
    // Whoever watches the log would otherwise be told before the commit can be seen, and not after.
    log.touch()
    if hasChangedTasks { listeners.tasks.tell() }
    if hasChangedLog { listeners.logs.tell() }
    if mayNeedEmbedding { listeners.embeddings.tell() }
  }

  private func forget() {
    recent.forgetAll()
    pause = nil
    isIdle = false
  }
}

extension Connection {
  /// A connection to a file that is this library's, or empty, with its schema up to date.
  fileprivate convenience init(writing path: String, _ options: OpenOptions) throws(StoreFailure) {
    try self.init(path: path, access: .readWrite, busyTimeout: options.busyTimeout)
    // Nothing may be written, not even the journal mode, before it is known whose file it is.
    try Schema.inspect(self)
    guard !isReadOnly else { throw .inaccessible("the file cannot be written") }
    try configure(for: options.durability)
    try Schema.migrate(self, at: options.now)
    try Schema.updateTextIndex(self)
    try Schema.updateEmbeddings(self)
  }

  /// Changes with every commit of another connection, in this process or another, and only then.
  fileprivate var dataVersion: Int64 {
    get throws(StoreFailure) {
      try row(.dataVersion) { row throws(StoreFailure) in try row.integer(0) } ?? 0
    }
  }

  private func configure(for durability: SQLiteStore.Durability) throws(StoreFailure) {
    let mode = try row("PRAGMA journal_mode = WAL") { row throws(StoreFailure) in try row.text(0) }
    guard mode == "wal" else { throw .inaccessible("the file system cannot hold a write-ahead log") }
    switch durability {
    case .full:
      try run("PRAGMA synchronous = FULL")
      // On Apple's systems an ordinary synchronisation leaves data in the drive's cache.
      try run("PRAGMA fullfsync = ON")
    case .normal:
      try run("PRAGMA synchronous = NORMAL")
    }
    try run("PRAGMA foreign_keys = ON")
    // What is removed is overwritten at once; see ``SQLiteStore/eraseRemoved()``.
    try run("PRAGMA secure_delete = ON")
    // In kilobytes: what a merge of the text index changes fits, and is written once.
    try run("PRAGMA cache_size = -16384")
    // After a burst the log file goes back to this size, in bytes.
    try run("PRAGMA journal_size_limit = 67108864")
  }
}

extension Connection {
  /// Moves all that the log holds into the file.
  fileprivate func emptyLog() throws(StoreFailure) {
    let isBlocked = try row("PRAGMA wal_checkpoint(TRUNCATE)") { row throws(StoreFailure) in try row.flag(0) }
    guard isBlocked == false else {
      throw .busy("somebody reads what the write-ahead log has, so that it cannot be emptied")
    }
  }
}
