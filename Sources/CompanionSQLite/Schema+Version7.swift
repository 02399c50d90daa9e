import CompanionPorts

extension Schema {
  /// Version 7: what filters look at, beside what is embedded.
  static func addFilters(_ connection: Connection) throws(StoreFailure) {
    try connection.run("ALTER TABLE embedding_sources ADD COLUMN time INTEGER NOT NULL DEFAULT 0")
    // What the host keeps with a document, as long as that is a source.
    try connection.run(
      """
      CREATE TABLE embedding_metadata (
        source INTEGER NOT NULL REFERENCES embedding_sources (key) ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        partition INTEGER NOT NULL,
        PRIMARY KEY (source, name)
      ) STRICT, WITHOUT ROWID
      """)
    // Fills in both. What says the same stays the same source, with its vectors.
    try embedTexts(connection)
    try connection.run("CREATE INDEX embedding_sources_by_time ON embedding_sources (partition, time)")
    try connection.run(
      "CREATE INDEX embedding_sources_by_metadata ON embedding_metadata (partition, name, value)")
  }
}
