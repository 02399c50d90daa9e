import CSQLite

extension Connection {
  /// How many pages the log may have before it is moved into the file; SQLite's own number.
  private static let longLog: Int32 = 1000

  /// Whether the log has become so long that it is to be moved into the file.
  var hasLongLog: Bool { unsafe logPages.pointee >= Self.longLog }

  /// Counts the pages of the log from now on, instead of moving them into the file inside a commit.
  ///
  /// That waits for the disk, and whoever commits is not to wait for it.
  func measureLog() {
    unsafe sqlite3_wal_hook(
      handle,
      { pages, _, _, count in
        unsafe pages?.assumingMemoryBound(to: Int32.self).pointee = count
        return SQLITE_OK
      }, logPages)
  }
}
