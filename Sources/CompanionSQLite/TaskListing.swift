import CompanionDomain
import CompanionPorts

/// The statement that lists tasks, newest first.
struct TaskListing {
  /// `nil` when nothing can match.
  let sql: String?
  private(set) var values: [SQLiteValue] = []

  init(_ filter: TaskFilter, limit: Int) {
    // In a fixed order, so that equal filters give equal statements.
    let states = TaskStateName.allCases.filter(filter.states.contains)
    guard limit > 0, !states.isEmpty else {
      sql = nil
      return
    }
    var conditions: [String] = []
    if let kind = filter.kind {
      conditions.append("t.kind = ?\(values.count + 1)")
      values.append(.text(kind.rawValue))
    }
    if let session = filter.session {
      conditions.append("t.session = ?\(values.count + 1)")
      values.append(.text(session.rawValue))
    }
    if let requester = filter.requester {
      conditions.append("t.requester = ?\(values.count + 1)")
      values.append(.text(requester.rawValue))
    }
    if let after = filter.after {
      // Nothing comes after a task that is not there.
      conditions.append(
        "(t.created_at, t.id) < (SELECT created_at, id FROM tasks WHERE id = ?\(values.count + 1))")
      values.append(.text(after.rawValue))
    }
    let names = states.map { "'\($0.rawValue)'" }
    var branches: [String]
    if filter.session != nil || filter.requester != nil {
      // Who asked says more than the state: the plus keeps the index of states out of it.
      branches = ["+t.state IN (\(names.joined(separator: ", ")))"]
    } else {
      // A branch for each state: SQLite merges them as their index has them, where one branch for all states
      // would be sorted.
      branches = names.map { "t.state = \($0)" }
    }
    branches = branches.map { "\(TaskRow.select) WHERE \(([$0] + conditions).joined(separator: " AND "))" }
    // By the numbers of the columns, as those of a union have no table: creation and identifier.
    sql = """
      \(branches.joined(separator: " UNION ALL ")) ORDER BY 10 DESC, 2 DESC LIMIT ?\(values.count + 1)
      """
    values.append(.integer(limit))
  }
}
