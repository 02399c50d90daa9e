import CSQLite
import CompanionKit
import Foundation

/// What a turn does in the store, by hand: one insert in its own transaction, and the twenty newest read.
enum RawTurns {
  /// The median time of one turn in microseconds, on a file with so many messages.
  static func microseconds(in path: String, stored: Int) throws -> Double {
    var database: OpaquePointer?
    guard sqlite3_open(path, &database) == SQLITE_OK else {
      throw BenchmarkError(message: "cannot open \(path)")
    }
    defer { sqlite3_close(database) }
    try execute(
      """
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE message (session TEXT, sequence INTEGER, body TEXT, PRIMARY KEY (session, sequence)) WITHOUT ROWID;
      BEGIN;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(stored))
        INSERT INTO message SELECT 's', i, 'Message ' || i || ' about the garden and the weather.' FROM n;
      COMMIT;
      """, on: database)
    var insert: OpaquePointer?
    var select: OpaquePointer?
    sqlite3_prepare_v2(
      database, "INSERT INTO message VALUES ('s', ?, 'What shall we cook?')", -1, &insert, nil)
    sqlite3_prepare_v2(
      database, "SELECT body FROM message WHERE session = 's' ORDER BY sequence DESC LIMIT 20", -1, &select,
      nil)
    defer {
      sqlite3_finalize(insert)
      sqlite3_finalize(select)
    }
    var times: [Double] = []
    for turn in 1...500 {
      let time = try ContinuousClock().measure {
        try execute("BEGIN IMMEDIATE", on: database)
        sqlite3_bind_int64(insert, 1, Int64(stored + turn))
        guard sqlite3_step(insert) == SQLITE_DONE else { throw BenchmarkError(message: "cannot insert") }
        sqlite3_reset(insert)
        try execute("COMMIT", on: database)
        var rows = 0
        while sqlite3_step(select) == SQLITE_ROW { rows += Int(sqlite3_column_bytes(select, 0)) > 0 ? 1 : 0 }
        sqlite3_reset(select)
        guard rows == min(20, stored + turn) else { throw BenchmarkError(message: "read \(rows) rows") }
      }
      times.append(time.milliseconds * 1000)
    }
    return times.percentile(0.5)
  }

  private static func execute(_ sql: String, on database: OpaquePointer?) throws {
    guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
      throw BenchmarkError(message: String(cString: sqlite3_errmsg(database)))
    }
  }
}
