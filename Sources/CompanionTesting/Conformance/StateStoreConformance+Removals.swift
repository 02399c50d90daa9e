import CompanionDomain
import CompanionPorts

extension StateStoreConformance {
  static func statesAreListed(_ store: any Store) async throws {
    try await add(1...2, to: store)
    // Careless orders take letters by their case, by what they mean, or by the units of UTF-16.
    let names = ["a", "Z", "b", "\u{FF5E}", "\u{1F600}", "\u{E9}", "e\u{301}", "a0", "a-", "9", "10", "A"]
      .compactMap { StateName(rawValue: $0) }
    try expect(names.count, 12, "the number of names")
    for (index, owner) in [session, task, .companion].enumerated() {
      // In another order than that of the names.
      for name in index == 0 ? names : names.reversed() {
        try await store.commit(.putState(Make.state(StateKey(owner, .round, name))))
      }
      let noise = [
        StateKey(owner, .approval, "a"), StateKey(owner, "roun", "b"), StateKey(owner, "rounds", "b"),
        StateKey(.session(Make.id(2)), .round, StateName(number: index)),
        StateKey(.task(Make.id(2)), .round, StateName(number: index)),
      ]
      for key in noise { try await store.commit(.putState(Make.state(key))) }
      let all = names.sorted().map { Make.state(StateKey(owner, .round, $0)) }
      try await expectPages(all, "the states of an owner and a kind", by: \.key.name) { after, limit in
        try await store.states(of: owner, .round, after: after, limit: limit)
      }
      // What is behind a name that is not there.
      try await expect(
        store.states(of: owner, .round, after: "a1", limit: 2).map(\.key.name), ["b", "e\u{301}"],
        "the states behind another name")
    }
    try await expect(store.allStates(of: session, "rou"), [], "the states of a kind that nothing is of")
    for owner in [StateOwner.session(Make.id(9)), .task(Make.id(9))] {
      try await expect(store.allStates(of: owner, .round), [], "the states of nobody")
    }
    for number in [7, 0, 100_000, 12, 999_999, 3] {
      try await store.commit(
        .putState(Make.state(StateKey(task, "numbered", StateName(number: number)), "\(number)")))
    }
    try await expect(
      store.allStates(of: task, "numbered").map(\.json), ["0", "3", "7", "12", "100000", "999999"],
      "states in the order of their numbers")
  }

  static func removedStateIsGone(_ store: any Store) async throws {
    try await add(1...1, to: store)
    for owner in [session, task, .companion] {
      let (gone, kept) = (StateKey(owner, .round, "a"), StateKey(owner, .round, "b"))
      try await store.commit(
        .putState(Make.state(gone)), .putState(Make.state(gone, version: 2)), .putState(Make.state(kept)))
      // One that is not there is not missed, nor one of nobody.
      let changed = try await store.commit(
        .removeState(gone), .removeState(gone), .removeState(StateKey(owner, .context)),
        .removeState(StateKey(.session(Make.id(9)), .round)),
        .removeState(StateKey(.task(Make.id(9)), .round)))
      try expect(changed, [], "what is returned for a removal")
      try await expect(store.state(gone), nil, "the removed state")
      try await expect(store.allStates(of: owner, .round), [Make.state(kept)], "the others")
      try await expectConflict(.stateMoved) { () throws(StoreFailure) in
        try await store.commit(.putState(Make.state(gone, version: 3)))
      }
      try await store.commit(.putState(Make.state(gone, "anew")))
      try await expect(store.state(gone), Make.state(gone, "anew"), "another one of its name")
    }
  }

