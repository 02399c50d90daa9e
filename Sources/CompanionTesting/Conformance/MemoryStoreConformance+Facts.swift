import CompanionDomain
import CompanionPorts

extension MemoryStoreConformance {
  static let facts: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a fact is read as it was stored") { store, _ in try await factIsKept(store) },
    ConformanceCheck("a fact is stored once") { store, _ in try await factIsStoredOnce(store) },
    ConformanceCheck("a fact quotes words that are in the log") { store, _ in
      try await factIsAnchored(store)
    },
    ConformanceCheck("a newer fact takes the place of an older one") { store, _ in
      try await factIsSuperseded(store)
    },
    ConformanceCheck("a fact that was superseded can hold again") { store, _ in
      try await factIsRestored(store)
    },
    ConformanceCheck("a removed fact leaves the others as they are") { store, _ in
      try await factIsRemoved(store)
    },
  ]

  static func factIsKept(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.begin(messages: 2)
    try await expect(store.allFacts(), [], "the facts of an empty store")
    try await expect(store.fact(Make.id(1)), nil, "a fact that is not there")
    let full = Fact(
      id: Make.id(1), scope: Make.kitchen, subject: "Anna", statement: "Anna drinks green tea.",
      validFrom: Timestamp(nanosecondsSinceEpoch: .min), validTo: .distantFuture, confidence: 0.1 + 0.2,
      source: Make.quote(1, 2), createdAt: Make.time(3), origin: Make.origin)
    var sure = Make.fact(2, "", source: .statement(by: "anna", in: Make.id(9)))
    sure.subject = ""
    var unsure = Make.fact(3)
    unsure.confidence = 0
    for fact in [full, sure, unsure] {
      let changed = try await store.commit(.insertFact(fact))
      try expect(changed, [], "what is returned for a fact")
      try await expect(store.fact(fact.id), fact, "the fact")
    }
    try await expect(store.allFacts(), [full, sure, unsure], "all facts")
    for (index, text) in Make.texts.enumerated() {
      var fact = Make.fact(10 + index, text)
      fact.subject = text
      fact.origin = MemoryOrigin(model: ModelIdentity(provider: text, model: text), instructions: text)
      if !text.isEmpty {
        let message = Make.message(3 + index, "before \(text) behind")
        let last = try await store.session(Make.id(1))?.lastSequence ?? .zero
        var placed = message
        placed.sequence = SequenceNumber(rawValue: last.rawValue + 1)
        try await store.commit(.append([placed], to: Make.id(1), after: last))
        fact.source = .message(
          MessageQuote(session: Make.id(1), sequence: placed.sequence, text: text))
      }
      try await store.commit(.insertFact(fact))
      try await expect(store.fact(fact.id), fact, "the fact with its text scalar by scalar")
    }
  }

  static func factIsStoredOnce(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.commit(.insertFact(Make.fact(1)), .insertFact(Make.fact(2)))
    try await expectConflict(.factExists) { () throws(StoreFailure) in
      try await store.commit(.insertFact(Make.fact(1, "Anna drinks coffee.")))
    }
    try await store.commit(.supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(5)))
    let facts = try await store.allFacts()
    try await expectConflict(.factExists) { () throws(StoreFailure) in
      try await store.commit(.insertFact(Make.fact(1)))
    }
    try await expect(store.allFacts(), facts, "all facts")
    try await store.commit(.removeFact(Make.id(1)), .insertFact(Make.fact(1, "Anna drinks coffee.")))
    try await expect(
      store.fact(Make.id(1)), Make.fact(1, "Anna drinks coffee."), "another fact of a name that was freed")
  }

  static func factIsAnchored(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.begin(messages: 5)
    let parts: [MessagePart] = [
      .text("caf\u{E9} "), .toolCall(ToolCall(id: "1", name: "hidden", arguments: "hidden")), .text("open"),
    ]
    try await store.commit(
      .append([Make.message(6, parts: parts)], to: Make.id(1), after: Make.at(5)),
      .amend(Make.at(3), .edit([.text("edited")]), in: Make.id(1), at: Make.time(9)),
      .amend(Make.at(4), .delete, in: Make.id(1), at: Make.time(9)))
    try await store.commit(.eraseMessage(Make.at(5), in: Make.id(1), at: Make.time(9)))
    let missing = [
      Make.quote(1, 1, "other words"), Make.quote(1, 1, ""), Make.quote(1, 1, "Message 1"),
      Make.quote(1, 2, "message 1"), Make.quote(1, 3), Make.quote(1, 4), Make.quote(1, 4, ""),
      Make.quote(1, 5), Make.quote(1, 5, ""), Make.quote(1, 7), Make.quote(1, 0), Make.quote(1, -1),
      Make.quote(1, .max), Make.quote(2, 1), Make.quote(1, 6, "cafe\u{301}"), Make.quote(1, 6, "hidden"),
    ]
    for source in missing {
      try await expectConflict(.noSuchSource) { () throws(StoreFailure) in
        try await store.commit(.insertFact(Make.fact(1, source: source)))
      }
    }
    try await expect(store.allFacts(), [], "the facts without a source")
    let found = [
      Make.quote(1, 1), Make.quote(1, 2, "age 2"), Make.quote(1, 3, "edited"), Make.quote(1, 6, "\u{E9} op"),
    ]
    for (number, source) in found.enumerated() {
      try await store.commit(.insertFact(Make.fact(number, source: source)))
    }
    try await expect(store.allFacts().map(\.source), found, "the sources of the facts that have one")
    // The message may come with its set, if it comes first.
    let (fact, message) = (Make.fact(9, source: Make.quote(1, 7)), Make.message(7, "message 7"))
    try await expectConflict(.noSuchSource) { () throws(StoreFailure) in
      try await store.commit(
        .insertFact(fact), .append([message], to: Make.id(1), after: Make.at(6)))
    }
    try await store.commit(.append([message], to: Make.id(1), after: Make.at(6)), .insertFact(fact))
    // It stays where what it quotes goes: that is the caller's to decide.
    try await store.commit(.amend(Make.at(7), .delete, in: Make.id(1), at: Make.time(9)))
    try await store.commit(.eraseSession(Make.id(1)))
    try await expect(store.fact(fact.id), fact, "the fact whose conversation is gone")
  }

  static func factIsSuperseded(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.commit(
      .insertFact(Make.fact(1, validTo: Make.time(99))), .insertFact(Make.fact(2)),
      .insertFact(Make.fact(3)))
    try await store.commit(.supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(5)))
    var expected = Make.fact(1, validTo: Make.time(5))
    expected.supersededBy = Make.id(2)
    try await expect(store.fact(Make.id(1)), expected, "the older fact")
    try await expect(store.fact(Make.id(2)), Make.fact(2), "the newer fact")
    for (conflict, old, new) in [
      (StoreConflict.factMoved, 1, 3), (.factMoved, 1, 2), (.noSuchFact, 9, 3), (.noSuchFact, 2, 9),
    ] {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(.supersedeFact(Make.id(old), by: Make.id(new), at: Make.time(6)))
      }
    }
    // What superseded one may be superseded itself.
    try await store.commit(.supersedeFact(Make.id(2), by: Make.id(3), at: Make.time(7)))
    try await expect(
      store.allFacts().map(\.supersededBy), [Make.id(2), Make.id(3), nil], "what superseded them")
    try await expect(
      store.facts(matching: FactFilter(), after: nil, limit: 9).map(\.id), [Make.id(3)], "what holds")
  }

  static func factIsRestored(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.commit(
      .insertFact(Make.fact(1, validTo: Make.time(99))), .insertFact(Make.fact(2)),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(5)))
    for (conflict, number) in [(StoreConflict.factMoved, 2), (.noSuchFact, 9)] {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(.restoreFact(Make.id(number), validTo: nil))
      }
    }
    try await store.commit(.restoreFact(Make.id(1), validTo: Make.time(99)))
    try await expect(
      store.fact(Make.id(1)), Make.fact(1, validTo: Make.time(99)), "the fact that holds again")
    try await store.commit(.supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(5)))
    try await store.commit(.restoreFact(Make.id(1), validTo: nil))
    try await expect(store.fact(Make.id(1)), Make.fact(1), "the fact that holds without an end")
    try await expectConflict(.factMoved) { () throws(StoreFailure) in
      try await store.commit(.restoreFact(Make.id(1), validTo: nil))
    }
  }

  static func factIsRemoved(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.commit(
      .insertFact(Make.fact(1)), .insertFact(Make.fact(2)), .insertFact(Make.fact(3)),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(5)))
    let older = try await store.fact(Make.id(1))
    try await store.commit(.removeFact(Make.id(2)), .removeFact(Make.id(9)))
    try await expect(store.fact(Make.id(2)), nil, "the removed fact")
    try await expect(store.allFacts(), [older, Make.fact(3)].compactMap(\.self), "the others")
    try await store.commit(.restoreFact(Make.id(1), validTo: nil))
    try await store.commit(.removeFact(Make.id(1)), .removeFact(Make.id(1)), .removeFact(Make.id(3)))
    try await expect(store.allFacts(), [], "the facts")
  }
}
