import CSQLite
import CompanionKit

/// What the text index is compared with: the same terms in a table of SQLite's own full-text index.
@safe
final class FullTextTable {
  private var database: OpaquePointer?
  private let match: RawStatement

  /// A table of these texts in memory; `nil` where this SQLite has no FTS5.
  init?(_ texts: [String]) throws {
    guard unsafe sqlite3_open(":memory:", &database) == SQLITE_OK,
      unsafe sqlite3_exec(
        database, "CREATE VIRTUAL TABLE t USING fts5(terms, content='', tokenize='unicode61'); BEGIN", nil,
        nil,
        nil) == SQLITE_OK
    else { return nil }
    let insert = try unsafe RawStatement("INSERT INTO t (rowid, terms) VALUES (?, ?)", on: database)
    for (index, text) in texts.enumerated() {
      let terms = TextAnalysis.terms(of: text).joined(separator: " ")
      try insert.run([.integer(Int64(index)), .text(terms)])
    }
    guard unsafe sqlite3_exec(database, "COMMIT", nil, nil, nil) == SQLITE_OK else { return nil }
    match = try unsafe RawStatement(
      "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT \(ConversationRanking.candidates)",
      on: database)
  }

  deinit { unsafe sqlite3_close_v2(database) }

  func search(_ query: TextQuery) throws {
    try match.run([.text(query.terms.map { "\"\($0.text)\"" }.joined(separator: " OR "))])
  }
}
