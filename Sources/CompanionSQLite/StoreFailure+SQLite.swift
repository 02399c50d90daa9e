import CSQLite
import CompanionPorts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `SQLITE_IOERR_FSYNC` and `SQLITE_IOERR_DIR_FSYNC`, which are macros that Swift does not import.
private let ioErrorAtSync = SQLITE_IOERR | 4 << 8
private let ioErrorAtFolderSync = SQLITE_IOERR | 5 << 8

extension StoreFailure {
  /// The failure that a result code stands for.
  ///
  /// - Parameters:
  ///   - code: an extended result code.
  ///   - message: SQLite's words; they name tables and columns, never values.
  ///   - systemError: the `errno` of the system call that failed, 0 when none did.
  init(sqlite code: Int32, message: String, systemError: Int32) {
    let what = "\(message) (SQLite \(code)\(systemError == 0 ? "" : ", errno \(systemError)"))"
    // The low byte is the primary code; the others say more about it.
    switch code & 0xff {
    case SQLITE_FULL: self = .full(what)
    case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: self = .inaccessible(what)
    // A constraint fails only where the file contradicts itself: what a caller can get wrong is checked.
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT: self = .corrupt(what)
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: self = .busy(what)
    case SQLITE_TOOBIG: self = .invalid(what)
    // After a failed synchronisation nobody knows what has reached the disk, whatever the reason.
    case SQLITE_IOERR
    where code != ioErrorAtSync && code != ioErrorAtFolderSync
      && [ENOSPC, EDQUOT, EFBIG].contains(systemError):
      self = .full(what)
    default: self = .unknown(what)
    }
  }

  /// The failure that a connection has just had.
  ///
  /// - Parameter systemError: the `errno` to report where SQLite has not noted one.
  init(sqlite code: Int32, from database: OpaquePointer?, systemError: Int32 = 0) {
    // After a misuse the connection has no extended code of its own to tell.
    let extended = unsafe sqlite3_extended_errcode(database)
    let noted = unsafe sqlite3_system_errno(database)
    unsafe self.init(
      sqlite: extended & 0xff == code & 0xff ? extended : code,
      message: String(cString: sqlite3_errmsg(database)),
      systemError: noted == 0 ? systemError : noted)
  }

  /// The failure that a system call reported.
  ///
  /// - Parameter doing: what was tried, with the path.
  init(errno code: Int32, doing what: String) {
    let what = unsafe "\(what): \(String(cString: strerror(code)))"
    switch code {
    case ENOSPC, EDQUOT, EFBIG: self = .full(what)
    case EIO: self = .unknown(what)
    default: self = .inaccessible(what)
    }
  }
}
