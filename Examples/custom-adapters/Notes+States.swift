import CompanionKit

extension Notes {
  /// Applies a change of states, or of what is embedded.
  mutating func keep(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .putState(let state):
      switch state.key.owner {
      case .session(let id): guard sessions[id] != nil else { throw .conflict(.noSuchSession) }
      case .task(let id): guard tasks[id] != nil else { throw .conflict(.noSuchTask) }
      case .companion: break
      }
      guard state.version - 1 == states[state.key]?.version ?? 0 else { throw .conflict(.stateMoved) }
      states[state.key] = state
    case .expectState(let key, let version):
      guard states[key]?.version ?? 0 == version else { throw .conflict(.stateMoved) }
    case .removeState(let key): states[key] = nil
    case .removeStates(let owner, let kinds): removeStates(of: owner, except: kinds)
    default: try embed(change)
    }
  }

  mutating func removeStates(of owner: StateOwner, except kinds: Set<StateKind> = []) {
    states = states.filter { $0.key.owner != owner || kinds.contains($0.key.kind) }
  }
}
