import CompanionPorts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The write-ahead log beside a database, as a file whose times can be set.
///
/// SQLite writes the log before it synchronises it, and makes a commit visible after that, in shared memory,
/// where nobody can watch. So that other processes are told when there is something to see, the writer sets
/// the log's times after each commit.
struct LogFile: ~Copyable {
  /// SQLite keeps the log while a connection is open, and puts no locks on it that closing this would lift.
  private let descriptor: Int32

  static func path(of database: String) -> String { database + "-wal" }

  init(of database: String) throws(StoreFailure) {
    let path = Self.path(of: database)
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "opening \(path)") }
  }

  deinit { close(descriptor) }

  /// Sets the times of the log to now.
  func touch() {
    // Others learn of the commit all the same when they look: there is nothing to undo.
    _ = futimens(descriptor, nil)
  }
}
