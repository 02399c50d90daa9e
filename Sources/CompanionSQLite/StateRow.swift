import CompanionDomain
import CompanionPorts

/// How states are written to their rows, and read from them: a table for those of each kind of owner.
struct StateRow: Sendable {
  let keyOfOwner: SQL
  let insert: SQL
  let update: SQL
  let version: SQL
  let remove: SQL
  let removeAll: SQL
  let find: SQL
  let list: SQL

  /// - Parameter owner: the name of the column of the owner's key; that of the table begins with it, and that of the
  ///   owners' is its plural.
  private init(_ owner: String) {
    let table = "\(owner)_states"
    let isOne = "\(owner) = ? AND kind = ? AND name = ?"
    let select =
      "SELECT name, version, updated_at, json FROM \(table) WHERE \(owner) = (SELECT key FROM \(owner)s WHERE id = ?)"
    keyOfOwner = SQL("SELECT key FROM \(owner)s WHERE id = ?")
    insert = SQL(
      """
      INSERT INTO \(table) (version, updated_at, json, \(owner), kind, name) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (\(owner), kind, name) DO NOTHING
      """)
    update = SQL(
      "UPDATE \(table) SET version = ?, updated_at = ?, json = ? WHERE \(isOne) AND version = ?")
    version = SQL("SELECT version FROM \(table) WHERE \(isOne)")
    remove = SQL("DELETE FROM \(table) WHERE \(isOne)")
    removeAll = SQL(
      "DELETE FROM \(table) WHERE \(owner) = ? AND kind NOT IN (SELECT value FROM json_each(?))")
    find = SQL("\(select) AND kind = ? AND name = ?")
    list = SQL("\(select) AND kind = ? AND name > ? ORDER BY name LIMIT ?")
  }

  private static let ofSessions = StateRow("session")
  private static let ofTasks = StateRow("task")
  private static let ofCompanion = StateRow("companion")

  /// The statements for the states of an owner.
  static func statements(of owner: StateOwner) -> StateRow {
    switch owner {
    case .session: ofSessions
    case .task: ofTasks
    case .companion: ofCompanion
    }
  }

  static func state(
    of owner: StateOwner, _ kind: StateKind, from row: Statement
  ) throws(StoreFailure) -> StateRecord {
    StateRecord(
      key: StateKey(owner, kind, try row.value(0)), version: try row.counter(1), updatedAt: try row.time(2),
      json: try row.text(3))
  }
}

extension StateOwner {
  var id: String {
    switch self {
    case .session(let id): id.rawValue
    case .task(let id): id.rawValue
    case .companion: "companion"
    }
  }

  /// Why nothing is stored for one that is not there.
  var absence: StoreFailure {
    switch self {
    case .session: .conflict(.noSuchSession)
    case .task: .conflict(.noSuchTask)
    case .companion: .corrupt("the row of the companion is missing")
    }
  }
}
