import CompanionDomain
import CompanionPorts

extension Schema {
  /// Version 6: what can be embedded, what waits for that, and the vectors.
  static func addEmbeddings(_ connection: Connection) throws(StoreFailure) {
    for statement in embeddings { try connection.run(statement) }
    try connection.run(
      "INSERT INTO embedding_state (rules, last_removed) VALUES (?, 0)", [.integer(EmbeddingText.version)])
    // What is stored already is taken in by version 7, with all that is kept of it since.
  }

  /// A source is whatever has an `EmbeddingText`. Its row never changes but for where it lies and when it is from: what
  /// says something else is another source, so that its key is its place in the order of changes. In each open space
  /// it has vectors, or is in the line, or has failed, and only one of the three.
  private static let embeddings = [
    // The key of the source that a row is; nothing where it is none.
    "ALTER TABLE messages ADD COLUMN embedding INTEGER",
    "ALTER TABLE memories ADD COLUMN embedding INTEGER",
    "ALTER TABLE facts ADD COLUMN embedding INTEGER",
    "ALTER TABLE documents ADD COLUMN embedding INTEGER",
    // By which rules sources were made, and the highest key of those that are gone, which is never given again.
    // AUTOINCREMENT would write to one page more with each message.
    "CREATE TABLE embedding_state (rules INTEGER NOT NULL, last_removed INTEGER NOT NULL) STRICT",
    // Where it lies: the key of a session and a place there, or the key of a row.
    """
    CREATE TABLE embedding_sources (
      key INTEGER PRIMARY KEY,
      kind INTEGER NOT NULL,
      owner INTEGER NOT NULL,
      place INTEGER NOT NULL,
      partition INTEGER NOT NULL,
      hash BLOB NOT NULL
    ) STRICT
    """,
    "CREATE TABLE embedding_partitions (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE embedding_spaces (
      key INTEGER PRIMARY KEY AUTOINCREMENT,
      provider TEXT NOT NULL,
      model TEXT NOT NULL,
      dimension INTEGER NOT NULL,
      next INTEGER NOT NULL,
      tail INTEGER NOT NULL,
      UNIQUE (provider, model, dimension)
    ) STRICT
    """,
    // What has not failed.
    """
    CREATE TABLE embedding_line (
      space INTEGER NOT NULL,
      source INTEGER NOT NULL,
      PRIMARY KEY (space, source)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE embedding_failures (
      space INTEGER NOT NULL,
      source INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      reason TEXT NOT NULL,
      retry_at INTEGER,
      PRIMARY KEY (space, source)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX embedding_retries ON embedding_failures (space, retry_at, source, attempts)
      WHERE retry_at IS NOT NULL
    """,
    // The numbers of a source's vectors follow one another. No number is given twice in a space.
    """
    CREATE TABLE embedding_vectors (
      space INTEGER NOT NULL,
      source INTEGER NOT NULL,
      first INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (space, source)
    ) STRICT, WITHOUT ROWID
    """,
    // The keys of the next two begin with that of a space: see ``VectorBlock``.
    """
    CREATE TABLE embedding_tail (
      key INTEGER PRIMARY KEY,
      source INTEGER NOT NULL,
      partition INTEGER NOT NULL,
      vector BLOB NOT NULL
    ) STRICT
    """,
    "CREATE TABLE embedding_blocks (key INTEGER PRIMARY KEY, owners BLOB NOT NULL, vectors BLOB NOT NULL) STRICT",
    // Which vectors went, for whoever has them in memory.
    """
    CREATE TABLE embedding_removals (
      change INTEGER PRIMARY KEY AUTOINCREMENT,
      space INTEGER NOT NULL,
      first INTEGER NOT NULL,
      count INTEGER NOT NULL
    ) STRICT
    """,
  ]
}

extension Schema {
  /// Looks again at all that is stored when other rules have said what is embedded of it. Vectors of what says the
  /// same stay.
  static func updateEmbeddings(_ connection: Connection) throws(StoreFailure) {
    guard try embeddingRules(connection) != Int64(EmbeddingText.version) else { return }
    try connection.transaction { () throws(StoreFailure) in
      // Another process may have done it meanwhile.
      guard try embeddingRules(connection) != Int64(EmbeddingText.version) else { return }
      try connection.run("UPDATE embedding_state SET rules = ?", [.integer(EmbeddingText.version)])
      try embedTexts(connection)
    }
  }

  private static func embeddingRules(_ connection: Connection) throws(StoreFailure) -> Int64? {
    try connection.row("SELECT rules FROM embedding_state") { row throws(StoreFailure) in
      try row.integer(0)
    }
  }

  /// Brings the sources in step with all that is stored.
  static func embedTexts(_ connection: Connection) throws(StoreFailure) {
    let sessions = try connection.rows("SELECT key, \(SessionRow.columns) FROM sessions ORDER BY key") {
      row throws(StoreFailure) in
      (key: try row.integer(0), session: try SessionRow.session(from: row, at: 1))
    }
    for (key, session) in sessions { try connection.embedMessages(of: session, at: key) }
    try connection.embedRows(of: "memories", .memory) { json throws(StoreFailure) in
      .memory(try Coding.decode(json))
    }
    try connection.embedRows(of: "facts", .fact) { json throws(StoreFailure) in
      .fact(try Coding.decode(json))
    }
    try connection.embedRows(of: "documents", .document) { json throws(StoreFailure) in
      .document(try Coding.decode(json))
    }
  }
}