  static func kindsStay(_ store: any Store) async throws {
    try await add(1...2, to: store)
    let others = try await fill(store, [.session(Make.id(2)), .task(Make.id(2))])
    for owner in [session, task, .companion] {
      let states = try await fill(store, [owner])
      try await store.commit(.removeStates(of: owner, except: [.summary, .approval, "nothing is of this"]))
      let left = states.filter { [.summary, .approval].contains($0.key.kind) }
      try await expectStates(left, gone: states.filter { !left.contains($0) }, store)
      let again = Make.state(StateKey(owner, .context, "a"), "anew")
      // As what came before has left it.
      try await store.commit(
        .putState(Make.state(StateKey(owner, .round))), .removeStates(of: owner, except: [.summary]),
        .putState(again))
      let rest = left.filter { $0.key.kind == .summary } + [again]
      try await expectStates(
        rest, gone: states.filter { left in !rest.contains { $0.key == left.key } }, store)
      try await store.commit(.removeStates(of: owner, except: []), .removeStates(of: owner, except: []))
      try await expectStates([], gone: states, store)
    }
    try await store.commit(
      .removeStates(of: .session(Make.id(9)), except: []), .removeStates(of: .task(Make.id(9)), except: []))
    try await expectStates(others, gone: [], store)
  }

  static func sessionTakesItsStates(_ store: any Store) async throws {
    try await add(1...2, to: store)
    let gone = try await fill(store, [session])
    let kept = try await fill(store, [task, .session(Make.id(2)), .task(Make.id(2)), .companion])
    try await store.commit(.eraseUser(of: Make.id(1)))
    try await expectStates(gone + kept, gone: [], store)
    try await store.commit(.eraseSession(Make.id(1)))
    try await expectStates(kept, gone: gone, store)
  }

  static func taskTakesItsStates(_ store: any Store, _ clock: FakeClock) async throws {
    try await add(1...5, to: store)
    let all = try await fill(
      store, [.companion] + (1...5).flatMap { [.task(Make.id($0)), .session(Make.id($0))] })
    let end = TaskTransition.cancel(reason: "no need")
    for number in 1...3 { try await store.commit(.transition(Make.id(number), end, revision: nil)) }
    // One that has ended has its states for as long as it is there.
    try await expectStates(all, gone: [], store)
    try await store.commit(.removeTask(Make.id(1)))
    try await expectLeft([2, 3, 4, 5])
    try await store.commit(.eraseTask(Make.id(2)), .eraseTask(Make.id(4)))
    try await expectLeft([3, 5])
    clock.advance(by: .seconds(10))
    let removed = try await store.pruneTasks(finishedFor: .seconds(1), deadFor: .seconds(1), limit: .max)
    try expect(removed, 1, "the number of tasks that were pruned")
    try await expectLeft([5])

    func expectLeft(_ tasks: Set<Int>) async throws {
      let owners = Set(tasks.map { StateOwner.task(Make.id($0)) })
      let left = all.filter { state in
        if case .task = state.key.owner { owners.contains(state.key.owner) } else { true }
      }
      try await expectStates(left, gone: all.filter { !left.contains($0) }, store)
    }
  }

  static func ownerBeginsAnew(_ store: any Store) async throws {
    try await add(1...2, to: store)
    let states = try await fill(store, [session, task])
    try await store.commit(
      .eraseSession(Make.id(1)), .insertSession(Make.session(1)), .eraseTask(Make.id(1)),
      .insertTask(Make.task(1)))
    try await expectStates([], gone: states, store)
    // Another one in its place, whose states are of the first version.
    let new = try await fill(store, [session, task], "anew")
    try await expectStates(new, gone: [], store)
    try await store.commit(.eraseSession(Make.id(1)), .eraseTask(Make.id(1)))
    try await store.commit(.insertSession(Make.session(3)), .insertTask(Make.task(3)))
    try await store.commit(.insertSession(Make.session(1)), .insertTask(Make.task(1)))
    let newest = [StateOwner.session(Make.id(3)), .task(Make.id(3))].map { Make.state(StateKey($0, .round)) }
    try await expectStates([], gone: states + newest, store)
  }

