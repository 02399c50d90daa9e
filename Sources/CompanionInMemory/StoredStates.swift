import CompanionDomain
import CompanionPorts

/// The states of an ``InMemoryStore``; whether their owners are there is not looked at here.
///
/// Each change checks its precondition, applies, and returns what undoes it, at the cost of what is new or goes.
struct StoredStates: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    /// Back to what a state was; `nil` for one that was not there.
    indirect case restore(StateKey, StateRecord?)
    case restoreAll([StateRecord])
  }

  private var states: [StateKey: StateRecord] = [:]
  private var names: [StateOwner: [StateKind: OrderedIndex<StateName>]] = [:]

  func state(_ key: StateKey) -> StateRecord? { states[key] }

  func states(of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int) -> [StateRecord] {
    guard let names = names[owner]?[kind] else { return [] }
    return names.elements(after: after).prefix(max(0, limit)).compactMap {
      states[StateKey(owner, kind, $0)]
    }
  }

  mutating func put(_ state: StateRecord) throws(StoreFailure) -> Undo {
    let old = states[state.key]
    guard state.version - 1 == old?.version ?? 0 else { throw .conflict(.stateMoved) }
    add(state)
    return .restore(state.key, old)
  }

  /// Removes a state.
  ///
  /// - Returns: `nil` where there is none.
  mutating func remove(_ key: StateKey) -> Undo? { take(key).map { .restore(key, $0) } }

  /// Removes the states of an owner, but for those of some kinds.
  ///
  /// - Returns: `nil` where there are none.
  mutating func removeAll(of owner: StateOwner, except kinds: Set<StateKind> = []) -> Undo? {
    var removed: [StateRecord] = []
    for (kind, names) in names[owner] ?? [:] where !kinds.contains(kind) {
      for name in names { removed += take(StateKey(owner, kind, name)).map { [$0] } ?? [] }
    }
    return removed.isEmpty ? nil : .restoreAll(removed)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .restore(let key, nil): _ = take(key)
    case .restore(_, let state?): add(state)
    case .restoreAll(let states): for state in states { add(state) }
    }
  }

  private mutating func add(_ state: StateRecord) {
    let key = state.key
    if states.updateValue(state, forKey: key) == nil {
      names[key.owner, default: [:]][key.kind, default: OrderedIndex()].insert(key.name, by: <)
    }
  }

  private mutating func take(_ key: StateKey) -> StateRecord? {
    guard let state = states.removeValue(forKey: key) else { return nil }
    names[key.owner]?[key.kind]?.remove(key.name, by: <)
    if names[key.owner]?[key.kind]?.isEmpty == true { names[key.owner]?[key.kind] = nil }
    if names[key.owner]?.isEmpty == true { names[key.owner] = nil }
    return state
  }
}
