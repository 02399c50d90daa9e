import CompanionPorts

/// The one connection that writes, with group commit.
///
/// A write does not begin a transaction: it joins the group that waits, and the group is written when the
/// queue has nothing older to do. While one group is synchronised to the disk the next one gathers behind it,
/// so the more callers there are, the more of them share one synchronisation.
actor Writer {
  private let executor = QueueExecutor(label: "CompanionSQLite.writer")
  private var connection: Connection?
  private var pending: [any PendingWrite] = []
  /// How many transactions have been committed.
  private(set) var commits = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Opens the file, makes it if it is not there, and brings its schema up to date.
  ///
  /// - Returns: the file's absolute path.
  func open(_ options: OpenOptions) throws(StoreFailure) -> String {
    let path = try DatabaseFile.literal(options.path)
    // A new file gets its tables before it gets its name: processes that open it at the same time would get
    // into each other's way at changing the journal mode, where SQLite does not wait.
    _ = try DatabaseFile.create(path) { file throws(StoreFailure) in
      _ = try Self.connect(to: file, options)
    }
    do throws(StoreFailure) {
      connection = try Self.connect(to: path, options)
    } catch {
      throw error.naming(path)
    }
    return connection?.path ?? path
  }

  /// A connection to a file that is this library's, or empty, with its schema up to date.
  private static func connect(to path: String, _ options: OpenOptions) throws(StoreFailure) -> Connection {
    let connection = try Connection(path: path, access: .readWrite, busyTimeout: options.busyTimeout)
    // Nothing may be written, not even the journal mode, before it is known whose file it is.
    try Schema.inspect(connection)
    guard !connection.isReadOnly else { throw .inaccessible("the file cannot be written") }
    try connection.configure(for: options.durability)
    try Schema.migrate(connection)
    return connection
  }

  /// Does the body in the transaction of the next group.
  ///
  /// When the body throws, what it has done is undone, and nothing else of the group.
  ///
  /// - Returns: what the body gave, when it has been committed.
  func write<Value: Sendable>(_ body: @escaping Write<Value>.Body) async throws(StoreFailure) -> Value {
    let outcome = await withCheckedContinuation { caller in enqueue(Write(body, for: caller)) }
    return try outcome.get()
  }

  /// Writes what is waiting, moves the log into the file, and closes it.
  func close() {
    flush()
    // Readers of other processes may keep part of the log in use; the last one to close moves it.
    _ = try? connection?.run("PRAGMA wal_checkpoint(PASSIVE)")
    connection = nil
  }

  /// Lets the file grow to so many pages, as a disk that is full then.
  func limitPages(to count: Int) throws(StoreFailure) {
    try connection?.run("PRAGMA max_page_count = \(count)")
  }

  private func enqueue(_ write: any PendingWrite) {
    pending.append(write)
    guard pending.count == 1 else { return }
    executor.afterEnqueuedJobs { self.assumeIsolated { $0.flush() } }
  }

  private func flush() {
    var group = pending
    pending = []
    guard let connection else {
      for write in group { write.finish(.closed) }
      return
    }
    // Each time round, one write less: the one whose failure undid the transaction.
    while !group.isEmpty, let culprit = commit(group, on: connection) {
      group.remove(at: culprit).finish(nil)
    }
  }

  /// Commits a group in one transaction, and tells its callers.
  ///
  /// - Returns: the index of the write that made SQLite undo the whole transaction, which some errors do, such
  ///   as a full disk. Nobody has been told then.
  private func commit(_ group: [any PendingWrite], on connection: Connection) -> Int? {
    do throws(StoreFailure) {
      try connection.run("BEGIN IMMEDIATE")
      for (index, write) in group.enumerated() {
        try connection.run("SAVEPOINT write_of_group")
        do throws(StoreFailure) {
          try write.perform(on: connection)
        } catch {
          guard connection.isInTransaction else { return index }
          try connection.run("ROLLBACK TO write_of_group")
        }
        try connection.run("RELEASE write_of_group")
      }
      try connection.run("COMMIT")
      commits += 1
      for write in group { write.finish(nil) }
    } catch {
      connection.rollBack()
      for write in group { write.finish(error) }
    }
    return nil
  }
}

extension Connection {
  fileprivate func configure(for durability: SQLiteStore.Durability) throws(StoreFailure) {
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
    // After a burst the log file goes back to this size, in bytes.
    try run("PRAGMA journal_size_limit = 67108864")
  }
}
