import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// What is gone when something was forgotten, and what stays.
struct ForgetTests {
  private static let kitchen = MemoryScope.channel("kitchen", of: "home")
  private static let soup = MemoryScope.thread("soup", of: "kitchen", in: "home")
  private static let garden = MemoryScope.channel("garden", of: "home")
  private static let home = MemoryScope.workspace("home")
  private static let anna = MemoryScope.user("anna", in: .main)

  /// A household in which every text says whose it is, and where: `anna`, `bert`, `companion`; `own`, `kitchen`,
  /// `soup`, `garden`, `home`. The word is in what was said first in each conversation, and in all that follows
  /// from it.
  private struct Household {
    let own: SessionID
    let bert: SessionID
    let kitchen: SessionID
    let soup: SessionID
    let garden: SessionID
    var all: [SessionID] { [own, bert, kitchen, soup, garden] }
  }

  private static func furnish(_ room: MemoryRoom) async throws -> Household {
    func place(_ channel: ChannelID, _ thread: ThreadID? = nil) -> ConversationPlace {
      ConversationPlace(workspace: "home", channel: channel, thread: thread)
    }
    let house = Household(
      own: try await room.start("own"), bert: try await room.start("bert", with: "bert"),
      kitchen: try await room.start("kitchen", at: place("kitchen")),
      soup: try await room.start("soup", at: place("kitchen", "soup"), with: "bert"),
      garden: try await room.start("garden", at: place("garden"), with: "bert"))
    for session in house.all {
      let turn = try await room.say("zap\(session) by its user", in: session, answer: "zap\(session), yes")
      let task = try await room.task(
        "{\"zap\(session)\":1}", for: .conversation(session, turn), key: "key-zap\(session)")
      for kind in [.approval, .round] as [StateKind] {
        try await room.keep("zap\(session)", .task(task), kind)
      }
      for kind in [.context, .summary, "another"] as [StateKind] {
        try await room.keep("zap\(session)", .session(session), kind)
      }
      try await room.keep("limits of it", .session(session), .session)
      try await room.append(
        .assistant, "Done: zap\(session)", turn, .task(TaskID(bits: 7)), in: session)
      let other = try await room.say(
        "keep\(session) by cleo", in: session, from: "cleo", answer: "keep\(session)")
      try await room.task("{\"keep\(session)\":1}", for: .conversation(session, other))
      let scope = try #require(try await room.store.session(session)).searchScope
      try await room.note("zap-\(session)", "Fact zap\(session)", in: scope, from: session, at: 1)
      try await room.note("keep-\(session)", "Fact keep\(session)", in: scope, from: session, at: 4)
    }
    for (key, session) in [
      (MemoryKey(kitchen, .shortTerm), house.kitchen), (MemoryKey(soup, .shortTerm), house.soup),
      (MemoryKey(garden, .shortTerm), house.garden), (MemoryKey(anna, .longTerm), house.own),
    ] {
      try await room.memorize("first zap\(session)", key, of: [session])
      try await room.memorize("then zap\(session)", key)
    }
    try await room.memorize(
      "zapkitchen, in short zapgarden", MemoryKey(home, .shortTerm),
      merging: [MemoryKey(kitchen, .shortTerm), MemoryKey(garden, .shortTerm)])
    try await room.memorize(
      "zapkitchen at length", MemoryKey(kitchen, .longTerm), merging: [MemoryKey(kitchen, .shortTerm)])
    return house
  }

  private static func everywhere(_ house: Household, _ room: MemoryRoom) -> Set<MemoryScope> {
    [
      kitchen, soup, garden, home, anna, .user("bert", in: .main), .workspace(.main),
      .user("anna", in: "home"),
    ]
  }

  /// Whether a word is told of, or found, by any call of the store.
  private static func isKept(_ word: String, _ house: Household, _ room: MemoryRoom) async throws -> Bool {
    let isTold = try await room.everything().contains(word)
    let isFound = try await !room.found(word, in: everywhere(house, room)).isEmpty
    return isTold || isFound
  }

  @Test func `with a message goes all that the companion made of it, and nothing else`() throws {
    try MemoryRoom.run { room in
      let house = try await Self.furnish(room)
      let target = ForgetTarget.message(.zero.next, in: house.own)
      let report = try await room.forget(target)
      #expect(report.messages == 3 && report.sessions == 0 && report.tasks == 1)
      #expect(report.facts == 1 && report.memories == 1 && report.rewriteFailure == nil)
      #expect(try await !Self.isKept("zapown", house, room))
      for word in ["keepown", "zapbert", "zapkitchen", "zapsoup", "zapgarden"] {
        #expect(try await Self.isKept(word, house, room), "\(word)")
      }
      let log = try await room.store.messages(in: house.own, before: nil, limit: 10)
      #expect(log.map(\.sequence.rawValue) == [1, 2, 3, 4, 5])
      #expect(log.map(\.isDeleted) == [true, true, true, false, false])
      #expect(try await room.forget(target) == ForgetReport())
    }
  }

