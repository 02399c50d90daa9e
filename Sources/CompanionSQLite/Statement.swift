import CSQLite
import CompanionDomain
import CompanionPorts
import FoundationEssentials

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A value for a statement's parameter.
enum SQLiteValue: Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  /// Text that is UTF-8 already.
  case utf8(Data)
  case blob([UInt8])

  static func integer(_ value: Int) -> SQLiteValue { .integer(Int64(value)) }
  static func time(_ value: Timestamp) -> SQLiteValue { .integer(value.nanosecondsSinceEpoch) }
  static func optional(_ value: String?) -> SQLiteValue { value.map { .text($0) } ?? .null }
  static func optional(_ value: Timestamp?) -> SQLiteValue { value.map { .time($0) } ?? .null }
  static func optional(_ value: Int?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
  static func optional(_ value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
  static func optional(_ value: Double?) -> SQLiteValue { value.map { .real($0) } ?? .null }
}

/// A prepared statement.
///
/// It is safe to use where its connection is: the handle lives as long as this object, which only the
/// connection's owner reaches.
@safe
final class Statement {
  private let handle: OpaquePointer

  init(_ sql: String, on database: OpaquePointer) throws(StoreFailure) {
    var handle: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(
      database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle = unsafe handle else {
      throw unsafe StoreFailure(sqlite: code, from: database)
    }
    unsafe self.handle = handle
  }

  deinit { unsafe sqlite3_finalize(handle) }

  func bind(_ values: [SQLiteValue]) throws(StoreFailure) {
    for (index, value) in values.enumerated() {
      // What is not bound is NULL.
      if case .null = value { continue }
      let code = bind(value, at: Int32(index + 1))
      guard code == SQLITE_OK else { throw failure(code) }
    }
  }

  private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
    switch value {
    case .null: return unsafe sqlite3_bind_null(handle, index)
    case .integer(let value): return unsafe sqlite3_bind_int64(handle, index, value)
    case .real(let value): return unsafe sqlite3_bind_double(handle, index, value)
    case .text(var text): return text.withUTF8 { unsafe bind(UnsafeRawBufferPointer($0), at: index) }
    case .utf8(let data): return unsafe data.withUnsafeBytes { unsafe bind($0, at: index) }
    case .blob(let bytes): return unsafe bytes.withUnsafeBytes { unsafe bind(blob: $0, at: index) }
    }
  }

  private func bind(blob bytes: UnsafeRawBufferPointer, at index: Int32) -> Int32 {
    // A null pointer would bind NULL instead of an empty blob.
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return unsafe sqlite3_bind_zeroblob(handle, index, 0)
    }
    return unsafe sqlite3_bind_blob64(
      handle, index, start, UInt64(bytes.count), companion_sqlite_transient())
  }

  private func bind(_ bytes: UnsafeRawBufferPointer, at index: Int32) -> Int32 {
    // A null pointer would bind NULL instead of empty text.
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return unsafe sqlite3_bind_text(handle, index, "", 0, companion_sqlite_transient())
    }
    return unsafe sqlite3_bind_text64(
      handle, index, start.assumingMemoryBound(to: CChar.self), UInt64(bytes.count),
      companion_sqlite_transient(), UInt8(SQLITE_UTF8))
  }

  /// Goes to the next row.
  ///
  /// - Returns: `false` when there is none.
  func step() throws(StoreFailure) -> Bool {
    // SQLite notes the system's error with most failures, but not with that of a COMMIT.
    errno = 0
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw failure(code, systemError: errno)
    }
  }

  /// Makes the statement ready to run again, and lets go of what was bound.
  func reset() {
    // The code is that of the last step, which has been reported.
    _ = unsafe sqlite3_reset(handle)
    _ = unsafe sqlite3_clear_bindings(handle)
  }

  private func failure(_ code: Int32, systemError: Int32 = 0) -> StoreFailure {
    unsafe StoreFailure(sqlite: code, from: sqlite3_db_handle(handle), systemError: systemError)
  }
}

extension Statement {
  func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

  func integer(_ column: Int32) throws(StoreFailure) -> Int64 {
    guard unsafe sqlite3_column_type(handle, column) == SQLITE_INTEGER else {
      throw .corrupt("column \(column) of a row is not a number")
    }
    return unsafe sqlite3_column_int64(handle, column)
  }

