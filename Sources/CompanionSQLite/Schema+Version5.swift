import CompanionDomain
import CompanionPorts

extension Schema {
  /// Version 5: memories, facts, documents, and the index by which all that is stored is found.
  static func addMemory(_ connection: Connection) throws(StoreFailure) {
    for statement in memory + textIndex { try connection.run(statement) }
    try indexTexts(connection)
  }

  private static let memory = [
    "ALTER TABLE messages ADD COLUMN is_reminded INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX messages_of_speakers ON messages (speaker, session) WHERE speaker IS NOT NULL",
    // The least that any pass has seen of the log.
    "ALTER TABLE sessions ADD COLUMN remembered INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX sessions_to_remember ON sessions (id) WHERE revision > remembered",
    "CREATE INDEX sessions_of_channels ON sessions (workspace, channel, id)",
    "CREATE INDEX sessions_of_users ON sessions (user, id)",
    """
    CREATE TABLE memory_progress (
      session INTEGER NOT NULL REFERENCES sessions (key) ON DELETE CASCADE,
      pass TEXT NOT NULL,
      revision INTEGER NOT NULL,
      PRIMARY KEY (session, pass)
    ) STRICT, WITHOUT ROWID
    """,
    // What stands beside a record is what it is found by.
    """
    CREATE TABLE memories (
      key INTEGER PRIMARY KEY,
      scope TEXT NOT NULL,
      kind INTEGER NOT NULL,
      version INTEGER NOT NULL,
      newest_source INTEGER NOT NULL,
      is_expired INTEGER NOT NULL,
      record TEXT NOT NULL,
      previous TEXT,
      document INTEGER,
      UNIQUE (scope, kind)
    ) STRICT
    """,
    "CREATE INDEX memories_by_source ON memories (newest_source) WHERE is_expired = 0",
    """
    CREATE TABLE memory_sources (
      memory INTEGER NOT NULL REFERENCES memories (key) ON DELETE CASCADE,
      session TEXT NOT NULL,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (memory, session)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX memories_of_sessions ON memory_sources (session, memory)",
    """
    CREATE TABLE facts (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      scope TEXT NOT NULL,
      session TEXT,
      sequence INTEGER,
      stated_by TEXT,
      is_superseded INTEGER NOT NULL,
      record TEXT NOT NULL,
      document INTEGER
    ) STRICT
    """,
    "CREATE INDEX facts_of_scopes ON facts (scope, is_superseded, id)",
    "CREATE INDEX facts_of_sessions ON facts (session, id) WHERE session IS NOT NULL",
    "CREATE INDEX facts_of_messages ON facts (session, sequence) WHERE sequence IS NOT NULL",
    "CREATE INDEX facts_of_people ON facts (stated_by, id) WHERE stated_by IS NOT NULL",
    // AUTOINCREMENT: a key is a place in the order of changes, and is never given again.
    """
    CREATE TABLE documents (
      key INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      owner TEXT,
      record TEXT NOT NULL,
      document INTEGER
    ) STRICT
    """,
    "CREATE INDEX documents_of_owners ON documents (owner, id) WHERE owner IS NOT NULL",
  ]

  /// The index has numbers for words, and no text; what is kept in it says ``TextIndexWriter``.
  private static let textIndex = [
    // The number of what a row says in its partition of the index; nothing where it is not found.
    "ALTER TABLE messages ADD COLUMN document INTEGER",
    "ALTER TABLE sessions ADD COLUMN documents INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN length INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE text_analysis (version INTEGER PRIMARY KEY) STRICT",
    """
    CREATE TABLE text_partitions (
      key INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      documents INTEGER NOT NULL,
      length INTEGER NOT NULL,
      sessions INTEGER NOT NULL,
      free INTEGER NOT NULL,
      tail INTEGER NOT NULL
    ) STRICT
    """,
    // The keys of the next three begin with that of a partition.
    "CREATE TABLE text_free_numbers (key INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE text_documents (key INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT",
    """
    CREATE TABLE text_tail (
      key INTEGER PRIMARY KEY,
      session INTEGER NOT NULL,
      length INTEGER NOT NULL,
      terms BLOB NOT NULL
    ) STRICT
    """,
    "CREATE TABLE text_terms (number INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE) STRICT",
    // The keys begin with the number of a term.
    "CREATE TABLE text_postings (key INTEGER PRIMARY KEY, postings BLOB NOT NULL) STRICT",
  ]
}

extension Schema {
  /// Makes the index anew when other rules of analysis have made it.
  static func updateTextIndex(_ connection: Connection) throws(StoreFailure) {
    guard try analysisVersion(connection) != Int64(TextDocument<RecallSource>.version) else { return }
    try connection.transaction { () throws(StoreFailure) in
      // Another process may have done it meanwhile.
      guard try analysisVersion(connection) != Int64(TextDocument<RecallSource>.version) else { return }
      for table in [
        "text_analysis", "text_partitions", "text_free_numbers", "text_documents", "text_tail", "text_terms",
        "text_postings",
      ] {
        try connection.run("DELETE FROM \(table)")
      }
      try connection.run("UPDATE sessions SET documents = 0, length = 0")
      for table in ["messages", "memories", "facts", "documents"] {
        try connection.run("UPDATE \(table) SET document = NULL WHERE document IS NOT NULL")
      }
      try indexTexts(connection)
      // Names of places where nothing is found any more, which may tell of somebody.
      try connection.run(
        """
        DELETE FROM embedding_partitions
        WHERE NOT EXISTS (SELECT 1 FROM text_partitions WHERE text_partitions.name = embedding_partitions.name)
          AND NOT EXISTS (SELECT 1 FROM embedding_sources WHERE partition = embedding_partitions.key)
        """)
    }
  }

  private static func analysisVersion(_ connection: Connection) throws(StoreFailure) -> Int64? {
    try connection.row("SELECT version FROM text_analysis") { row throws(StoreFailure) in
      try row.integer(0)
    }
  }

  /// Adds all that is stored to an index that is empty.
  private static func indexTexts(_ connection: Connection) throws(StoreFailure) {
    try connection.run(
      "INSERT INTO text_analysis (version) VALUES (?)", [.integer(TextDocument<RecallSource>.version)])
    let sessions = try connection.rows("SELECT key, \(SessionRow.columns) FROM sessions ORDER BY key") {
      row throws(StoreFailure) in
      (key: try row.integer(0), session: try SessionRow.session(from: row, at: 1))
    }
    for (key, session) in sessions { try connection.indexMessages(of: session, at: key) }
    try connection.indexRows(of: "memories") { json throws(StoreFailure) in
      let memory: MemoryRecord = try Coding.decode(json)
      return TextDocument(memory)
    }
    try connection.indexRows(of: "facts") { json throws(StoreFailure) in
      let fact: Fact = try Coding.decode(json)
      return TextDocument(fact)
    }
    try connection.indexRows(of: "documents") { json throws(StoreFailure) in
      let document: Document = try Coding.decode(json)
      return TextDocument(document)
    }
  }
}
