import CompanionPorts

extension Schema {
  /// Version 3: the ledger of calls.
  static func addLedger(_ connection: Connection) throws(StoreFailure) {
    for statement in ledger { try connection.run(statement) }
  }

  /// It belongs to nothing: an entry outlives its task, and its conversation need not be in the same store.
  private static let ledger = [
    """
    CREATE TABLE ledger (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      time INTEGER NOT NULL,
      provider TEXT NOT NULL,
      model_provider TEXT NOT NULL,
      model TEXT NOT NULL,
      purpose TEXT NOT NULL,
      session TEXT,
      task TEXT,
      input_tokens INTEGER,
      output_tokens INTEGER,
      cached_tokens INTEGER,
      reasoning_tokens INTEGER,
      cost REAL,
      currency TEXT,
      latency INTEGER NOT NULL,
      failure TEXT
    ) STRICT
    """,
    "CREATE INDEX ledger_by_time ON ledger (time, id)",
    "CREATE INDEX ledger_of_providers ON ledger (provider, time)",
    "CREATE INDEX ledger_of_sessions ON ledger (session, time) WHERE session IS NOT NULL",
    // A task has few calls.
    "CREATE INDEX ledger_of_tasks ON ledger (task) WHERE task IS NOT NULL",
  ]
}
