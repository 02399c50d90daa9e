import CSQLite
import CompanionKit
import ExampleSupport
import Foundation

/// What a turn does in the store, by hand: one insert in its own transaction, and the twenty newest read.
enum RawTurns {
  /// The median time of one turn in microseconds, on a file with so many messages.
  static func microseconds(in path: String, stored: Int) throws -> Double {
    var database: OpaquePointer?
    guard unsafe sqlite3_open(path, &database) == SQLITE_OK else {
      throw BenchmarkError(message: "cannot open \(path)")
    }
    defer { unsafe sqlite3_close(database) }
    try unsafe execute(
      """
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE message (session TEXT, sequence INTEGER, body TEXT, PRIMARY KEY (session, sequence)) WITHOUT ROWID;
      BEGIN;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(stored))
        INSERT INTO message SELECT 's', i, 'Message ' || i || ' about the garden and the weather.' FROM n;
      COMMIT;
      """, on: unsafe database)
    var insert: OpaquePointer?
    var select: OpaquePointer?
    unsafe sqlite3_prepare_v2(
      database, "INSERT INTO message VALUES ('s', ?, 'What shall we cook?')", -1, &insert, nil)
    unsafe sqlite3_prepare_v2(
      database, "SELECT body FROM message WHERE session = 's' ORDER BY sequence DESC LIMIT 20", -1, &select,
      nil)
    defer {
      unsafe sqlite3_finalize(insert)
      unsafe sqlite3_finalize(select)
    }
    var times: [Double] = []
    for turn in 1...500 {
      let time = try ContinuousClock().measure {
        try unsafe execute("BEGIN IMMEDIATE", on: database)
        unsafe sqlite3_bind_int64(insert, 1, Int64(stored + turn))
        guard unsafe sqlite3_step(insert) == SQLITE_DONE else {
          throw BenchmarkError(message: "cannot insert")
        }
        unsafe sqlite3_reset(insert)
        try unsafe execute("COMMIT", on: database)
        var rows = 0
        while unsafe sqlite3_step(select) == SQLITE_ROW {
          unsafe rows += Int(sqlite3_column_bytes(select, 0)) > 0 ? 1 : 0
        }
        unsafe sqlite3_reset(select)
        guard rows == min(20, stored + turn) else { throw BenchmarkError(message: "read \(rows) rows") }
      }
      times.append(time.milliseconds * 1000)
    }
    return times.percentile(0.5)
  }

  private static func execute(_ sql: String, on database: OpaquePointer?) throws {
    guard unsafe sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
      throw unsafe BenchmarkError(message: String(cString: sqlite3_errmsg(database)))
    }
  }
}
