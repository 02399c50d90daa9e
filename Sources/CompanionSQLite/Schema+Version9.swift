import CompanionPorts

extension Schema {
  /// Version 9: what holds for all of a companion. It has a row of its own, so that its states are like those of others.
  static func addStatesOfCompanion(_ connection: Connection) throws(StoreFailure) {
    try connection.run(
      "CREATE TABLE companions (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT")
    try connection.run("INSERT INTO companions (id) VALUES ('companion')")
    try addStates(of: "companion", connection)
  }
}
