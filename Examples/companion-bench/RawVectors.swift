import CSQLite
import CompanionKit
import ExampleSupport

/// Vectors stored by hand: an insert for each, and nothing that finds them, checks them or says what they are of.
enum RawVectors {
  /// What one costs, in microseconds: the mean, where so many are stored in each commit, which waits for the disk.
  static func microseconds(in path: String, _ vectors: [[Float]], count: Int, batch: Int) throws -> Double {
    var database: OpaquePointer?
    guard unsafe sqlite3_open(path, &database) == SQLITE_OK else {
      throw BenchmarkError(message: "cannot open \(path)")
    }
    defer { unsafe sqlite3_close(database) }
    try unsafe RawStatement("PRAGMA journal_mode = WAL", on: database).run()
    try unsafe RawStatement("PRAGMA synchronous = FULL", on: database).run()
    try unsafe RawStatement("CREATE TABLE vectors (key INTEGER PRIMARY KEY, vector BLOB)", on: database).run()
    let begin = try unsafe RawStatement("BEGIN IMMEDIATE", on: database)
    let insert = try unsafe RawStatement("INSERT INTO vectors VALUES (?, ?)", on: database)
    let commit = try unsafe RawStatement("COMMIT", on: database)
    let blobs = vectors.map { vector in unsafe vector.withUnsafeBytes { unsafe Array($0) } }
    let time = try ContinuousClock().measure {
      for start in stride(from: 0, to: count, by: batch) {
        try begin.run()
        for number in start..<min(start + batch, count) {
          try insert.run([.integer(Int64(number)), .blob(blobs[number % blobs.count])])
        }
        try commit.run()
      }
    }
    return time.milliseconds * 1_000 / Double(count)
  }
}
