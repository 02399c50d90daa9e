import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@Suite struct `The conformance suite of states` {
  @Test(arguments: StateFlaw.allCases) func `finds what a store does wrong`(flaw: StateFlaw) async throws {
    let checks = StateStoreConformance.checks.filter { $0.name == flaw.check }
    #expect(checks.count == 1)
    for check in checks {
      await #expect(throws: ConformanceFailure.self) {
        try await check.run(on: { FlawedStates(flaw: flaw, time: $0) })
      }
    }
  }

  @Test func `has a flaw for every check`() {
    #expect(Set(StateFlaw.allCases.map(\.check)) == Set(StateStoreConformance.checks.map(\.name)))
  }

  @Test func `passes the store that keeps every promise`() async throws {
    try await StateStoreConformance.run(on: { FlawedStates(flaw: nil, time: $0) })
  }
}

/// What a store may do wrong.
enum StateFlaw: CaseIterable {
  case forgetsTimes, storesAnyVersion, startsAtAnyVersion, letsTheLastWin, expectsNothing, expectsFirst
  case takesStatesOfNobody, ordersByMeaning, ignoresPages, mixesKinds, keepsRemoved, keepsVersions
  case removesAllKinds, keepsKinds, keepsStatesOfSessions, keepsStatesOfTasks, keepsStatesOfPruned
  case givesStatesBack, tearsSets, takesNUL

  /// The check that finds it.
  var check: String {
    switch self {
    case .forgetsTimes: "a state is read as it was stored"
    case .storesAnyVersion, .startsAtAnyVersion: "a version of a state comes behind the one before it"
    case .letsTheLastWin: "of those who change a state at the same time one does"
    case .expectsNothing, .expectsFirst:
      "a state is expected at its version, as what came before has left it"
    case .takesStatesOfNobody: "a state is of a session or a task that is there, or of the companion"
    case .ordersByMeaning, .ignoresPages, .mixesKinds:
      "states are listed by the bytes of their names, by whose they are and what"
    case .keepsRemoved, .keepsVersions: "nothing is left of a state that was removed"
    case .removesAllKinds, .keepsKinds: "the states of an owner are removed but for the kinds that stay"
    case .keepsStatesOfSessions: "an erased session leaves no state"
    case .keepsStatesOfTasks, .keepsStatesOfPruned:
      "a task that is removed, erased or pruned leaves no state"
    case .givesStatesBack: "an owner that is added again has no state"
    case .tearsSets: "one failing change leaves the states as they were"
    case .takesNUL: "a state with NUL, too much text or no version is refused"
    }
  }
}

/// A store that does one thing wrong.
private final class FlawedStates: StoreAround {
  let flaw: StateFlaw?
  let store: InMemoryStore
  /// All states that were ever stored, as they were last.
  private let known = Mutex<[StateKey: StateRecord]>([:])
  private let pruned = Mutex<Set<StateOwner>>([])

  init(flaw: StateFlaw?, time: any TimeSource) {
    self.flaw = flaw
    store = InMemoryStore(time: time)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    if flaw == .tearsSets {
      var changed: [TaskChange] = []
      for change in changes.changes { changed += try await store.commit(change) }
      return changed
    }
    if flaw != .takesNUL { try changes.validate() }
    var flawed: [ChangeSet.Change] = []
    for change in changes.changes { flawed += try await self.flawed(change) }
    if flaw == .expectsFirst { flawed.sort { $0.isExpectation && !$1.isExpectation } }
    if flaw == .givesStatesBack { flawed += givenBack(after: flawed) }
    let changed: [TaskChange]
    do throws(StoreFailure) { changed = try await store.commit(ChangeSet(flawed)) } catch {
      if flaw == .letsTheLastWin, error == .conflict(.stateMoved) { return [] }
      if flaw == .takesStatesOfNobody, [.conflict(.noSuchSession), .conflict(.noSuchTask)].contains(error) {
        return []
      }
      throw error
    }
    for case .putState(let state) in flawed { known.withLock { $0[state.key] = state } }
    return changed
  }

