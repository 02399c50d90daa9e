public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A state, or `nil`: one lookup in an index.
  public func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        StateRow.statements(of: key.owner).find,
        [.text(key.owner.id), .text(key.kind.rawValue), .text(key.name.rawValue)]
      ) { row throws(StoreFailure) in try StateRow.state(of: key.owner, key.kind, from: row) }
    }
  }

  /// The states of an owner and a kind; only those are read.
  public func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await readers.read { connection throws(StoreFailure) in
      var states: [StateRecord] = []
      try connection.forEachRow(
        StateRow.statements(of: owner).list,
        [
          .text(owner.id), .text(kind.rawValue), .text(after?.rawValue ?? ""), .integer(max(0, limit)),
        ]
      ) { row throws(StoreFailure) in
        states.append(try StateRow.state(of: owner, kind, from: row))
        return true
      }
      return states
    }
  }
}