  @Test func `the companion's words go alone, with the result that brought them`() throws {
    try MemoryRoom.run { room in
      let house = try await Self.furnish(room)
      let report = try await room.forget(.message(SequenceNumber(rawValue: 3), in: house.own))
      #expect(report.messages == 2 && report.tasks == 1)
      let log = try await room.store.messages(in: house.own, before: nil, limit: 10)
      #expect(log.map(\.isDeleted) == [false, true, true, false, false])
    }
  }

  @Test func `what was edited or deleted before is forgotten with its earlier words`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      let other = try await room.start("two")
      for session in [session, other] {
        try await room.say("zap", in: session, answer: "zap too")
        try await room.store.commit(
          .amend(.zero.next, .edit([.text("other")]), in: session, at: room.now),
          .amend(.zero.next, .delete, in: session, at: room.now),
          .amend(SequenceNumber(rawValue: 2), .delete, in: session, at: room.now))
      }
      let target = ForgetTarget.message(.zero.next, in: session)
      #expect(try await room.forget(target).messages == 2)
      #expect(try await room.forget(.message(SequenceNumber(rawValue: 2), in: other)).messages == 1)
      #expect(try await room.forget(.message(.zero.next, in: other)).messages == 1)
      #expect(try await !room.everything().contains("zap"))
      #expect(try await room.forget(target) == ForgetReport())
    }
  }

  @Test func `a conversation goes whole, with all that follows from it`() throws {
    try MemoryRoom.run { room in
      let house = try await Self.furnish(room)
      let report = try await room.forget(.session(house.kitchen))
      // The channel's memories, and the workspace's that knows of them.
      #expect(report.sessions == 1 && report.tasks == 2 && report.facts == 2 && report.memories == 3)
      for word in ["zapkitchen", "keepkitchen"] {
        #expect(try await !Self.isKept(word, house, room), "\(word)")
      }
      #expect(try await room.store.session(house.kitchen) == nil)
      #expect(try await room.store.task(idempotencyKey: "key-zapkitchen") == nil)
      #expect(try await room.store.memory(MemoryKey(Self.garden, .shortTerm)) != nil)
      #expect(try await Self.isKept("zapsoup", house, room))
      // The channel is read again, of what stays.
      #expect(try await room.store.memoryProgress(of: house.soup)[.channel] <= .zero)
      #expect(try await room.store.memoryProgress(of: house.soup)[.thread] > .zero)
      #expect(try await room.store.memoryProgress(of: house.garden)[.channel] > .zero)
      let waiting = try await room.store.sessionsToRemember(after: nil, limit: 10)
      #expect(waiting.contains { $0.id == house.soup })
      #expect(try await room.forget(.session(house.kitchen)) == ForgetReport())
    }
  }

  @Test func `a scope goes with everything in it`() throws {
    let gone: [(MemoryScope, Set<String>)] = [
      (Self.soup, ["soup"]), (Self.kitchen, ["kitchen", "soup"]), (Self.garden, ["garden"]),
      (Self.home, ["kitchen", "soup", "garden"]), (Self.anna, ["own"]),
      (.workspace(.main), ["own", "bert"]), (.user("bert", in: .main), ["bert"]), (.workspace("work"), []),
    ]
    for (scope, names) in gone {
      try MemoryRoom.run { room in
        let house = try await Self.furnish(room)
        try await room.document("page", "mumble", in: scope)
        let statement = MemoryRoom.fact(
          "stated", "mumble too", in: scope, .statement(by: "dora", in: nil), at: room.now)
        try await room.store.commit(.insertFact(statement))
        for kind in scope.kinds { try await room.memorize("mumble", MemoryKey(scope, kind), of: house.all) }
        let report = try await room.forget(.scope(scope))
        #expect(report.sessions == names.count && report.documents == 1, "\(scope)")
        #expect(try await !room.everything().contains("mumble"), "\(scope)")
        for session in house.all {
          for word in ["zap", "keep"] {
            let isKept = try await Self.isKept("\(word)\(session)", house, room)
            #expect(isKept != names.contains(session.rawValue), "\(scope): \(word)\(session)")
          }
        }
        #expect(try await room.forget(.scope(scope)) == ForgetReport())
      }
    }
  }

  @Test func `a person goes everywhere, and what others said stays`() throws {
    try MemoryRoom.run { room in
      let house = try await Self.furnish(room)
      try await room.say("mumble", in: house.garden, from: "anna", answer: "mumble yes")
      try await room.document("page", "mumble", in: Self.home, of: "anna")
      try await room.task("{\"mumble\":1}", for: .named("anna"))
      let statement = MemoryRoom.fact(
        "stated", "mumble too", in: Self.home, .statement(by: "anna", in: nil), at: room.now)
      try await room.store.commit(.insertFact(statement))
      let report = try await room.forget(.user("anna"))
      #expect(report.sessions == 1 && report.messages == 5)
      #expect(report.documents == 1 && report.tasks == 4 && report.facts == 4)
      for word in ["mumble", "zapown", "keepown", "zapkitchen", "anna"] {
        #expect(try await !Self.isKept(word, house, room), "\(word)")
      }
      // What others said where they had begun to talk is nobody's conversation now.
      #expect(try await room.store.session(house.kitchen)?.user == .forgotten)
      for word in ["keepkitchen", "zapbert", "zapsoup", "zapgarden", "keepgarden"] {
        #expect(try await Self.isKept(word, house, room), "\(word)")
      }
      #expect(try await room.forget(.user("anna")) == ForgetReport())
      #expect(try await room.forget(.user(.forgotten)) == ForgetReport())
    }
  }

  @Test func `a shared conversation in which nobody else spoke goes whole with the person`() throws {
    try MemoryRoom.run { room in
      let alone = try await room.start("alone", at: ConversationPlace(channel: "kitchen"))
      try await room.say("zap", in: alone, answer: "yes")
      let empty = try await room.start("empty", at: ConversationPlace(channel: "garden"))
      let elsewhere = try await room.start(
        "elsewhere", at: ConversationPlace(workspace: "work", channel: "one"))
      #expect(try await room.forget(.scope(.user("anna", in: .main))).sessions == 2)
      for gone in [alone, empty] { #expect(try await room.store.session(gone) == nil) }
      #expect(try await room.store.session(elsewhere) != nil)
    }
  }

  // MARK: What changes for what stays

  @Test func `a fact that was superseded by one that goes holds again`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      try await room.say("I live in Rome", in: session)
      try await room.say("I moved to Oslo", in: session)
      try await room.note("old", "Anna lives in Rome.", in: Self.anna, from: session, at: 1)
      try await room.note("new", "Anna lives in Oslo.", in: Self.anna, from: session, at: 2)
      let (old, new) = (try #require(FactID(rawValue: "old")), try #require(FactID(rawValue: "new")))
      try await room.store.commit(.supersedeFact(old, by: new, at: room.now))
      let report = try await room.forget(.message(SequenceNumber(rawValue: 2), in: session))
      #expect(report.facts == 1 && report.restoredFacts == 1)
      let fact = try await room.store.fact(old)
      #expect(fact?.supersededBy == nil && fact?.validTo == nil)
      #expect(try await room.recall("Rome", in: session, budget: 100).items.count == 2)
    }
  }

  @Test func `a fact goes with the words of another message that it says, and no other fact`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      try await room.say("I love Kyoto", in: session)
      try await room.say("So I moved there", in: session)
      try await room.say("I eat rice", in: session)
      try await room.note("move", "Anna moved to Kyoto.", in: Self.anna, from: session, at: 2)
      try await room.note("rice", "Anna eats rice.", in: Self.anna, from: session, at: 3)
      let report = try await room.forget(.message(.zero.next, in: session))
      #expect(report.facts == 1)
      #expect(
        try await room.store.facts(matching: FactFilter(), after: nil, limit: 9).map(\.id.rawValue) == [
          "rice"
        ])
      // It is looked for again in the message that it quotes.
      #expect(try await room.store.memoryProgress(of: session)[.facts] <= .zero)
      #expect(try await !room.everything().contains("Kyoto"))
    }
  }

  @Test func `a fact in the middle goes, and the first is superseded by the last`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      let names = try ["a", "b", "c"].map { try #require(FactID(rawValue: $0)) }
      for (place, name) in names.enumerated() {
        try await room.say("place \(name)", in: session)
        try await room.note(
          name.rawValue, "Anna is at \(name).", in: Self.anna, from: session, at: Int64(place) + 1)
      }
      try await room.store.commit(
        .supersedeFact(names[0], by: names[1], at: room.now),
        .supersedeFact(names[1], by: names[2], at: room.now))
      let report = try await room.forget(.message(SequenceNumber(rawValue: 2), in: session))
      #expect(report.facts == 1 && report.restoredFacts == 0)
      #expect(try await room.store.fact(names[0])?.supersededBy == names[2])
      #expect(try await room.store.fact(names[0])?.validTo == room.now)
    }
  }

  @Test func `a pass that is under way when its words are forgotten cannot store what it made of them`()
    throws
  {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      try await room.say("zap", in: session)
      let key = MemoryKey(Self.anna, .longTerm)
      for _ in 1...3 {
        // The pass reads, and then works for a while.
        let place = try await room.store.memoryProgress(of: session)[.user]
        let revision = try #require(try await room.store.session(session)).revision
        let record = MemoryRecord(
          key: key, text: "zap", sourceCount: 1, newestSource: room.now, createdAt: room.now,
          updatedAt: room.now, origin: MemoryOrigin(model: .scripted, instructions: "1"))
        let last = try #require(try await room.store.session(session)).lastSequence
        let span = SourceSpan(session: session, first: last, last: last, count: 1)
        _ = try await room.forget(.message(last, in: session))
        await #expect(throws: StoreFailure.conflict(.memoryProgressMoved)) {
          try await room.store.commit(
            .putMemory(record, adding: [span]),
            .moveMemoryProgress(session, .user, from: place, to: revision))
        }
        try await room.say("zap again", in: session)
      }
    }
  }

  // MARK: What comes meanwhile

  @Test func `no place to which a pass goes back was one before, whatever came between`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start(
        "kitchen", at: ConversationPlace(workspace: "home", channel: "kitchen"))
      for number in 1...6 { try await room.say("apple \(number)", in: session) }
      var places = [try await room.store.memoryProgress(of: session)[.channel]]
      for number in 1...6 as ClosedRange<Int64> {
        // Twice in a row, and behind a pass that has read all.
        if number > 2 {
          let revision = try #require(try await room.store.session(session)).revision
          try await room.store.commit(
            .moveMemoryProgress(session, .channel, from: places[places.count - 1], to: revision))
        }
        _ = try await room.forget(.message(SequenceNumber(rawValue: number), in: session))
        places.append(try await room.store.memoryProgress(of: session)[.channel])
      }
      #expect(Set(places).count == 7)
      #expect(places.dropFirst().allSatisfy { $0 < .zero })
    }
  }

  @Test func `a result that comes between the look and the change goes, too`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      let turn = try await room.say("zap", in: session, answer: "yes")
      let looks = Mutex(0)
      let chats = OpenChats(
        stopAnswer: { _ in
          let isEarly = looks.withLock { looks in
            looks += 1
            return looks <= 3
          }
          guard isEarly else { return }
          try? await room.append(.assistant, "zap result", turn, .task(TaskID(bits: 1)), in: session)
          _ = try? await room.task("{\"zap\":1}", for: .conversation(session, turn))
        }, noteErasure: { _ in })
      let report = try await Forget(engine: room.engine, chats: chats)(.message(.zero.next, in: session))
      #expect(report.messages == 5 && report.tasks == 3)
      #expect(try await !room.everything().contains("zap"))
    }
  }

  @Test func `what never stays as it was is given up in the end`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      let turn = try await room.say("zap", in: session)
      let chats = OpenChats(
        stopAnswer: { _ in
          try? await room.append(.assistant, "zap", turn, .task(TaskID(bits: 1)), in: session)
        }, noteErasure: { _ in })
      await #expect(throws: MemoryFailure.store(.conflict(.logMoved))) {
        try await Forget(engine: room.engine, chats: chats)(.message(.zero.next, in: session))
      }
    }
  }

  @Test func `a message that is not there is told, and a conversation that is not there is forgotten`() throws
  {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      try await room.say("zap", in: session)
      for place in [-1, 0, 2, Int64.max] as [Int64] {
        let sequence = SequenceNumber(rawValue: place)
        await #expect(throws: MemoryFailure.unknownMessage(sequence, in: session)) {
          try await room.forget(.message(sequence, in: session))
        }
      }
      #expect(try await room.forget(.message(.zero, in: SessionID(bits: 9))) == ForgetReport())
      #expect(try await room.forget(.session(SessionID(bits: 9))) == ForgetReport())
      #expect(try await room.forget(.user("nobody")) == ForgetReport())
    }
  }

  @Test func `a thousand messages of a log are forgotten, page after page`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("shared", at: ConversationPlace(channel: "kitchen"), with: "bert")
      for number in 1...500 {
        let speaker: UserID = number.isMultiple(of: 2) ? "anna" : "cleo"
        try await room.say("\(speaker) says \(number)", in: session, from: speaker, answer: "\(speaker), yes")
      }
      #expect(try await room.forget(.user("anna")).messages == 500)
      let log = try await room.store.messages(in: session, before: nil, limit: 2_000)
      #expect(log.count == 1_000 && log.filter(\.isDeleted).count == 500)
      #expect(!log.contains { $0.text.contains("anna") })
    }
  }
}
