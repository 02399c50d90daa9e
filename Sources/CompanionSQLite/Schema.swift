import CompanionDomain
import CompanionPorts

/// The tables, and how a file of an older version gets there.
enum Schema {
  /// Marks a database as one of this library: "CKit" in ASCII.
  static let applicationID: Int64 = 0x434B_6974

  /// The version that this library reads and writes.
  static let version = 9

  /// Leads from one version to the next, inside the open transaction. What has been released never changes.
  private static func migrate(
    _ connection: Connection, from version: Int, at now: Timestamp
  ) throws(StoreFailure) {
    switch version {
    case 0: try addConversationsAndTasks(connection)
    case 1: try addTaskEvents(connection, at: now)
    case 2: try addLedger(connection)
    case 3: try addPlacesAndAmendments(connection)
    case 4: try addMemory(connection)
    case 5: try addEmbeddings(connection)
    case 6: try addFilters(connection)
    case 7: try addStates(connection)
    case 8: try addStatesOfCompanion(connection)
    default: break
    }
  }

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
  ///
  /// - Parameter now: the time of what an older version did not note the time of.
  static func migrate(_ connection: Connection, at now: Timestamp) throws(StoreFailure) {
    guard try pragma("user_version", connection) != Int64(version) else { return }
    try connection.transaction { () throws(StoreFailure) in
      // Another process may have migrated the file, or made it its own, while this one waited.
      try inspect(connection)
      let found = max(0, try Int(pragma("user_version", connection)))
      for step in min(found, version)..<version { try migrate(connection, from: step, at: now) }
      try connection.run("PRAGMA application_id = \(applicationID)")
      try connection.run("PRAGMA user_version = \(version)")
    }
  }

  private static let versionNow = SQL("PRAGMA user_version")
  private static let rulesNow = SQL(
    "SELECT (SELECT version FROM text_analysis), (SELECT rules FROM embedding_state)")

  /// Checks that the file is still what this version of the library made of it when it was opened: a process with
  /// another version may have opened it since, and what is written by two sets of rules cannot be told apart.
  ///
  /// - Throws: ``StoreFailure/newerSchema(found:supported:)`` or ``StoreFailure/otherVersion`` where it is not.
  static func expectUnchanged(_ connection: Connection) throws(StoreFailure) {
    let found = try connection.row(versionNow) { row throws(StoreFailure) in try row.integer(0) }
    guard let found, found <= Int64(version) else {
      throw .newerSchema(found: Int(clamping: found ?? 0), supported: version)
    }
    let rules = try connection.row(rulesNow) { row throws(StoreFailure) in
      (try row.integer(0), try row.integer(1))
    }
    let own = (Int64(TextDocument<RecallSource>.version), Int64(EmbeddingText.version))
    guard let rules, rules == own, found == Int64(version) else { throw .otherVersion }
  }

  private static func pragma(_ name: String, _ connection: Connection) throws(StoreFailure) -> Int64 {
    try connection.row("PRAGMA \(name)") { row throws(StoreFailure) in try row.integer(0) } ?? 0
  }
}
