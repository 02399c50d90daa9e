import CompanionPorts

/// The tables, and how a file of an older version gets there.
enum Schema {
  /// Marks a database as one of this library: "CKit" in ASCII.
  static let applicationID: Int64 = 0x434B_6974

  /// The version that this library reads and writes.
  static var version: Int { migrations.count }

  /// The migration at index n leads from version n to n + 1. One that has been released never changes.
  private static let migrations: [[String]] = [conversationsAndTasks]

  /// Checks whose the file is, without changing it.
  ///
  /// - Throws: ``StoreFailure/inaccessible(_:)`` for another application's database,
  ///   ``StoreFailure/newerSchema(found:supported:)``, or what opening a file that is no database gives.
  static func inspect(_ connection: Connection) throws(StoreFailure) {
    // All of one moment: another process may be making the file this library's just now.
    try connection.run("SAVEPOINT inspection")
    let found = try Int(pragma("user_version", connection))
    let application = try pragma("application_id", connection)
    let objects = try connection.row("SELECT count(*) FROM sqlite_schema") { row throws(StoreFailure) in
      try row.integer(0)
    }
    try connection.run("RELEASE inspection")
    guard application == applicationID || (application == 0 && found == 0 && objects == 0) else {
      throw .inaccessible("the file is another application's database (application id \(application))")
    }
    guard found <= version else { throw .newerSchema(found: found, supported: version) }
  }

  /// Brings the file to ``version``, all the way or not at all.
  static func migrate(_ connection: Connection) throws(StoreFailure) {
    guard try pragma("user_version", connection) != Int64(version) else { return }
    try connection.transaction { () throws(StoreFailure) in
      // Another process may have migrated the file, or made it its own, while this one waited.
      try inspect(connection)
      let found = max(0, try Int(pragma("user_version", connection)))
      for statement in migrations[min(found, version)...].joined() { try connection.run(statement) }
      try connection.run("PRAGMA application_id = \(applicationID)")
      try connection.run("PRAGMA user_version = \(version)")
    }
  }

  private static func pragma(_ name: String, _ connection: Connection) throws(StoreFailure) -> Int64 {
    try connection.row("PRAGMA \(name)") { row throws(StoreFailure) in try row.integer(0) } ?? 0
  }

  private static let conversationsAndTasks = [
    """
    CREATE TABLE sessions (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      last_sequence INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX sessions_by_update ON sessions (updated_at, id)",
    """
    CREATE TABLE messages (
      session INTEGER NOT NULL REFERENCES sessions (key),
      sequence INTEGER NOT NULL,
      turn TEXT NOT NULL,
      role TEXT NOT NULL,
      parts TEXT NOT NULL,
      time INTEGER NOT NULL,
      interruption TEXT,
      origin TEXT NOT NULL,
      origin_task TEXT,
      PRIMARY KEY (session, sequence)
    ) STRICT
    """,
    """
    CREATE TABLE drafts (
      session INTEGER PRIMARY KEY REFERENCES sessions (key),
      turn TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      length INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE draft_chunks (
      session INTEGER NOT NULL REFERENCES drafts (session) ON DELETE CASCADE,
      start INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (session, start)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tasks (
      id TEXT NOT NULL PRIMARY KEY,
      session TEXT NOT NULL,
      turn TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      instruction TEXT NOT NULL,
      action TEXT NOT NULL,
      profile TEXT NOT NULL,
      complexity TEXT NOT NULL,
      confidence REAL NOT NULL,
      files TEXT NOT NULL,
      entities TEXT NOT NULL,
      secondary TEXT NOT NULL,
      method TEXT NOT NULL,
      state TEXT NOT NULL,
      worker TEXT,
      lease_started_at INTEGER,
      lease_expires_at INTEGER,
      outcome TEXT,
      finished_at INTEGER,
      failure TEXT,
      lease INTEGER NOT NULL,
      rescues INTEGER NOT NULL,
      cancel_request TEXT,
      revision INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX tasks_by_state ON tasks (state, created_at, id)",
    """
    CREATE INDEX tasks_by_expiry ON tasks (lease_expires_at, created_at, id)
    WHERE lease_expires_at IS NOT NULL
    """,
  ]
}