  /// A number that counts something: places, revisions, leases.
  ///
  /// One that nothing can have counted to is damage. Whoever counts on from the highest that passes has
  /// room.
  func counter(_ column: Int32) throws(StoreFailure) -> Int64 {
    let value = try integer(column)
    guard (0...Int64.max / 2).contains(value) else {
      throw .corrupt("column \(column) of a row is out of range")
    }
    return value
  }

  func real(_ column: Int32) throws(StoreFailure) -> Double {
    guard unsafe sqlite3_column_type(handle, column) == SQLITE_FLOAT else {
      throw .corrupt("column \(column) of a row is not a fraction")
    }
    return unsafe sqlite3_column_double(handle, column)
  }

  func time(_ column: Int32) throws(StoreFailure) -> Timestamp {
    Timestamp(nanosecondsSinceEpoch: try integer(column))
  }

  func optionalTime(_ column: Int32) throws(StoreFailure) -> Timestamp? {
    isNull(column) ? nil : try time(column)
  }

  func optionalReal(_ column: Int32) throws(StoreFailure) -> Double? {
    isNull(column) ? nil : try real(column)
  }

  func optionalInteger(_ column: Int32) throws(StoreFailure) -> Int? {
    isNull(column) ? nil : Int(clamping: try integer(column))
  }

  func flag(_ column: Int32) throws(StoreFailure) -> Bool {
    let value = try integer(column)
    guard (0...1).contains(value) else { throw .corrupt("column \(column) of a row is neither yes nor no") }
    return value == 1
  }

  func text(_ column: Int32) throws(StoreFailure) -> String {
    let text = try unsafe withUTF8(of: column) { bytes in unsafe String(validating: bytes, as: UTF8.self) }
    guard let text else { throw .corrupt("column \(column) of a row is not UTF-8") }
    return text
  }

  func optionalText(_ column: Int32) throws(StoreFailure) -> String? {
    isNull(column) ? nil : try text(column)
  }

  /// The bytes of a text.
  func utf8(_ column: Int32) throws(StoreFailure) -> Data {
    try unsafe withUTF8(of: column) { bytes in unsafe Data(bytes) }
  }

  /// The bytes of a blob.
  func bytes(_ column: Int32) throws(StoreFailure) -> [UInt8] {
    guard unsafe sqlite3_column_type(handle, column) == SQLITE_BLOB else {
      throw .corrupt("column \(column) of a row is not a blob")
    }
    let start = unsafe sqlite3_column_blob(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// Copies a part of a blob that has numbers of four bytes each, the lowest byte first.
  ///
  /// - Parameters:
  ///   - part: which of the numbers.
  ///   - count: how many the blob has to have.
  ///   - place: where the first comes to stand, with room for all.
  func copyNumbers(
    _ column: Int32, _ part: Range<Int>, of count: Int, to numbers: inout [Float], at place: Int
  ) throws(StoreFailure) {
    guard unsafe sqlite3_column_type(handle, column) == SQLITE_BLOB else {
      throw .corrupt("column \(column) of a row is not a blob")
    }
    let start = unsafe sqlite3_column_blob(handle, column)
    guard let start = unsafe start, Int(unsafe sqlite3_column_bytes(handle, column)) == 4 * count,
      part.lowerBound >= 0, part.upperBound <= count, place >= 0, place <= numbers.count - part.count
    else { throw VectorBlock.damage }
    let bytes = unsafe UnsafeRawBufferPointer(start: start + 4 * part.lowerBound, count: 4 * part.count)
    unsafe numbers.withUnsafeMutableBytes { buffer in
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[(4 * place)...]).copyMemory(from: bytes)
    }
    #if _endian(big)
      for place in place..<place + part.count {
        numbers[place] = Float(bitPattern: numbers[place].bitPattern.byteSwapped)
      }
    #endif
  }

  private func withUTF8<Value>(
    of column: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Value
  ) throws(StoreFailure) -> Value {
    guard unsafe sqlite3_column_type(handle, column) == SQLITE_TEXT else {
      throw .corrupt("column \(column) of a row is not text")
    }
    // The order matters: the text call may convert, and the bytes call measures what it left.
    let start = unsafe sqlite3_column_text(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe body(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
  }
}
