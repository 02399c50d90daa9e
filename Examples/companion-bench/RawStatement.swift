import CSQLite
import CompanionKit

/// A statement of the C API, prepared once.
@safe
final class RawStatement {
  enum Value {
    case null, integer(Int64), text(String), blob([UInt8])
  }

  private let handle: OpaquePointer
  /// Lets SQLite copy what is bound.
  private static var copied: sqlite3_destructor_type {
    unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  init(_ sql: String, on database: OpaquePointer?) throws {
    var handle: OpaquePointer?
    guard
      unsafe sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        == SQLITE_OK,
      let handle = unsafe handle
    else { throw unsafe BenchmarkError(message: String(cString: sqlite3_errmsg(database))) }
    unsafe self.handle = handle
  }

  deinit { unsafe sqlite3_finalize(handle) }

  /// Runs the statement to its end.
  ///
  /// - Returns: the first column of its first row, as a number; 0 where there is no row.
  @discardableResult
  func run(_ values: [Value] = []) throws -> Int64 {
    for (index, value) in values.enumerated() {
      let place = Int32(index + 1)
      switch value {
      case .null: unsafe sqlite3_bind_null(handle, place)
      case .integer(let number): unsafe sqlite3_bind_int64(handle, place, number)
      case .text(let text):
        unsafe sqlite3_bind_text(handle, place, text, -1, Self.copied)
      case .blob(let bytes):
        unsafe sqlite3_bind_blob64(handle, place, bytes, UInt64(bytes.count), Self.copied)
      }
    }
    defer { unsafe sqlite3_reset(handle) }
    var first: Int64 = 0
    var rows = 0
    while true {
      switch unsafe sqlite3_step(handle) {
      case SQLITE_ROW:
        if rows == 0 { first = unsafe sqlite3_column_int64(handle, 0) }
        rows += 1
        // Whoever asks for a row reads all of it.
        let columns = unsafe sqlite3_column_count(handle)
        for column in 0..<columns { _ = unsafe sqlite3_column_bytes(handle, column) }
      case SQLITE_DONE: return first
      default:
        throw unsafe BenchmarkError(message: String(cString: sqlite3_errmsg(sqlite3_db_handle(handle))))
      }
    }
  }
}
