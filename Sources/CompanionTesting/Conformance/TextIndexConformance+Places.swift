import CompanionDomain
import CompanionPorts

extension TextIndexConformance {
  static let places: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a scope knows nothing of what is in another") { store, _ in
      try await scopesAreApart(store)
    },
    ConformanceCheck("a kind is searched where it is asked for") { store, _ in
      try await kindsAreApart(store)
    },
    ConformanceCheck("sessions that go on at the same time have windows of their own") { store, _ in
      try await sessionsAreApart(store)
    },
  ]

  static let queries: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a query without terms finds nothing") { store, _ in
      try await emptyQueriesFindNothing(store)
    },
    ConformanceCheck("a limit leaves the documents that fit best") { store, _ in
      try await limitLeavesTheBest(store)
    },
    ConformanceCheck("the neighbours of a document come with it, beyond the limit") { store, _ in
      try await neighboursComeWithIt(store)
    },
  ]

  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("one failing change leaves what is found as it was") { store, _ in
      try await setIsAtomic(store)
    }
  ]

  /// Sessions of two people who talk personally, and of two channels, one of them with a thread.
  private static let sessions = [
    ChatSession(id: Make.id(1), createdAt: Make.start), ChatSession(id: Make.id(2), createdAt: Make.start),
    ChatSession(id: Make.id(3), user: "anna", createdAt: Make.start),
    ChatSession(
      id: Make.id(4), place: ConversationPlace(workspace: "home", channel: "kitchen"), createdAt: Make.start),
    ChatSession(
      id: Make.id(5), place: ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup"),
      user: "anna", createdAt: Make.start),
    ChatSession(
      id: Make.id(6), place: ConversationPlace(workspace: "home", channel: "garden"), createdAt: Make.start),
  ]

  /// The same words everywhere, message by message in turn.
  private static func fill(_ store: any Store, rounds: Int = 5) async throws {
    for session in sessions { try await store.commit(.insertSession(session)) }
    let words = ["zebra", "tiger", "a zebra and a tiger", "grass", "nothing of it", "tiger tiger"]
    for round in 0..<rounds {
      for (number, session) in sessions.enumerated() {
        let message = Make.message(round + 1, words[(round * 5 + number) % 6], at: Make.time(round))
        try await store.commit(.append([message], to: session.id, after: Make.at(round)))
      }
    }
    for (number, scope) in allScopes.sorted().enumerated() {
      try await store.commit(
        .putMemory(Make.memory(scope, scope.kinds[0], text: "A zebra, and a tiger."), adding: []),
        .insertFact(Make.fact(number, "The zebra eats grass.", in: scope)),
        .putDocument(Make.document(number, "Tigers eat no grass.", title: "Zebra", in: scope)))
    }
  }

  static func scopesAreApart(_ store: any Store) async throws {
    try await fill(store)
    for scope in allScopes.sorted() { try await expectComparison(store, "zebra tiger grass", in: [scope]) }
    let scopes = allScopes.sorted()
    for count in [0, 2, 3] {
      try await expectComparison(store, "zebra tiger grass", in: Set(scopes.prefix(count)))
    }
    let elsewhere: Set<MemoryScope> = [
      .workspace("office"), .channel("kitchen", of: "office"), .user("carl", in: .main),
      .user("anna", in: "home"), .channel(sessions[0].place.channel, of: .main),
    ]
    let found = try await expectComparison(store, "zebra", in: elsewhere)
    try expect(found, [], "what is found where nothing is")
  }

  static func kindsAreApart(_ store: any Store) async throws {
    try await fill(store)
    for kind in RecallSource.Kind.allCases {
      let found = try await expectComparison(
        store, "zebra tiger grass", matching: RecallFilter(kinds: [kind]))
      try expect(!found.isEmpty && found.allSatisfy { $0.kind == kind }, "only \(kind.rawValue)s to be found")
    }
    try await expectComparison(store, "zebra tiger", matching: RecallFilter(kinds: []))
    try await expectComparison(
      store, "zebra tiger", in: [Make.kitchen], matching: RecallFilter(kinds: [.message, .fact]))
  }

  static func sessionsAreApart(_ store: any Store) async throws {
    try await fill(store, rounds: 9)
    for query in ["zebra", "grass", "tiger nothing", "unknown"] { try await expectComparison(store, query) }
    // What is no document any more is no neighbour: those around it are each other's.
    for (number, place) in [(1, 4), (2, 1), (4, 5), (4, 6), (5, 9)] {
      try await store.commit(.amend(Make.at(place), .delete, in: Make.id(number), at: Make.time(99)))
      for query in ["zebra", "grass", "tiger nothing"] { try await expectComparison(store, query) }
    }
    try await store.commit(.eraseSession(Make.id(5)))
    for query in ["zebra", "grass", "tiger nothing"] { try await expectComparison(store, query) }
  }

  static func emptyQueriesFindNothing(_ store: any Store) async throws {
    try await fill(store)
    for text in ["", "   ", "?!", "\u{1}"] {
      let query = TextQuery(text)
      let found = try await store.textCandidates(
        for: query, in: allScopes, matching: .all, limit: 10)
      try expect(found.ids, [], "what is found by \"\(text)\"")
      try expect(found.matches.candidates, [], "its candidates")
      try expect(found.matches.sessions, [], "their sessions")
    }
    // Words of a query are words, whatever they mean to a store.
    for text in Make.texts + ["zebra OR tiger", "\"zebra", "zebra*", "NOT (zebra)", "text:zebra", "%_"] {
      try await expectComparison(store, text)
    }
  }

  static func limitLeavesTheBest(_ store: any Store) async throws {
    // All are as long, and each has the word once more than the one before.
    for number in 1...8 {
      let words = Array(repeating: "zebra", count: number) + Array(repeating: "grass", count: 10 - number)
      let document = Make.document(number, words.joined(separator: " "), title: "")
      try await store.commit(.putDocument(document))
    }
    for limit in 1...9 {
      let found = try await store.textCandidates(
        for: TextQuery("zebra"), in: [Make.kitchen], matching: RecallFilter(kinds: [.document]), limit: limit)
      let best = (1...8).suffix(limit).map { RecallSource.document(Make.id($0)) }
      try expect(found.ids.sorted(), best, "the \(limit) that fit best")
      try expect(
        found.matches.documentStatistics,
        TermStatistics(documents: 8, totalLength: 80, documentFrequencies: [8]),
        "the statistics, which are of all")
    }
  }

  static func neighboursComeWithIt(_ store: any Store) async throws {
    let session = sessions[3]
    let log = (1...7).map { place in
      Make.message(place, place == 4 ? "zebra zebra zebra" : place == 7 ? "grass and a zebra here" : "grass")
    }
    try await store.commit(.insertSession(session), .append(log, to: session.id, after: .zero))
    let found = try await store.textCandidates(
      for: TextQuery("zebra"), in: [Make.kitchen], matching: RecallFilter(kinds: [.message]), limit: 1)
    let expected = [3, 4, 5].map { RecallSource.message(session.id, Make.at($0)) }
    try expect(found.ids.sorted(), expected, "the document that fits best, and those around it")
    let windows = zip(found.ids, found.matches.candidates).sorted { $0.0 < $1.0 }
      .map { $0.1.window?.frequencies }
    try expect(windows, [[3], [3], [3]], "what their windows have")
    try expect(found.matches.sessions.map(\.frequencies), [[4]], "what their session has")
  }

  static func setIsAtomic(_ store: any Store) async throws {
    try await fill(store)
    let memory = Make.memory(Make.kitchen, version: 2, text: "lion")
    let changes: [ChangeSet.Change] = [
      .append([Make.message(6, "lion")], to: Make.id(1), after: Make.at(5)),
      .amend(Make.at(1), .edit([.text("lion")]), in: Make.id(4), at: Make.time(9)),
      .amend(Make.at(2), .delete, in: Make.id(4), at: Make.time(9)),
      .eraseMessage(Make.at(3), in: Make.id(4), at: Make.time(9)), .eraseSession(Make.id(5)),
      .insertSession(sessions[4]), .append([Make.message(1, "lion")], to: Make.id(5), after: .zero),
      .putMemory(memory, adding: []), .removeMemory(memory.key), .insertFact(Make.fact(90, "lion")),
      .supersedeFact(Make.id(1), by: Make.id(90), at: Make.time(9)), .removeFact(Make.id(2)),
      .putDocument(Make.document(1, "lion")), .removeDocument(Make.id(2)),
      .putDocument(Make.document(3, status: .archived)),
    ]
    let all = try await expectComparison(store, "zebra tiger grass")
    for count in 1...changes.count {
      try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
        try await store.commit(
          ChangeSet(changes.prefix(count) + [.append([], to: Make.id(9), after: .zero)]))
      }
      try await expectFound(store, "lion", [])
    }
    try await expect(
      expectComparison(store, "zebra tiger grass"), all, "what is found after sets that failed")
    try await store.commit(ChangeSet(changes))
    for query in ["lion", "zebra tiger grass"] { try await expectComparison(store, query) }
  }
}
