import CompanionPorts

extension Schema {
  /// Version 8: what goes with sessions and tasks.
  static func addStates(_ connection: Connection) throws(StoreFailure) {
    // One table for each of the two, so that a row goes with the one that it is of.
    for owner in ["session", "task"] { try addStates(of: owner, connection) }
  }

  /// - Parameter owner: the name of an owner; that of the table of all of them is its plural.
  static func addStates(of owner: String, _ connection: Connection) throws(StoreFailure) {
    try connection.run(
      """
      CREATE TABLE \(owner)_states (
        \(owner) INTEGER NOT NULL REFERENCES \(owner)s (key) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (\(owner), kind, name)
      ) STRICT
      """)
  }
}
