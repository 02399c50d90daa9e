import CompanionDomain
import CompanionPorts

extension MemoryStoreConformance {
  static let progress: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what a pass has seen of a log moves from where it is") { store, _ in
      try await progressMoves(store)
    },
    ConformanceCheck("a session is to be remembered while a pass is behind its log") { store, _ in
      try await sessionsAreBehind(store)
    },
    ConformanceCheck("what the passes have seen goes with its session") { store, _ in
      try await progressGoes(store)
    },
    ConformanceCheck("whatever changes a log is told") { store, _ in try await logChangesAreTold(store) },
    ConformanceCheck("what happens to a log before anybody waits is told all the same") { store, _ in
      try await logChangesAreNotLost(store)
    },
    ConformanceCheck("erasing what was removed leaves what is there") { store, _ in
      try await erasingLeavesTheRest(store)
    },
  ]

  /// Says that all passes have seen a log so far.
  private static func remember(
    _ session: SessionID, in store: any ConversationStore & MemoryStore
  ) async throws {
    let revision = try await store.session(session)?.revision ?? .zero
    let progress = try await store.memoryProgress(of: session)
    let moves = MemoryPass.allCases.map { pass in
      ChangeSet.Change.moveMemoryProgress(session, pass, from: progress[pass], to: revision)
    }
    try await store.commit(ChangeSet(moves))
  }

  static func progressMoves(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.begin(messages: 3)
    try await store.begin(Make.session(2), messages: 3)
    let session: SessionID = Make.id(1)
    try await expect(store.memoryProgress(of: session)[.channel], .zero, "what has been seen at first")
    try await expect(
      store.memoryProgress(of: Make.id(9)), MemoryProgress(), "what has been seen of no session")
    var seen = MemoryProgress()
    for (number, pass) in MemoryPass.allCases.enumerated() {
      for (from, to) in [(0, number + 1), (number + 1, 1), (1, 1)] {
        try await store.commit(
          .moveMemoryProgress(session, pass, from: Make.revision(from), to: Make.revision(to)))
        seen[pass] = Make.revision(to)
        for pass in MemoryPass.allCases {
          try await expect(
            store.memoryProgress(of: session)[pass], seen[pass], "what the pass \(pass.rawValue) has seen")
        }
      }
      for from in [0, 2, -1] {
        try await expectConflict(.memoryProgressMoved) { () throws(StoreFailure) in
          try await store.commit(
            .moveMemoryProgress(session, pass, from: Make.revision(from), to: Make.revision(3)))
        }
      }
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.moveMemoryProgress(Make.id(9), .facts, from: .zero, to: Make.revision(1)))
    }
    try await expect(store.memoryProgress(of: session)[.facts], Make.revision(1), "the progress")
    try await expect(store.memoryProgress(of: Make.id(2))[.facts], .zero, "that of another session")
  }

  static func sessionsAreBehind(_ store: any ConversationStore & MemoryStore) async throws {
    try await expectBehind([], "of an empty store")
    for number in [4, 2, 5, 1, 3] {
      try await store.begin(Make.session(number), messages: number == 3 ? 0 : number)
    }
    try await expectBehind([1, 2, 4, 5], "that have messages")
    try await remember(Make.id(2), in: store)
    try await expectBehind([1, 4, 5], "after one has been read")
    for pass in MemoryPass.allCases {
      try await expectBehind([1, 4, 5], "while a pass has not read another")
      try await store.commit(
        .moveMemoryProgress(Make.id(5), pass, from: .zero, to: Make.revision(5)))
    }
    try await expectBehind([1, 4], "after it has been read")
    try await store.commit(.amend(Make.at(1), .edit([.text("x")]), in: Make.id(2), at: Make.time(9)))
    try await expectBehind([1, 2, 4], "after an edit")
    try await store.commit(.eraseMessage(Make.at(2), in: Make.id(5), at: Make.time(9)))
    try await expectBehind([1, 2, 4, 5], "after an erasure")
    try await store.commit(.append([Make.message(1)], to: Make.id(3), after: .zero))
    try await expectBehind([1, 2, 3, 4, 5], "after the first message")
    for number in 1...5 { try await remember(Make.id(number), in: store) }
    try await expectBehind([], "after all have been read")
    // A second erasure of a deleted message is no event: there is nothing to be read.
    try await store.commit(.eraseMessage(Make.at(2), in: Make.id(5), at: Make.time(10)))
    try await expectBehind([], "after an erasure of what was deleted")
    let back = try await store.memoryProgress(of: Make.id(4))[.user]
    try await store.commit(.moveMemoryProgress(Make.id(4), .user, from: back, to: .zero))
    try await expectBehind([4], "after a pass has been put back")

    func expectBehind(_ numbers: [Int], _ what: String) async throws {
      var sessions: [ChatSession] = []
      for number in numbers {
        if let session = try await store.session(Make.id(number)) { sessions.append(session) }
      }
      try await expectPages(sessions, "the sessions to be remembered \(what)", by: \.id) { after, limit in
        try await store.sessionsToRemember(after: after, limit: limit)
      }
    }
  }

  static func progressGoes(_ store: any ConversationStore & MemoryStore) async throws {
    for number in 1...2 {
      try await store.begin(Make.session(number), messages: 2)
      try await store.commit(
        .moveMemoryProgress(Make.id(number), .facts, from: .zero, to: Make.revision(1)))
    }
    try await store.commit(.eraseSession(Make.id(1)))
    try await expect(store.memoryProgress(of: Make.id(1)), MemoryProgress(), "what has been seen of it")
    try await expect(
      store.sessionsToRemember(after: nil, limit: 9).map(\.id), [Make.id(2)], "the sessions to be remembered")
    // Another of the same name begins anew.
    try await store.begin(messages: 1)
    try await expect(store.memoryProgress(of: Make.id(1))[.facts], .zero, "what has been seen of another")
    try await expect(
      store.memoryProgress(of: Make.id(2))[.facts], Make.revision(1),
      "what has been seen of the one that stays")
  }

  static func logChangesAreTold(_ store: any ConversationStore & MemoryStore) async throws {
    let session: SessionID = Make.id(1)
    try await store.begin()
    try await expectTold { try await store.commit(.append([Make.message(1)], to: session, after: .zero)) }
    try await expectTold {
      try await store.commit(.amend(Make.at(1), .edit([.text("x")]), in: session, at: Make.time(1)))
    }
    try await expectTold {
      try await store.commit(.amend(Make.at(1), .delete, in: session, at: Make.time(2)))
    }
    try await store.commit(.append([Make.message(2)], to: session, after: Make.at(1)))
    try await expectTold {
      try await store.commit(.eraseMessage(Make.at(2), in: session, at: Make.time(3)))
    }
    try await expectTold { try await store.commit(.eraseSession(session)) }

    func expectTold(of change: () async throws -> Void) async throws {
      var changes = store.logChanges().makeAsyncIterator()
      try await change()
      try expect(await changes.next() != nil, "a stream that goes on while its store is there")
    }
  }

  static func logChangesAreNotLost(_ store: any ConversationStore & MemoryStore) async throws {
    var changes = store.logChanges().makeAsyncIterator()
    // One who has left keeps nothing from the others.
    _ = store.logChanges()
    for number in 1...50 {
      async let insertion: Void = store.begin(Make.session(number), messages: 1)
      while try await store.log(Make.id(number)).isEmpty {
        try expect(await changes.next() != nil, "a stream that goes on while its store is there")
      }
      try await insertion
    }
  }

  static func erasingLeavesTheRest(_ store: any ConversationStore & MemoryStore) async throws {
    try await store.eraseRemoved()
    for number in 1...2 { try await store.begin(Make.session(number), messages: 3) }
    let memory = Make.memory()
    try await store.commit(
      .putMemory(memory, adding: [Make.span(1, 1...2)]), .insertFact(Make.fact(1)),
      .insertFact(Make.fact(2)), .removeFact(Make.id(2)), .eraseSession(Make.id(2)),
      .eraseMessage(Make.at(2), in: Make.id(1), at: Make.time(9)))
    let (session, log) = (try await store.session(Make.id(1)), try await store.log())
    try await store.eraseRemoved()
    try await expect(store.session(Make.id(1)), session, "the session")
    try await expect(store.log(), log, "its log")
    try await expect(store.allMemories(), [memory], "the memories")
    try await expect(store.allSources(of: memory.key), [Make.span(1, 1...2)], "their sources")
    try await expect(store.allFacts(), [Make.fact(1)], "the facts")
    try await store.commit(.append([Make.message(4)], to: Make.id(1), after: Make.at(3)))
    try await expect(store.log().count, 4, "the number of messages after another one")
  }
}
