import CompanionDomain
public import CompanionPorts

/// The promises of `StateStore`, for every store to be checked against.
///
/// The checks need a new, empty store each. They take no real time: what time the store sees moves when they say so.
public enum StateStoreConformance {
  /// A store that has what states go with.
  public typealias Store = ConversationStore & TaskStore & StateStore
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any Store>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a state is read as it was stored") { store, _ in try await stateIsKept(store) },
    ConformanceCheck("a version of a state comes behind the one before it") { store, _ in
      try await versionsFollow(store)
    },
    ConformanceCheck("of those who change a state at the same time one does") { store, _ in
      try await oneOfManyChanges(store)
    },
    ConformanceCheck("a state is expected at its version, as what came before has left it") { store, _ in
      try await versionIsExpected(store)
    },
    ConformanceCheck("a state is of a session or a task that is there, or of the companion") { store, _ in
      try await ownerIsThere(store)
    },
    ConformanceCheck("states are listed by the bytes of their names, by whose they are and what") {
      store, _ in
      try await statesAreListed(store)
    },
    ConformanceCheck("nothing is left of a state that was removed") { store, _ in
      try await removedStateIsGone(store)
    },
    ConformanceCheck("the states of an owner are removed but for the kinds that stay") { store, _ in
      try await kindsStay(store)
    },
    ConformanceCheck("an erased session leaves no state") { store, _ in
      try await sessionTakesItsStates(store)
    },
    ConformanceCheck("a task that is removed, erased or pruned leaves no state") { store, clock in
      try await taskTakesItsStates(store, clock)
    },
    ConformanceCheck("an owner that is added again has no state") { store, _ in
      try await ownerBeginsAnew(store)
    },
    ConformanceCheck("one failing change leaves the states as they were") { store, _ in
      try await setIsAtomic(store)
    },
    ConformanceCheck("a state with NUL, too much text or no version is refused") { store, _ in
      try await badStateIsRefused(store)
    },
  ]

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let session = StateOwner.session(Make.id(1))
  static let task = StateOwner.task(Make.id(1))

  /// Adds sessions and tasks of these numbers.
  static func add(_ numbers: ClosedRange<Int>, to store: any Store) async throws {
    for number in numbers {
      try await store.commit(.insertSession(Make.session(number)), .insertTask(Make.task(number)))
    }
  }

  static func stateIsKept(_ store: any Store) async throws {
    try await add(1...2, to: store)
    let key = StateKey(session, .summary)
    try await expect(store.state(key), nil, "a state that is not there")
    // Two owners of one name, two kinds, two names: each is a state of its own.
    let keys = [
      key, StateKey(task, .summary), StateKey(.session(Make.id(2)), .summary), StateKey(session, .context),
      StateKey(session, .summary, "other"), StateKey(.companion, .summary),
    ]
    var states: [StateRecord] = []
    for (number, key) in keys.enumerated() {
      let state = Make.state(key, "\(number)", at: number == 0 ? .distantFuture : Make.time(number))
      let changed = try await store.commit(.putState(state))
      try expect(changed, [], "what is returned for a state")
      states.append(state)
    }
    for state in states { try await expect(store.state(state.key), state, "the state") }
    for (number, text) in Make.texts.enumerated() {
      let kind = StateKind(rawValue: "ガ\(number)") ?? .round
      let state = Make.state(
        StateKey(task, kind, StateName(number: number)), text,
        at: Timestamp(nanosecondsSinceEpoch: .min + Int64(number)))
      try await store.commit(.putState(state))
      try await expect(store.state(state.key), state, "the state with its text scalar by scalar")
    }
    let large = Make.state(StateKey(task, .round), Make.text(bytes: 1_000_000))
    try await store.commit(.putState(large))
    try expect(
      await store.state(large.key) == large, "a state of a million bytes to be read as it was stored")
  }

  static func versionsFollow(_ store: any Store) async throws {
    try await add(1...1, to: store)
    for owner in [session, task, .companion] {
      let key = StateKey(owner, .summary)
      for version in [2, 3, Int64.max] {
        try await expectConflict(.stateMoved) { () throws(StoreFailure) in
          try await store.commit(.putState(Make.state(key, version: version)))
        }
      }
      try await expect(store.state(key), nil, "the state")
      try await store.commit(.putState(Make.state(key, "a")))
      try await store.commit(.putState(Make.state(key, "b", version: 2, at: Make.time(2))))
      for version in [1, 2, 4, Int64.max] {
        try await expectConflict(.stateMoved) { () throws(StoreFailure) in
          try await store.commit(.putState(Make.state(key, "c", version: version)))
        }
      }
      try await expect(
        store.state(key), Make.state(key, "b", version: 2, at: Make.time(2)), "the state")
      // Each sees what the ones before it have left.
      try await store.commit(
        .putState(Make.state(key, "c", version: 3)), .putState(Make.state(key, "d", version: 4)),
        .putState(Make.state(StateKey(owner, .context), "e")),
        .putState(Make.state(StateKey(owner, .context), "f", version: 2)))
      try await expect(store.state(key), Make.state(key, "d", version: 4), "the state after two versions")
      try await expect(
        store.state(StateKey(owner, .context)), Make.state(StateKey(owner, .context), "f", version: 2),
        "a new state after two versions")
    }
  }

  static func oneOfManyChanges(_ store: any Store) async throws {
    try await add(1...1, to: store)
    let key = StateKey(session, .context)
    for version in 1...4 as ClosedRange<Int64> {
      let winners = try await withThrowingTaskGroup(of: String?.self, returning: [String].self) { group in
        for number in 1...8 {
          group.addTask {
            do throws(StoreFailure) {
              try await store.commit(.putState(Make.state(key, "\(number)", version: version)))
              return "\(number)"
            } catch {
              guard error == .conflict(.stateMoved) else { throw error }
              return nil
            }
          }
        }
        var winners: [String] = []
        for try await winner in group { winners += winner.map { [$0] } ?? [] }
        return winners
      }
      try expect(winners.count, 1, "the number of those whose change was stored")
      try await expect(
        store.state(key), Make.state(key, winners.first ?? "", version: version), "the state")
    }
  }

  static func versionIsExpected(_ store: any Store) async throws {
    try await add(1...1, to: store)
    for owner in [session, task, .companion, .session(Make.id(9)), .task(Make.id(9))] {
      try await expectVersion(0, of: StateKey(owner, .summary), store)
    }
    for owner in [session, task, .companion] {
      let key = StateKey(owner, .summary)
      try await store.commit(
        .expectState(key, version: 0), .putState(Make.state(key)), .expectState(key, version: 1),
        .putState(Make.state(key, version: 2)), .expectState(key, version: 2))
      try await expectVersion(2, of: key, store)
      try await store.commit(
        .removeState(key), .expectState(key, version: 0), .putState(Make.state(key)),
        .expectState(key, version: 1))
      try await expectVersion(1, of: key, store)
    }
  }

  private static func expectVersion(_ version: Int64, of key: StateKey, _ store: any Store) async throws {
    let changed = try await store.commit(.expectState(key, version: version))
    try expect(changed, [], "what is returned for an expectation")
    for other in [-1, 0, 1, 2, 3, Int64.min, .max] where other != version {
      try await expectConflict(.stateMoved) { () throws(StoreFailure) in
        try await store.commit(.expectState(key, version: other))
      }
    }
  }

  static func ownerIsThere(_ store: any Store) async throws {
    // The companion is, before anything else.
    let own = Make.state(StateKey(.companion, .tokens))
    try await store.commit(.putState(own))
    try await expect(store.allStates(of: .companion, .tokens), [own], "the states of the companion")
    try await add(1...1, to: store)
    let lacking: [(StateOwner, StoreConflict)] = [
      (.session(Make.id(2)), .noSuchSession), (.task(Make.id(2)), .noSuchTask),
    ]
    for (owner, conflict) in lacking {
      // Whatever the version is.
      for version in [1, 2] as [Int64] {
        try await expectConflict(conflict) { () throws(StoreFailure) in
          try await store.commit(.putState(Make.state(StateKey(owner, .round), version: version)))
        }
      }
      try await expect(store.allStates(of: owner, .round), [], "the states of nobody")
    }
    // A session of the number is no task, nor the other way round.
    try await store.commit(.insertSession(Make.session(3)), .insertTask(Make.task(4)))
    try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
      try await store.commit(.putState(Make.state(StateKey(.task(Make.id(3)), .round))))
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.putState(Make.state(StateKey(.session(Make.id(4)), .round))))
    }
    // One that comes, or goes, in the same set.
    let states = [
      Make.state(StateKey(.session(Make.id(2)), .summary)), Make.state(StateKey(.task(Make.id(2)), .round)),
    ]
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.putState(states[0]), .insertSession(Make.session(2)))
    }
    try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
      try await store.commit(.putState(states[1]), .insertTask(Make.task(2)))
    }
    try await store.commit(
      .insertSession(Make.session(2)), .putState(states[0]), .insertTask(Make.task(2)), .putState(states[1]))
    for state in states { try await expect(store.state(state.key), state, "the state of a new owner") }
    for (owner, conflict) in lacking {
      let removal: ChangeSet.Change =
        if case .session(let id) = owner { .eraseSession(id) } else { .eraseTask(Make.id(2)) }
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(removal, .putState(Make.state(StateKey(owner, .context))))
      }
    }
    for state in states {
      try await expect(store.state(state.key), state, "the state after a set that failed")
    }
  }
}

extension Make {
  static func state(
    _ key: StateKey, _ json: String = "{}", version: Int64 = 1, at time: Timestamp = start
  ) -> StateRecord {
    StateRecord(key: key, version: version, updatedAt: time, json: json)
  }
}

extension StateStore {
  func allStates(of owner: StateOwner, _ kind: StateKind) async throws -> [StateRecord] {
    try await states(of: owner, kind, after: nil, limit: .max)
  }
}
