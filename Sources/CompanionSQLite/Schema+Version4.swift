import CompanionPorts

extension Schema {
  /// Version 4: where a conversation takes place, who speaks, and what is amended.
  ///
  /// An earlier version's conversations get a channel each, and its messages are the session's user's.
  static func addPlacesAndAmendments(_ connection: Connection) throws(StoreFailure) {
    for statement in placesAndAmendments { try connection.run(statement) }
  }

  private static let placesAndAmendments = [
    "ALTER TABLE sessions ADD COLUMN workspace TEXT NOT NULL DEFAULT 'main'",
    "ALTER TABLE sessions ADD COLUMN channel TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN thread TEXT",
    "ALTER TABLE sessions ADD COLUMN user TEXT NOT NULL DEFAULT 'user'",
    "ALTER TABLE sessions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
    "UPDATE sessions SET channel = substr('~' || id, 1, 128), revision = last_sequence",
    "ALTER TABLE messages ADD COLUMN speaker TEXT",
    "ALTER TABLE messages ADD COLUMN change TEXT",
    "ALTER TABLE messages ADD COLUMN changed_at INTEGER",
    // The revisions of a log that are not here are its messages, in order.
    """
    CREATE TABLE amendments (
      session INTEGER NOT NULL REFERENCES sessions (key),
      revision INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      is_deletion INTEGER NOT NULL,
      old_parts TEXT NOT NULL,
      PRIMARY KEY (session, revision)
    ) STRICT
    """,
  ]
}