  static func setIsAtomic(_ store: any Store) async throws {
    try await add(1...2, to: store)
    let states = try await fill(store, [session, task, .session(Make.id(2)), .task(Make.id(2))])
    let key = StateKey(session, .round, "new")
    let changes: [ChangeSet.Change] = [
      .putState(Make.state(key)), .putState(Make.state(key, version: 2)),
      .putState(Make.state(StateKey(session, .round, "a"), "other", version: 2)),
      .putState(Make.state(StateKey(task, .round, "a"), "other", version: 2)),
      .removeState(StateKey(session, .round, "a")), .removeState(StateKey(task, .summary, "b")),
      .putState(Make.state(StateKey(session, .round, "a"), "once more")),
      .removeStates(of: session, except: [.round]), .removeStates(of: task, except: [.context]),
      .eraseSession(Make.id(1)), .insertSession(Make.session(1)),
      .putState(Make.state(StateKey(session, .summary, "a"), "anew")), .eraseTask(Make.id(1)),
      .insertTask(Make.task(1)), .putState(Make.state(StateKey(task, .summary, "a"), "anew")),
      .eraseSession(Make.id(2)), .transition(Make.id(2), .cancel(reason: "no need"), revision: nil),
      .removeTask(Make.id(2)),
    ]
    for count in 1...changes.count {
      for (conflict, failing) in [
        (.scheduleMoved, .moveSchedule(Make.id(1), from: Make.start, to: nil)),
        (.stateMoved, .expectState(StateKey(session, .approval, "nowhere"), version: 1)),
        (.noSuchSession, .putState(Make.state(StateKey(.session(Make.id(9)), .round)))),
      ] as [(StoreConflict, ChangeSet.Change)] {
        try await expectConflict(conflict) { () throws(StoreFailure) in
          try await store.commit(ChangeSet(changes.prefix(count) + [failing]))
        }
        try await expectStates(states, gone: [Make.state(key)], store)
      }
    }
    try await store.commit(ChangeSet(changes))
    let left = [session, task].map { Make.state(StateKey($0, .summary, "a"), "anew") }
    let gone = (states + [Make.state(key)]).filter { state in !left.contains { $0.key == state.key } }
    try await expectStates(left, gone: gone, store)
  }

  static func badStateIsRefused(_ store: any Store) async throws {
    try await add(1...1, to: store)
    for owner in [session, task, .companion] {
      let key = StateKey(owner, .summary)
      let bad = [
        Make.state(key, Make.textWithNUL), Make.state(key, Make.text(bytes: ChangeSet.maximumTextBytes + 1)),
        Make.state(key, version: 0), Make.state(key, version: -1), Make.state(key, version: .min),
      ]
      for state in bad {
        try await expectInvalid { () throws(StoreFailure) in
          try await store.commit(.putState(Make.state(StateKey(owner, .context))), .putState(state))
        }
      }
      for kind in [StateKind.summary, .context] {
        try await expect(store.allStates(of: owner, kind), [], "the states")
      }
    }
  }

  private static let kinds: [StateKind] = [.session, .context, .summary, .approval, .round]

  /// Stores two states of every kind with each owner.
  private static func fill(
    _ store: any Store, _ owners: [StateOwner], _ json: String = "{}"
  ) async throws -> [StateRecord] {
    var states: [StateRecord] = []
    for owner in owners {
      for kind in kinds {
        for name in ["a", "b"] as [StateName] { states.append(Make.state(StateKey(owner, kind, name), json)) }
      }
    }
    try await store.commit(ChangeSet(states.map { .putState($0) }))
    return states
  }

  /// Checks that some states are there, by name and listed, and others are not.
  private static func expectStates(
    _ left: [StateRecord], gone: [StateRecord], _ store: any Store
  ) async throws {
    for state in left { try await expect(store.state(state.key), state, "the state that stays") }
    for state in gone { try await expect(store.state(state.key), nil, "the state that goes") }
    for owner in Set((left + gone).map(\.key.owner)) {
      for kind in kinds {
        try await expect(
          store.allStates(of: owner, kind),
          left.filter { $0.key.owner == owner && $0.key.kind == kind }.sorted { $0.key.name < $1.key.name },
          "the states of the kind \(kind)")
      }
    }
  }
}
