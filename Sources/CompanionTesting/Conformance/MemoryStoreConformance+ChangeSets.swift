import CompanionDomain
import CompanionPorts

extension MemoryStoreConformance {
  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("changes of what is remembered build on those before them") { store, _ in
      try await changesBuild(store)
    },
    ConformanceCheck("one failing change leaves nothing remembered of its set") { store, _ in
      try await setIsAtomic(store)
    },
  ]

  static let refusals: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a memory with NUL, without a source or a version is refused") { store, _ in
      try await badMemoryIsRefused(store)
    },
    ConformanceCheck("a fact with NUL, or of a confidence that cannot be, is refused") { store, _ in
      try await badFactIsRefused(store)
    },
  ]

  static func changesBuild(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.commit(
      .insertSession(Make.session()), .append([Make.message(1, "message 1")], to: Make.id(1), after: .zero),
      .insertFact(Make.fact(1, source: Make.quote(1, 1))), .insertFact(Make.fact(2)),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)),
      .restoreFact(Make.id(1), validTo: nil),
      .supersedeFact(Make.id(2), by: Make.id(1), at: Make.time(2)),
      .putMemory(Make.memory(), adding: [Make.span(1, 1...1)]),
      .putMemory(Make.memory(version: 2, text: "second"), adding: [Make.span(1, 2...2)]),
      .moveMemoryProgress(Make.id(1), .facts, from: .zero, to: Make.revision(1)),
      .moveMemoryProgress(Make.id(1), .facts, from: Make.revision(1), to: Make.revision(2)))
    try await expect(store.allFacts().map(\.supersededBy), [nil, Make.id(1)], "what superseded the facts")
    try await expect(store.memory(Make.memory().key)?.text, "second", "the memory")
    try await expect(store.previousMemory(Make.memory().key), Make.memory(), "its previous version")
    try await expect(store.allSources(of: Make.memory().key), [Make.span(1, 1...2)], "its sources")
    try await expect(store.memoryProgress(of: Make.id(1))[.facts], Make.revision(2), "the progress")
    // Forgetting is one set, too.
    try await store.commit(
      .removeMemory(Make.memory().key), .putMemory(Make.memory(text: "anew"), adding: []),
      .removeFact(Make.id(1)), .insertFact(Make.fact(1, "anew")), .eraseSession(Make.id(1)))
    try await expect(
      store.memory(Make.memory().key), Make.memory(text: "anew"), "the memory that is formed anew")
    try await expect(store.fact(Make.id(1)), Make.fact(1, "anew"), "the fact that is stored anew")
    try await expect(store.session(Make.id(1)), nil, "the session that is gone")
  }

  static func setIsAtomic(_ store: any ConversationStore & MemoryStore) async throws {
    for number in 1...2 { try await store.begin(Make.session(number), messages: 3) }
    let key = Make.memory().key
    try await store.commit(
      .putMemory(Make.memory(), adding: [Make.span(1, 1...2)]),
      .putMemory(Make.memory(version: 2, text: "second"), adding: [Make.span(2, 1...2)]),
      .insertFact(Make.fact(1, source: Make.quote(1, 1))), .insertFact(Make.fact(2)),
      .insertFact(Make.fact(3)), .supersedeFact(Make.id(2), by: Make.id(3), at: Make.time(5)),
      .moveMemoryProgress(Make.id(1), .channel, from: .zero, to: Make.revision(2)))
    let before = try await Remembered(store)
    let changes: [ChangeSet.Change] = [
      .putMemory(Make.memory(version: 3, text: "third"), adding: [Make.span(1, 3...3), Make.span(3, 1...1)]),
      .putMemory(Make.memory(.workspace("home")), adding: [Make.span(1, 1...1)]),
      .removeMemory(key), .putMemory(Make.memory(text: "anew"), adding: [Make.span(4, 1...1)]),
      .supersedeFact(Make.id(1), by: Make.id(3), at: Make.time(6)),
      .restoreFact(Make.id(2), validTo: nil), .removeFact(Make.id(3)), .insertFact(Make.fact(3, "anew")),
      .insertFact(Make.fact(4)), .removeFact(Make.id(1)),
      .moveMemoryProgress(Make.id(1), .channel, from: Make.revision(2), to: Make.revision(3)),
      .moveMemoryProgress(Make.id(1), .facts, from: .zero, to: Make.revision(3)),
      .amend(Make.at(1), .edit([.text("edited")]), in: Make.id(2), at: Make.time(9)),
      .eraseMessage(Make.at(1), in: Make.id(2), at: Make.time(9)),
      .eraseMessage(Make.at(2), in: Make.id(1), at: Make.time(9)), .eraseSession(Make.id(1)),
      .insertSession(Make.session(1)), .append([Make.message(1)], to: Make.id(1), after: .zero),
    ]
    let failing: [(StoreConflict, ChangeSet.Change)] = [
      (.memoryMoved, .putMemory(Make.memory(version: 3), adding: [])),
      (.noSuchSession, .moveMemoryProgress(Make.id(9), .facts, from: .zero, to: Make.revision(1))),
      (.memoryProgressMoved, .moveMemoryProgress(Make.id(1), .facts, from: Make.revision(3), to: .zero)),
      (.factExists, .insertFact(Make.fact(4))),
      (.noSuchSource, .insertFact(Make.fact(5, source: Make.quote(1, 2)))),
      (.noSuchFact, .supersedeFact(Make.id(1), by: Make.id(3), at: Make.time(9))),
      (.factMoved, .restoreFact(Make.id(2), validTo: nil)),
      (.noSuchMessage, .eraseMessage(Make.at(2), in: Make.id(1), at: Make.time(9))),
    ]
    for (conflict, change) in failing {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(ChangeSet(changes + [change]))
      }
      try await expect(Remembered(store), before, "everything after a set that failed")
    }
    for count in changes.indices {
      try await expectConflict(.sessionExists) { () throws(StoreFailure) in
        try await store.commit(
          ChangeSet(changes.prefix(count) + [.insertSession(Make.session(2))]))
      }
      try await expect(Remembered(store), before, "everything after \(count) changes that were undone")
    }
  }

  /// Everything that a store with two sessions remembers.
  private struct Remembered: Equatable {
    var memories: [MemoryRecord]
    var previous: [MemoryRecord?]
    var sources: [[SourceSpan]]
    var facts: [Fact]
    var behind: [ChatSession]
    var sessions: [ChatSession?]
    var progress: [MemoryProgress] = []
    var logs: [[ChatMessage]] = []
    var events: [[LogEvent]] = []

    init(_ store: any ConversationStore & MemoryStore) async throws {
      memories = try await store.allMemories()
      facts = try await store.allFacts()
      behind = try await store.sessionsToRemember(after: nil, limit: .max)
      previous = []
      sources = []
      sessions = []
      for memory in memories {
        previous.append(try await store.previousMemory(memory.key))
        sources.append(try await store.allSources(of: memory.key))
      }
      for number in 1...2 {
        let id: SessionID = Make.id(number)
        sessions.append(try await store.session(id))
        var seen = MemoryProgress()
        let progress = try await store.memoryProgress(of: id)
        for pass in MemoryPass.allCases { seen[pass] = progress[pass] }
        self.progress.append(seen)
        logs.append(try await store.log(id))
        events.append(try await store.logEvents(in: id, after: .zero, limit: .max))
      }
    }
  }

  static func badMemoryIsRefused(_ store: any ConversationStore & MemoryStore) async throws {
    let text = Make.textWithNUL
    var bad: [(MemoryRecord, [SourceSpan])] = [
      (Make.memory(text: text), []),
      (Make.memory(text: Make.text(bytes: ChangeSet.maximumTextBytes + 1)), []),
      (Make.memory(version: 0), []), (Make.memory(version: -1), []), (Make.memory(sourceCount: 0), []),
      (Make.memory(sourceCount: -1), []), (Make.memory(), [Make.span(1, 1...2, count: 0)]),
      (Make.memory(), [Make.span(1, 1...2), Make.span(2, 1...2), Make.span(1, 3...4)]),
      (Make.memory(), [SourceSpan(session: Make.id(1), first: Make.at(2), last: Make.at(1), count: 1)]),
    ]
    for origin in [
      MemoryOrigin(model: ModelIdentity(provider: text, model: ""), instructions: ""),
      MemoryOrigin(model: ModelIdentity(provider: "", model: text), instructions: ""),
      MemoryOrigin(model: ModelIdentity(provider: "", model: ""), instructions: text),
    ] {
      var memory = Make.memory()
      memory.origin = origin
      bad.append((memory, []))
    }
    for (memory, sources) in bad {
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.insertFact(Make.fact(1)), .putMemory(memory, adding: sources))
      }
    }
    try await expect(store.allMemories(), [], "the memories")
    try await expect(store.allFacts(), [], "the facts")
  }

  static func badFactIsRefused(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.begin(messages: 1)
    let text = Make.textWithNUL
    var bad = [Make.fact(1, text), Make.fact(1, source: Make.quote(1, 1, text))]
    for confidence in [-0.1, 1.1, .nan, .infinity, -.infinity] {
      bad.append(Make.fact(1))
      bad[bad.count - 1].confidence = confidence
    }
    bad += [Make.fact(1), Make.fact(1), Make.fact(1)]
    bad[bad.count - 3].subject = text
    bad[bad.count - 2].supersededBy = Make.id(2)
    bad[bad.count - 1].origin = MemoryOrigin(
      model: ModelIdentity(provider: "", model: ""), instructions: text)
    for fact in bad {
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.insertFact(Make.fact(2)), .insertFact(fact))
      }
    }
    try await expect(store.allFacts(), [], "the facts")
  }
}
