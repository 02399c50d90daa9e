import CSQLite
public import CompanionPorts

extension SQLiteStore {
  /// Reads the whole file and checks that it is sound.
  ///
  /// It takes as long as reading the file does. Other calls go on meanwhile.
  ///
  /// - Throws: ``StoreFailure/corrupt(_:)`` with the first problems that were found.
  public func checkIntegrity() async throws(StoreFailure) {
    try await longRead { connection throws(StoreFailure) in
      let findings = try connection.rows("PRAGMA integrity_check(10)") { row throws(StoreFailure) in
        try row.text(0)
      }
      guard findings == ["ok"] else { throw .corrupt(findings.joined(separator: "; ")) }
      let orphans = try connection.rows("PRAGMA foreign_key_check") { row throws(StoreFailure) in
        try row.text(0)
      }
      guard orphans.isEmpty else { throw .corrupt("\(orphans.count) rows belong to nothing") }
    }
  }

  /// Rewrites the file without what was removed, and empties the write-ahead log.
  ///
  /// It takes as long as writing the file does, and as much space again. Other calls wait meanwhile.
  ///
  /// - Throws: ``StoreFailure/busy(_:)`` when another process reads or writes for too long. What was removed may
  ///   still be in the log then.
  public func eraseRemoved() async throws(StoreFailure) { try await writer.eraseRemoved() }

  /// Copies the store, as it is at one moment, to a new file that another store can be opened on.
  ///
  /// Other calls go on meanwhile. The file appears under its name when it is whole and on the disk.
  ///
  /// - Parameter path: a file that is not there, in a folder that is. If there is one it stays as it is.
  /// - Throws: ``StoreFailure/inaccessible(_:)`` when there is such a file or it cannot be made.
  public func backUp(to path: String) async throws(StoreFailure) {
    let path = try DatabaseFile.literal(path)
    try await longRead { connection throws(StoreFailure) in
      let isNew = try DatabaseFile.create(path) { file throws(StoreFailure) in try connection.copy(to: file) }
      guard isNew else { throw .inaccessible("\(path) is there already") }
    }
  }
}

extension Connection {
  /// Copies the database into an empty file.
  fileprivate func copy(to path: String) throws(StoreFailure) {
    let copy = try Connection(path: path, access: .readWrite, busyTimeout: .zero)
    guard let backup = unsafe sqlite3_backup_init(copy.handle, "main", handle, "main") else {
      throw unsafe StoreFailure(sqlite: sqlite3_errcode(copy.handle), from: copy.handle)
    }
    // All pages in one step: a copy in pieces starts anew whenever another connection writes in between.
    let step = unsafe sqlite3_backup_step(backup, -1)
    let finish = unsafe sqlite3_backup_finish(backup)
    guard step == SQLITE_DONE, finish == SQLITE_OK else {
      throw unsafe StoreFailure(sqlite: finish == SQLITE_OK ? step : finish, from: copy.handle)
    }
  }
}
