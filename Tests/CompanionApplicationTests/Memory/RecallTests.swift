import CompanionDomain
import CompanionPorts
import Testing

@testable import CompanionApplication
@testable import CompanionTesting

/// What is found again, and where.
struct RecallTests {
  @Test func `messages, memories, facts and documents are found together, each with its source`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      let scope = MemoryScope.user("anna", in: .main)
      try await room.say("My cat is called Tom", in: session, answer: "A fine name for a cat.")
      try await room.memorize("Anna has a cat.", MemoryKey(scope, .longTerm), of: [session])
      try await room.note("fact", "The cat of Anna is called Tom.", in: scope, from: session, at: 1)
      try await room.document("page", "How to feed a cat", in: .workspace(.main))
      let result = try await room.recall("What is my cat called?", in: session, budget: 1_000)
      #expect(
        Set(result.items.map(\.source)) == [
          .message(session, SequenceNumber(rawValue: 1)), .message(session, SequenceNumber(rawValue: 2)),
          .memory(MemoryKey(scope, .longTerm)), .fact(FactID(rawValue: "fact") ?? FactID(bits: 0)),
          .document(DocumentID(rawValue: "page") ?? DocumentID(bits: 0)),
        ])
      let said = result.items.first { $0.source == .message(session, SequenceNumber(rawValue: 1)) }
      #expect(said?.speaker == "anna" && said?.text == "My cat is called Tom" && said?.scope == scope)
      #expect(result.items.allSatisfy { $0.score > 0 && $0.tokens > 0 })
      #expect(result.items.map(\.score) == result.items.map(\.score).sorted(by: >))
      #expect(result.tokens == result.items.reduce(0) { $0 + $1.tokens } && result.leftOut == 0)
    }
  }

  /// One of everything in every place, each with a word of its own.
  @Test(arguments: 1...6) func `nothing is found where it may not be seen`(_ seed: UInt64) throws {
    try MemoryRoom.run(seed: seed) { room in
      let random = SeededRandom(seed: seed)
      func choose<Element>(_ elements: [Element]) -> Element {
        elements[Int(random.nextBits() % UInt64(elements.count))]
      }
      let workspaces: [WorkspaceID] = ["home", "work"]
      let channels: [ChannelID] = ["kitchen", "garden", "one"]
      let threads: [ThreadID?] = [nil, "soup", "roses"]
      let users: [UserID] = ["anna", "bert", "cleo"]
      var sessions: [ChatSession] = []
      var homes: [String: MemoryScope] = [:]
      for number in 0..<12 {
        let place =
          number % 3 == 0
          ? nil
          : ConversationPlace(
            workspace: choose(workspaces), channel: choose(channels), thread: choose(threads))
        let id = try await room.start(
          number == 0 ? "one" : "session-\(number)", at: place, with: choose(users))
        for turn in 0..<3 {
          let word = "said\(number)x\(turn)"
          try await room.say("apple \(word)", in: id, from: choose(users), answer: "pear \(word)")
          let session = try #require(try await room.store.session(id))
          homes[word] = session.searchScope
        }
        sessions.append(try #require(try await room.store.session(id)))
      }
      let scopes = Set(
        sessions.flatMap { [$0.channelScope, .workspace($0.place.workspace), $0.searchScope] }
          + sessions.compactMap(\.threadScope)
          + users.flatMap { user in workspaces.map { .user(user, in: $0) } }
      ).sorted()
      for (number, scope) in scopes.enumerated() {
        for kind in scope.kinds {
          let word = "memory\(number)x\(kind == .longTerm ? 1 : 0)"
          try await room.memorize("apple \(word)", MemoryKey(scope, kind), of: [sessions[0].id])
          homes[word] = scope
        }
        homes["fact\(number)"] = scope
        let fact = MemoryRoom.fact(
          "fact-\(number)", "apple fact\(number)", in: scope, .statement(by: "anna", in: nil), at: room.now)
        try await room.store.commit(.insertFact(fact))
        homes["page\(number)"] = scope
        try await room.document("page-\(number)", "apple page\(number)", in: scope)
      }
      for session in sessions {
        let visible = Set(session.visibleScopes + [session.searchScope])
        let all = try await room.recall("apple", in: session.id, budget: 1_000_000)
        #expect(all.items.allSatisfy { visible.contains($0.scope) })
        #expect(
          Set(all.items.map { $0.text.split(separator: " ").last.map(String.init) ?? "" })
            .allSatisfy { homes[$0].map(visible.contains) ?? false })
        for word in homes.keys.sorted() where random.nextBits() % 6 == 0 {
          let home = try #require(homes[word])
          let found = try await room.recall(word, in: session.id, budget: 1_000_000)
          #expect(found.items.contains { $0.text.hasSuffix(" \(word)") } == visible.contains(home), "\(word)")
          #expect(found.items.allSatisfy { visible.contains($0.scope) })
        }
      }
    }
  }

  @Test func `a person's own conversations are one, and hidden where others listen`() throws {
    try MemoryRoom.run { room in
      let first = try await room.start("first")
      let second = try await room.start("second")
      let others = try await room.start("others", with: "bert")
      let kitchen = try await room.start("shared", at: ConversationPlace(channel: "kitchen"))
      try await room.say("The secret is marzipan", in: first)
      for (session, count) in [(first, 1), (second, 1), (others, 0), (kitchen, 0)] {
        #expect(try await room.recall("marzipan", in: session, budget: 100).items.count == count)
      }
    }
  }

  // MARK: The budget

  @Test func `no budget is exceeded, and items are whole`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      for number in 1...40 {
        try await room.say(
          "apple number \(number)" + String(repeating: " and more", count: number), in: session)
      }
      let all = try await room.recall("apple", in: session, budget: 1_000_000)
      #expect(all.items.count == 40 && all.leftOut == 0)
      for budget in [Int.min, -1, 0, 1, 5, 10, 50, 100, 500, 1_000] {
        let result = try await room.recall("apple", in: session, budget: budget)
        #expect(result.tokens <= max(0, budget))
        #expect(result.tokens == result.items.reduce(0) { $0 + $1.tokens })
        #expect(result.items.allSatisfy { item in all.items.contains { $0.text == item.text } })
        if budget > 0 { #expect(result.items.count + result.leftOut == 40) }
      }
    }
  }

  @Test func `what is read in several goes is what fits when all is read at once`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      for number in 1...130 {
        try await room.say(
          "apple \(number)" + String(repeating: " and more", count: number * 7 % 23), in: session)
      }
      let all = try await room.recall("apple", in: session, budget: .max)
      #expect(all.items.count > 100 && all.leftOut == 0)
      for budget in [30, 100, 300, 700, 1_000, 2_000] {
        let result = try await room.recall("apple", in: session, budget: budget)
        let packing = RecallPacking(all.items, budget: budget) { $0.tokens }
        // It stops where a whole batch does not fit, and before that it has what fits.
        #expect(packing.packed.starts(with: result.items))
        #expect(result.items.count + result.leftOut == all.items.count)
        if budget >= 300 { #expect(result.items.count > 24) }
        #expect(packing.tokens - result.tokens <= 20)
      }
    }
  }

  @Test func `what is gone or elsewhere when it is read is not told, and not counted`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      for number in 1...4 { try await room.say("apple \(number)", in: session) }
      try await room.document("page", "apple page", in: .workspace(.main))
      try await room.document("pin", "apple pin", in: .workspace(.main), isPinned: true)
      let store = MeanwhileStore(base: room.store) { store throws(StoreFailure) in
        let (first, second) = (DocumentID(rawValue: "page"), DocumentID(rawValue: "pin"))
        guard let first, let second, var page = try await store.document(first),
          var pin = try await store.document(second)
        else { return }
        (page.scope, pin.isPinned) = (.channel("kitchen", of: "home"), false)
        try await store.commit(
          .putDocument(page), .putDocument(pin),
          .eraseMessage(SequenceNumber(rawValue: 1), in: session, at: .epoch),
          .amend(SequenceNumber(rawValue: 2), .delete, in: session, at: .epoch))
      }
      let other = MemoryRoom(simulator: room.simulator, store: room.store, over: store)
      let result = try await other.recall("apple", in: session, budget: 1_000)
      #expect(Set(result.items.map(\.text)) == ["apple 3", "apple 4", "apple pin"])
      #expect(result.leftOut == 0)
    }
  }

  @Test func `what is found is what the filter accepts, and nothing beside it`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      let begin = room.now
      for number in 1...3 {
        try await room.simulator.time.sleep(until: begin.advanced(by: .seconds(number)), tolerance: nil)
        try await room.say("apple \(number)", in: session, answer: "pear \(number)")
      }
      try await room.document("page", "apple page", in: .workspace(.main))
      try await room.document("pin", "apple pin", in: .workspace(.main), isPinned: true)
      func found(_ filter: RecallFilter) async throws -> Set<String> {
        Set(try await room.recall("apple", in: session, matching: filter, budget: 1_000).items.map(\.text))
      }
      let second = begin.advanced(by: .seconds(2))..<begin.advanced(by: .seconds(3))
      #expect(try await found(RecallFilter(times: second)) == ["apple 2", "pear 2"])
      #expect(try await found(RecallFilter(kinds: [.document])) == ["apple page", "apple pin"])
      #expect(try await found(RecallFilter(kinds: [.document], times: second)).isEmpty)
      #expect(try await found(RecallFilter(metadata: ["kind": "note"])).isEmpty)
      #expect(try await found(.all).count == 8)
      let excluded = try await room.recall(
        "apple", in: [.workspace(.main)], matching: RecallFilter(kinds: [.document, .fact]), budget: 1_000)
      #expect(excluded.items.map(\.text) == ["apple pin", "apple page"])
    }
  }

  @Test func `what is no more what the filter accepts when it is read is not told`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.document("page", "apple page", in: .workspace(.main))
      let (begin, end) = (room.now, room.now.advanced(by: .seconds(1)))
      let store = MeanwhileStore(base: room.store) { store throws(StoreFailure) in
        guard let id = DocumentID(rawValue: "page"), var page = try await store.document(id) else { return }
        page.updatedAt = end
        try await store.commit(.putDocument(page))
      }
      let other = MemoryRoom(simulator: room.simulator, store: room.store, over: store)
      let filter = RecallFilter(times: begin..<end)
      #expect(try await room.recall("apple", in: session, matching: filter, budget: 1_000).items.count == 1)
      #expect(try await other.recall("apple", in: session, matching: filter, budget: 1_000) == RecallResult())
    }
  }

  @Test func `what is known already takes the place of nothing else`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      for number in 1...150 { try await room.say("apple apple", in: session, answer: "pear \(number)") }
      let old = try await room.start("old")
      try await room.say("an apple, long ago", in: old)
      let known = (1...300).map { RecallSource.message(session, SequenceNumber(rawValue: $0)) }
      let result = try await room.recall("apple", in: session, budget: 100, excluding: Set(known))
      #expect(result.items.map(\.text) == ["an apple, long ago"])
    }
  }

  @Test func `pinned documents come before what fits better`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.say("apple apple apple", in: session)
      try await room.document("page", "apple", in: .workspace(.main))
      try await room.document("pin", "an apple among many other words", in: .workspace(.main), isPinned: true)
      try await room.document("other", "nothing of the kind", in: .workspace(.main), isPinned: true)
      let result = try await room.recall("apple", in: session, budget: 100)
      #expect(result.items.first?.text == "an apple among many other words")
      #expect(result.items.count == 3)
    }
  }

  // MARK: What is not current

  @Test func `short-term memory is told of for a day, and long-term memory for ever`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one", at: ConversationPlace(channel: "kitchen"))
      let scope = MemoryScope.channel("kitchen", of: .main)
      try await room.say("apple", in: session)
      try await room.memorize("short apple", MemoryKey(scope, .shortTerm), of: [session])
      try await room.memorize("long apple", MemoryKey(scope, .longTerm), of: [session])
      #expect(try await room.recall("apple", in: session, budget: 100).items.count == 3)
      try await room.simulator.time.sleep(for: .seconds(86_400), tolerance: nil)
      let later = try await room.recall("apple", in: session, budget: 100)
      #expect(Set(later.items.map(\.text)) == ["apple", "long apple"] && later.leftOut == 0)
    }
  }

  @Test func `facts that do not hold any more are not told of`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      let scope = MemoryScope.user("anna", in: .main)
      for (name, end) in [("old", Duration.seconds(-1)), ("now", .seconds(1)), ("past", .zero)] {
        var fact = MemoryRoom.fact(
          name, "apple \(name)", in: scope, .statement(by: "anna", in: session), at: room.now)
        fact.validTo = room.now.advanced(by: end)
        try await room.store.commit(.insertFact(fact))
      }
      #expect(try await room.recall("apple", in: session, budget: 100).items.map(\.text) == ["apple now"])
      let newer = MemoryRoom.fact(
        "newer", "pear", in: scope, .statement(by: "anna", in: session), at: room.now)
      let old = try #require(FactID(rawValue: "now"))
      try await room.store.commit(.insertFact(newer), .supersedeFact(old, by: newer.id, at: room.now))
      #expect(try await room.recall("apple", in: session, budget: 100).items.isEmpty)
    }
  }

  @Test func `what is known already is not found`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      for text in ["apple one", "apple two"] { try await room.say(text, in: session) }
      let known = RecallSource.message(session, SequenceNumber(rawValue: 1))
      let result = try await room.recall("apple", in: session, budget: 100, excluding: [known])
      #expect(result.items.map(\.text) == ["apple two"] && result.leftOut == 0)
    }
  }

  @Test func `nothing is found for nothing, and a session has to be there`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.say("apple", in: session)
      for query in ["", " \n", "?!", String(repeating: "z", count: 100_000)] {
        #expect(try await room.recall(query, in: session, budget: 100) == RecallResult())
      }
      await #expect(throws: MemoryFailure.unknownSession(SessionID(bits: 9))) {
        try await room.recall("apple", in: SessionID(bits: 9), budget: 100)
      }
      #expect(try await room.recall("apple", in: [], budget: 100) == RecallResult())
    }
  }
}

/// A store in which something happens before what was found is read.
private struct MeanwhileStore: StoreWrapper {
  let base: any CompanionStore
  let change: @Sendable (any CompanionStore) async throws(StoreFailure) -> Void

  init(
    base: any CompanionStore,
    change: @escaping @Sendable (any CompanionStore) async throws(StoreFailure) -> Void
  ) {
    self.base = base
    self.change = change
  }

  func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await change(base)
    return try await base.records(of: sources)
  }
}
