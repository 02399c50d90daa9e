import CompanionDomain
import CompanionPorts

extension BoundedStore {
  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    try await bounded { store throws(StoreFailure) in try await store.state(key) }
  }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await bounded { store throws(StoreFailure) in
      try await store.states(of: owner, kind, after: after, limit: limit)
    }
  }
}
