import CompanionDomain
import CompanionPorts

extension LedgerStoreConformance {
  static let refusals: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("an entry with NUL, too much text or a cost that cannot be is refused") { store, _ in
      try await badEntryIsRefused(store)
    }
  ]

  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("changes of the ledger build on those before them") { store, _ in
      try await changesBuild(store)
    },
    ConformanceCheck("one failing change enters nothing of its set") { store, _ in
      try await setIsAtomic(store)
    },
    ConformanceCheck("a call is stored together with what it was made for") { store, _ in
      try await callAndWork(store)
    },
  ]

  static let retention: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what ended before a time is removed, and nothing else") { store, _ in
      try await pruneRemovesWhatIsOld(store)
    },
    ConformanceCheck("nothing is left of an entry that was removed") { store, _ in
      try await nothingIsLeft(store)
    },
  ]

  static func badEntryIsRefused(_ store: any LedgerStore) async throws {
    let kept = Make.call(1)
    try await store.commit(.enterCall(kept))
    let long = Make.text(bytes: ChangeSet.maximumTextBytes + 1)
    var bad = [Double.infinity, -.infinity, .nan, -0.5, -.leastNonzeroMagnitude].map {
      Make.call(2, cost: Cost(amount: $0, currency: "USD"))
    }
    for text in [Make.textWithNUL, long] {
      bad.append(Make.call(2, cost: Cost(amount: 1, currency: text)))
      for model in [
        ModelIdentity(provider: text, model: ""), ModelIdentity(provider: "", model: text),
      ] {
        bad.append(Make.call(2))
        bad[bad.count - 1].model = model
      }
    }
    for entry in bad {
      // What is refused takes with it what comes before.
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(
          .enterCall(Make.call(3)), .pruneLedger(before: .distantFuture), .enterCall(entry))
      }
    }
    try await expect(store.ledger(), [kept], "the entries")
    try await expectTotals(store, of: [kept])
  }

  static func changesBuild(_ store: any LedgerStore) async throws {
    let (old, new) = (Make.call(1, at: Make.time(1)), Make.call(2, at: Make.time(2)))
    try await store.commit(.enterCall(old), .pruneLedger(before: Make.time(2)), .enterCall(new))
    try await expect(store.ledger(), [new], "the entries after one was entered and removed")
    let again = Make.call(2, at: Make.time(3), session: 1)
    try await store.commit(
      .enterCall(again), .pruneLedger(before: Make.time(3)), .enterCall(again), .enterCall(old))
    try await expect(store.ledger(), [again, old], "the entries after one was removed and entered anew")
    try await expectTotals(store, of: [again, old])
  }

  static func setIsAtomic(_ store: any LedgerStore) async throws {
    let stored = Array(Make.calls[..<10])
    let more = Make.calls[10...].map { ChangeSet.Change.enterCall($0) }
    try await store.enter(stored)
    var failing: [(StoreConflict, ChangeSet.Change)] = []
    if let store = store as? any ConversationStore & LedgerStore {
      try await store.begin()
      failing.append((.sessionExists, .insertSession(Make.session())))
      failing.append((.logMoved, .append([Make.message(9)], to: Make.id(1), after: Make.at(8))))
    }
    if let store = store as? any TaskStore & LedgerStore {
      try await store.insert(Make.task())
      failing.append((.taskExists, .insertTask(Make.task())))
      failing.append((.noSuchTask, .transition(Make.id(9), .endWait, revision: nil)))
    }
    let sets = [
      more, more + [.pruneLedger(before: Make.time(8))], [.pruneLedger(before: .distantFuture)],
      [.pruneLedger(before: .distantFuture)] + more, [.enterCall(stored[0])] + more,
    ]
    for (conflict, change) in failing {
      for set in sets {
        try await expectConflict(conflict) { () throws(StoreFailure) in
          try await store.commit(ChangeSet(set + [change]))
        }
        try await expect(store.ledger().map(\.id).sorted(), stored.map(\.id), "the names of the entries")
        for filter in [
          LedgerFilter(), LedgerFilter(provider: Make.id(1)), LedgerFilter(task: Make.id(4)),
          LedgerFilter(session: Make.id(3)), LedgerFilter(since: Make.time(8)),
        ] {
          let expected = stored.filter(filter.includes).sorted { ($0.time, $0.id) > ($1.time, $1.id) }
          try await expect(store.ledger(filter), expected, "the entries for \(filter)")
          try await expectTotals(store, matching: filter, of: expected)
        }
      }
    }
    try await store.commit(ChangeSet(more))
    try await expect(
      store.ledger().count, Make.calls.count, "the number of entries after a set that succeeds")
  }

  static func callAndWork(_ store: any LedgerStore) async throws {
    let entry = Make.call(1, session: 1, task: 1)
    if let store = store as? any ConversationStore & LedgerStore {
      try await store.begin()
      try await store.commit(
        .append([Make.message(1)], to: Make.id(1), after: .zero), .enterCall(entry))
      try await expect(store.log(), [Make.message(1)], "the log")
      try await expect(store.ledger(), [entry], "the entries")
    }
    if let store = store as? any TaskStore & LedgerStore {
      let changed = try await store.commit(
        .enterCall(entry), .insertTask(Make.task()), .enterCall(Make.call(2, task: 1)))
      try expect(changed.map(\.task), [Make.task()], "what a set with a task and its calls returns")
      try await expect(store.ledger().map(\.id), [Make.id(2), Make.id(1)], "the names of the entries")
      // It is kept for what it cost, also when what it was made for is gone.
      try await store.commit(.transition(Make.id(1), .cancel(reason: "enough"), revision: nil))
      _ = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: .max)
      try await expect(store.task(Make.id(1)), nil, "a task that was removed")
      try await expect(store.ledger(LedgerFilter(task: Make.id(1))).count, 2, "the number of its calls")
    }
  }

  static func pruneRemovesWhatIsOld(_ store: any LedgerStore) async throws {
    try await store.commit(.pruneLedger(before: .distantFuture))
    try await store.enter(Make.calls)
    let middle = Make.time(10)
    var left = Make.calls.sorted { ($0.time, $0.id) > ($1.time, $1.id) }
    for time in [
      Timestamp(nanosecondsSinceEpoch: .min), Make.start, middle,
      middle.advanced(by: .nanoseconds(1)), middle, Make.time(19), .distantFuture,
    ] {
      let changed = try await store.commit(.pruneLedger(before: time))
      try expect(changed, [], "what is returned for a removal")
      left.removeAll { $0.time < time }
      try await expect(store.ledger(), left, "the entries after a removal before \(time)")
      try await expectTotals(store, of: left)
    }
    let last = Make.call(1, at: .distantFuture)
    try await store.commit(.enterCall(last), .pruneLedger(before: .distantFuture))
    try await expect(store.ledger(), [last], "the entry of the last time, which ends before none")
  }

  static func nothingIsLeft(_ store: any LedgerStore) async throws {
    let filters = [
      LedgerFilter(), LedgerFilter(provider: Make.id(1)), LedgerFilter(task: Make.id(4)),
      LedgerFilter(session: Make.id(3)), LedgerFilter(since: Make.start),
    ]
    for round in 1...2 {
      // The same names at other times: what is left of the first ones would show.
      let calls = Make.calls.map { call in
        var call = call
        call.time = call.time.advanced(by: .seconds(round * 1000))
        return call
      }
      try await store.enter(calls)
      for filter in filters {
        let expected = calls.filter(filter.includes).sorted { ($0.time, $0.id) > ($1.time, $1.id) }
        try await expect(store.ledger(filter), expected, "the entries for \(filter) in round \(round)")
      }
      try await store.commit(.pruneLedger(before: Make.time(9999)))
      for filter in filters {
        try await expect(store.ledger(filter), [], "the entries for \(filter)")
        try await expectTotals(store, matching: filter, of: [])
      }
    }
  }
}
