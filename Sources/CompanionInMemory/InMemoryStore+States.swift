public import CompanionDomain
public import CompanionPorts
import Synchronization

extension InMemoryStore {
  /// A state, or `nil`, in constant time.
  public func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    content.withLock { $0.states.state(key) }
  }

  /// The states of an owner and a kind, at the cost of the limit.
  public func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    content.withLock { $0.states.states(of: owner, kind, after: after, limit: limit) }
  }
}