  private func flawed(_ change: ChangeSet.Change) async throws(StoreFailure) -> [ChangeSet.Change] {
    switch (flaw, change) {
    case (.forgetsTimes, .putState(var state)):
      state.updatedAt = .epoch
      return [.putState(state)]
    case (.storesAnyVersion, .putState(var state)):
      guard let stored = try await store.state(state.key)?.version, state.version <= stored else { break }
      state.version = stored + 1
      return [.putState(state)]
    case (.startsAtAnyVersion, .putState(var state)):
      guard try await store.state(state.key) == nil else { break }
      state.version = 1
      return [.putState(state)]
    case (.expectsNothing, .expectState), (.keepsRemoved, .removeState), (.keepsKinds, .removeStates):
      return []
    case (.keepsVersions, .putState(var state)):
      let isGone = try await store.state(state.key) == nil
      guard isGone, let last = known.withLock({ $0[state.key]?.version }), state.version == last + 1 else {
        break
      }
      state.version = 1
      return [.putState(state)]
    case (.removesAllKinds, .removeStates(let owner, _)): return [.removeStates(of: owner, except: [])]
    case (.takesNUL, .putState(var state)):
      state.json = String(state.json.unicodeScalars.filter { $0 != "\0" })
      return [.putState(state)]
    default: break
    }
    return [change]
  }

  /// The states of those who are added again where they were erased.
  private func givenBack(after changes: [ChangeSet.Change]) -> [ChangeSet.Change] {
    let erased = changes.compactMap { change -> StateOwner? in
      if case .eraseSession(let id) = change { .session(id) } else { nil }
    }
    return changes.flatMap { change -> [ChangeSet.Change] in
      guard case .insertSession(let session) = change, erased.contains(.session(session.id)) else {
        return []
      }
      return known.withLock { $0.values.filter { $0.key.owner == .session(session.id) } }.map {
        .putState(StateRecord(key: $0.key, updatedAt: $0.updatedAt, json: $0.json))
      }
    }
  }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    let tasks = try await store.tasks(matching: TaskFilter(), limit: .max)
    let count = try await store.pruneTasks(finishedFor: finishedFor, deadFor: deadFor, limit: limit)
    for task in tasks {
      guard try await store.task(task.id) == nil else { continue }
      pruned.withLock { _ = $0.insert(.task(task.id)) }
    }
    return count
  }

  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    if let state = try await store.state(key) { return state }
    let isPruned = pruned.withLock { $0.contains(key.owner) }
    let isKept =
      switch (flaw, key.owner) {
      case (.keepsStatesOfSessions, .session(let id)): try await store.session(id) == nil
      case (.keepsStatesOfTasks, .task(let id)): isPruned ? false : try await store.task(id) == nil
      case (.keepsStatesOfPruned, .task): isPruned
      default: false
      }
    return isKept ? known.withLock { $0[key] } : nil
  }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    switch flaw {
    case .ignoresPages: return try await store.states(of: owner, kind, after: nil, limit: limit)
    case .mixesKinds:
      let others = known.withLock { known in
        known.values.filter { $0.key.owner == owner && $0.key.kind.rawValue.hasPrefix(kind.rawValue) }
      }
      let behind = others.filter { state in after.map { state.key.name > $0 } ?? true }
      return Array(behind.sorted { $0.key.name < $1.key.name }.prefix(max(0, limit)))
    case .ordersByMeaning:
      let all = try await store.states(of: owner, kind, after: nil, limit: .max)
      let ordered = all.sorted { $0.key.name.rawValue < $1.key.name.rawValue }
      let start = ordered.firstIndex { $0.key.name == after }.map { $0 + 1 } ?? 0
      return Array(ordered[start...].prefix(max(0, limit)))
    default: return try await store.states(of: owner, kind, after: after, limit: limit)
    }
  }
}

extension ChangeSet.Change {
  fileprivate var isExpectation: Bool { if case .expectState = self { true } else { false } }
}
