import CompanionDomain
import CompanionPorts

/// What has changed since it was embedded, or tried.
extension EmbeddingIndexConformance {
  static let edits: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what has another text waits again in all spaces, as if it had never been tried") {
      store, _ in
      try await editedWaits(store)
    },
    ConformanceCheck("what says the same as before keeps its vectors, and its failure") { store, _ in
      try await sameTextStays(store)
    },
    ConformanceCheck("a document that moves to another scope is found only there") { store, _ in
      try await movedIsFoundThere(store)
    },
    ConformanceCheck("what was said by whoever is erased waits again, and the rest stays") { store, _ in
      try await erasedUserMoves(store)
    },
  ]

  static func editedWaits(_ store: any Store) async throws {
    var line = try await fill(store)
    try await open(store)
    let edits: [(source: RecallSource, change: ChangeSet.Change)] = [
      (message(1), .amend(Make.at(1), .edit([.text("A lion")]), in: session.id, at: Make.time(1))),
      (memory, .putMemory(Make.memory(version: 2, text: "They talk of lions."), adding: [])),
      (document(2), .putDocument(Make.document(2, "Water for black tea boils."))),
      (document(1), .putDocument(Make.document(1, "Soup", title: "Dinner"))),
      // The first once more.
      (message(1), .amend(Make.at(1), .edit([.text("A bear")]), in: session.id, at: Make.time(2))),
    ]
    for (source, change) in edits {
      let rest = line.filter { $0 != source }
      try await embed(store, source, as: [axis(0), axis(1)])
      try await fail(store, source, attempts: 3, in: wide)
      try await fail(store, source, attempts: 2, retryAt: Make.time(9), in: other)
      try await expectSpace(store, small, embedded: [source], waiting: rest, "after it was embedded")
      try await expectSpace(store, wide, waiting: rest, parked: [source], "after it was parked")
      try await expectSpace(store, other, waiting: rest + [source], "after it has failed")
      try await store.commit(change)
      line = rest + [source]
      try await expectFresh(store, line, "after \(source) was changed")
    }
    // Each of them can be embedded again.
    for source in line { try await embed(store, source) }
    try await expectSpace(store, embedded: line, "after all were embedded")
    // What is put back waits, too: its vectors have gone.
    try await store.commit(.putDocument(Make.document(2)))
    try await expectSpace(
      store, embedded: line.filter { $0 != document(2) }, waiting: [document(2)], "after it was put back")
  }

  static func sameTextStays(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store)
    for source in sources {
      try await embed(store, source, as: [axis(2), axis(3)])
      try await fail(store, source, attempts: 3, in: wide)
      try await fail(store, source, attempts: 2, retryAt: Make.time(9), in: other)
    }
    let failures = try await store.failedEmbeddings(in: wide, after: nil, limit: 99)
    let retries = try await store.failedEmbeddings(in: other, after: nil, limit: 99)
    var changed = Make.document(2, owner: "anna", at: Make.time(5))
    (changed.metadata, changed.isPinned) = (["a": "b"], true)
    let memory = Make.memory(version: 2, sourceCount: 7, newest: Make.time(9))
    let changes: [ChangeSet.Change] = [
      .putDocument(Make.document(1, "Soup")), .putDocument(changed), .putMemory(memory, adding: []),
      .amend(Make.at(1), .edit([.text("A zebra")]), in: session.id, at: Make.time(1)),
      .amend(Make.at(2), .edit([.text("Rea"), .text("lly?")]), in: session.id, at: Make.time(1)),
      .append([], to: session.id, after: Make.at(2)),
      .extendDraft(Make.draft("Yes"), of: session.id, offset: 0), .openEmbeddingSpace(small),
      .removeDocument(Make.id(9)), .eraseSession(Make.id(9)),
      .insertSession(ChatSession(id: Make.id(9), createdAt: Make.start)),
    ]
    for change in changes {
      try await store.commit(change)
      try await expectSpace(store, embedded: sources, "after the same text again")
      try await expectSpace(store, wide, parked: sources, "after the same text again")
      try await expect(
        store.failedEmbeddings(in: wide, after: nil, limit: 99), failures, "what is parked")
      try await expect(
        store.failedEmbeddings(in: other, after: nil, limit: 99), retries, "what is tried again")
      try await expect(
        Set(store.embeddingWork(in: other, at: Make.time(9), limit: 99).map(\.source)), Set(sources),
        "what is due")
    }
    let found = try await store.nearest(
      to: axis(3), in: small, scopes: [Make.kitchen], matching: RecallFilter(kinds: [.message]), by: .cosine,
      limit: 9)
    try expect(Set(found.map(\.source)), [message(1), message(2)], "the messages that are found")
    try expect(found.allSatisfy { $0.similarity > 0.999 }, "their second vectors to be near")
  }

  static func movedIsFoundThere(_ store: any Store) async throws {
    try await open(store, [small, other])
    try await store.commit(.putDocument(Make.document(1)), .putDocument(Make.document(2)))
    let scopes = TextIndexConformance.allScopes.sorted()
    for scope in scopes + scopes.reversed() {
      try await store.commit(.putDocument(Make.document(1, in: scope)))
      if scope != scopes.last {
        // It has the same text, and is not where its vectors were.
        try await expectFresh(store, in: [small, other], [document(2), document(1)], "after it has moved")
      }
      try await embed(store, document(1))
      for place in scopes {
        try await expect(
          store.nearest(to: axis(0), in: small, scopes: [place], matching: .all, by: .cosine, limit: 9).map(
            \.source),
          place == scope ? [document(1)] : [], "what is found in \(place) after it has moved to \(scope)")
      }
    }
  }

  static func erasedUserMoves(_ store: any Store) async throws {
    let personal = ChatSession(id: Make.id(2), user: "anna", createdAt: Make.start)
    var log = (1...3).map { Make.message($0, "tea \($0)") }
    (log[1].role, log[1].origin) = (.assistant, .model)
    log[2].speaker = "bert"
    try await store.commit(
      .insertSession(session), .insertSession(personal), .append(log, to: session.id, after: .zero),
      .append(log, to: personal.id, after: .zero))
    try await open(store, [small, other])
    let (shared, own) = ((1...3).map { message($0) }, (1...3).map { message($0, in: 2) })
    for source in shared + own {
      try await embed(store, source)
      try await fail(store, source, in: other)
    }
    try await store.commit(.eraseUser(of: session.id))
    // The answer, and what another person has said, are as they were.
    let stays = [shared[1], shared[2]] + own
    try await expectSpace(store, embedded: stays, waiting: [shared[0]], "after the user was erased")
    try await expectSpace(store, other, waiting: [shared[0]], parked: stays, "after the user was erased")
    // What is said to the companion alone is found by whose it is.
    try await store.commit(.eraseUser(of: personal.id))
    try await expect(
      store.nearest(
        to: axis(0), in: small, scopes: [.user("anna", in: .main)], matching: .all, by: .cosine, limit: 9),
      [],
      "what is found of an erased user")
    for (space, parked) in [(small, 0), (other, 2)] {
      let waiting = try await store.embeddingWork(in: space, at: Make.start, limit: 99)
      try expect(Set(waiting.map(\.source)), Set([shared[0]] + own), "what waits after both were erased")
      try expect(waiting.allSatisfy { $0.attempts == 0 }, "that none of it was ever tried")
      try await expect(
        store.embeddingCoverage(in: space),
        EmbeddingCoverage(embedded: 2 - parked, waiting: 4, parked: parked), "how much is embedded")
    }
    for source in own { try await embed(store, source) }
    try await expect(
      Set(
        store.nearest(
          to: axis(0), in: small, scopes: [.user(.forgotten, in: .main)], matching: .all, by: .cosine,
          limit: 9
        ).map(\.source)), Set(own), "what is found as nobody's")
  }
}
