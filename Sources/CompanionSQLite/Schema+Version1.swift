import CompanionPorts

extension Schema {
  /// Version 1: conversations, and tasks that each belong to one.
  static func addConversationsAndTasks(_ connection: Connection) throws(StoreFailure) {
    for statement in conversationsAndTasks { try connection.run(statement) }
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
