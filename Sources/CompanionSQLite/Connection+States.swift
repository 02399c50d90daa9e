import CompanionDomain
import CompanionPorts

extension Connection {
  /// Stores the next version of a state.
  func put(_ state: StateRecord) throws(StoreFailure) {
    guard let owner = try keyOfOwner(state.key.owner) else { throw state.key.owner.absence }
    let statements = StateRow.statements(of: state.key.owner)
    let values: [SQLiteValue] =
      [.integer(state.version), .time(state.updatedAt), .text(state.json)] + place(of: state.key, at: owner)
    let changed =
      state.version == 1
      ? try run(statements.insert, values)
      : try run(statements.update, values + [.integer(state.version - 1)])
    guard changed == 1 else { throw .conflict(.stateMoved) }
  }

  /// - Throws: `StoreConflict.stateMoved` unless the state has this version; 0 for one that is not there.
  func expect(_ key: StateKey, version: Int64) throws(StoreFailure) {
    var found: Int64?
    if let owner = try keyOfOwner(key.owner) {
      found = try row(StateRow.statements(of: key.owner).version, place(of: key, at: owner)) {
        row throws(StoreFailure) in try row.integer(0)
      }
    }
    guard found ?? 0 == version else { throw .conflict(.stateMoved) }
  }

  /// Removes a state, if it is there.
  func removeState(_ key: StateKey) throws(StoreFailure) {
    guard let owner = try keyOfOwner(key.owner) else { return }
    try run(StateRow.statements(of: key.owner).remove, place(of: key, at: owner))
  }

  /// Removes the states of an owner, but for those of some kinds.
  func removeStates(of owner: StateOwner, except kinds: Set<StateKind>) throws(StoreFailure) {
    guard let key = try keyOfOwner(owner) else { return }
    try run(
      StateRow.statements(of: owner).removeAll,
      [.integer(key), try NameList.value(kinds.map(\.rawValue))])
  }

  private func keyOfOwner(_ owner: StateOwner) throws(StoreFailure) -> Int64? {
    try row(StateRow.statements(of: owner).keyOfOwner, [.text(owner.id)]) { row throws(StoreFailure) in
      try row.integer(0)
    }
  }

  private func place(of key: StateKey, at owner: Int64) -> [SQLiteValue] {
    [.integer(owner), .text(key.kind.rawValue), .text(key.name.rawValue)]
  }
}
