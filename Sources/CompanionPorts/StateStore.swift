public import CompanionDomain

/// Where the engine keeps what goes with conversations and tasks besides their messages, and what holds for all of the
/// companion. It comes in through ``ChangeStore/commit(_:)-(ChangeSet)``, and goes with its owner. Of two who change the
/// same version of a state, one finds that it has moved.
public protocol StateStore: ChangeStore {
  /// A state, or `nil`.
  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord?

  /// The states of an owner and a kind, by their names in the order of the bytes; none where there is no such owner.
  ///
  /// - Parameters:
  ///   - after: only those behind this name; `nil` for all.
  ///   - limit: the most states; below one gives none.
  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord]
}
