import CompanionDomain
import CompanionPorts

/// The statement that reads the entries of the ledger that match, by the index that leaves the fewest others.
struct LedgerListing {
  let sql: String
  private(set) var values: [SQLiteValue] = []

  /// Entries, newest first.
  ///
  /// - Parameter limit: above zero.
  init(_ filter: LedgerFilter, limit: Int) {
    self.init(filter, otherwiseBy: " INDEXED BY ledger_by_time", end: " ORDER BY time DESC, id DESC LIMIT ?")
    values.append(.integer(limit))
  }

  /// All entries, in any order.
  init(_ filter: LedgerFilter) { self.init(filter, otherwiseBy: "", end: "") }

  /// - Parameter otherwise: how the table is read where nothing is asked for.
  private init(_ filter: LedgerFilter, otherwiseBy otherwise: String, end: String) {
    var conditions: [String] = []
    var values: [SQLiteValue] = []
    var source: String?
    func require(_ condition: String, _ value: SQLiteValue?, by name: String) {
      guard let value else { return }
      conditions.append(condition)
      values.append(value)
      source = source ?? " INDEXED BY \(name)"
    }
    // Whoever comes first says most: its index is the one that is used.
    require("task = ?", filter.task.map { .text($0.rawValue) }, by: "ledger_of_tasks")
    require("session = ?", filter.session.map { .text($0.rawValue) }, by: "ledger_of_sessions")
    require("provider = ?", filter.provider.map { .text($0.rawValue) }, by: "ledger_of_providers")
    require("time >= ?", filter.since.map { .time($0) }, by: "ledger_by_time")
    require("time < ?", filter.before.map { .time($0) }, by: "ledger_by_time")
    let condition = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
    sql = "\(LedgerRow.select)\(source ?? otherwise)\(condition)\(end)"
    self.values = values
  }
}
