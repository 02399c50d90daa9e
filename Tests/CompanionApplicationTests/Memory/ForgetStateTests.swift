import CompanionDomain
import CompanionPorts
import Synchronization
import Testing

@testable import CompanionApplication

/// What is kept with a conversation or a task, when something of it is forgotten.
struct ForgetStateTests {
  private static let kinds: [StateKind] = [.session, .context, .summary, .understood, "another"]

  /// A conversation of `anna` in which `bert` has said the second message, with states of all kinds.
  private static func start(_ name: String, _ room: MemoryRoom) async throws -> (SessionID, TurnID, TurnID) {
    let place = ConversationPlace(workspace: "home", channel: ChannelID(rawValue: name) ?? "kitchen")
    let session = try await room.start(name, at: place)
    let first = try await room.say("zap", in: session)
    let second = try await room.say("keep", in: session, from: "bert")
    for kind in kinds { try await room.keep("{}", .session(session), kind) }
    return (session, first, second)
  }

  private static func kinds(of owner: StateOwner, _ room: MemoryRoom) async throws -> [StateKind] {
    var found: [StateKind] = []
    for kind in kinds + [.approval, .round] {
      if try await room.store.state(StateKey(owner, kind)) != nil { found.append(kind) }
    }
    return found
  }

  @Test func `what may have words goes with a message, and what has none stays`() throws {
    try MemoryRoom.run { room in
      let (session, first, second) = try await Self.start("one", room)
      let (other, _, _) = try await Self.start("two", room)
      var tasks: [TaskID] = []
      for turn in [first, second] {
        let task = try await room.task("{}", for: .conversation(session, turn))
        for kind in [.approval, .round] as [StateKind] { try await room.keep("{}", .task(task), kind) }
        tasks.append(task)
      }
      _ = try await room.forget(.message(.zero.next, in: session))
      #expect(try await Self.kinds(of: .session(session), room) == [.session, .context])
      #expect(try await Self.kinds(of: .session(other), room) == Self.kinds)
      #expect(try await Self.kinds(of: .task(tasks[0]), room) == [])
      #expect(try await Self.kinds(of: .task(tasks[1]), room) == [.approval, .round])
      // What is made of what stays is not forgotten with the same again.
      try await room.keep("{}", .session(session), .summary)
      #expect(try await room.forget(.message(.zero.next, in: session)) == ForgetReport())
      #expect(try await Self.kinds(of: .session(session), room) == [.session, .context, .summary])
    }
  }

  @Test
  func `what a conversation was about, and why it was closed, goes with a message, and its limits stay`()
    throws
  {
    try MemoryRoom.run { room in
      let statistics = SessionStatistics(
        messages: 2, tasks: 0, calls: 1, usage: nil, costs: [], duration: .seconds(60))
      var details = SessionDetails(item: "zap", limits: SessionLimits(messages: 9))
      details.closing = SessionClosing(reason: "zap", time: room.now, statistics: statistics)
      var sessions: [SessionID] = []
      for name in ["one", "two"] {
        let session = try await room.start(name)
        try await room.say("zap", in: session)
        let put = try Versioned(value: details, version: 0)
          .putting(details, as: .details(of: session), at: room.now)
        try await room.store.commit(put)
        sessions.append(session)
      }
      _ = try await room.forget(.message(.zero.next, in: sessions[0]))
      for (session, expected) in zip(sessions, [details.withoutWords, details]) {
        let left: Versioned<SessionDetails>? = try await room.store.value(.details(of: session))
        #expect(left?.value == expected)
      }
      #expect(details.withoutWords.closing?.statistics == statistics)
      #expect(details.withoutWords.limits == SessionLimits(messages: 9))
      let record = try await room.store.state(.details(of: sessions[0]))
      #expect(record?.json.contains("zap") == false)
      // Forgetting it again changes nothing.
      _ = try await room.forget(.message(.zero.next, in: sessions[0]))
      #expect(try await room.store.state(.details(of: sessions[0])) == record)
    }
  }

  @Test func `details that nobody can read are no reason to keep words, or to open a conversation`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.say("zap", in: session)
      let unreadable =
        #"{"about": "zap", "limits": {"messages": 9, "tokens": -5}, "closing": {"reason": "zap"}}"#
      try await room.keep(unreadable, .session(session), .session)
      _ = try await room.forget(.message(.zero.next, in: session))
      let left = try await SessionStates(room.environment).details(of: session).value
      #expect(left.closing?.statistics.messages == 1 && left.limits == SessionLimits(messages: 9))
      await #expect(throws: ChatFailure.self) {
        try await SessionStates(room.environment).openDetails(of: session)
      }
      #expect(try await room.store.state(.details(of: session))?.json.contains("zap") == false)
      #expect(try await room.store.messages(in: session, before: nil, limit: 1).first?.isDeleted == true)
    }
  }

  @Test func `a context that nobody can read is emptied, and what was seen of it is seen no more`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.say("zap", in: session)
      try await room.keep(#"{"version": 7, "zap": []}"#, .session(session), .context)
      _ = try await room.forget(.message(.zero.next, in: session))
      let left: Versioned<SharedContext>? = try await room.store.value(.sharedContext(of: session))
      #expect(left?.value.version == 8 && left?.value.entries.isEmpty == true)
      #expect(throws: ContextRefusal.removed(key: "screen", version: 8)) {
        try left?.value.applying(ContextUpdate(["screen": "blank"], seen: 7), at: room.now)
      }
    }
  }

  @Test func `what is written of a conversation while something of it is forgotten goes, too`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("one")
      try await room.say("zap", in: session)
      let wrote = Mutex(false)
      let chats = OpenChats(
        stopAnswer: { _ in
          let isFirst = wrote.withLock { wrote in
            defer { wrote = true }
            return !wrote
          }
          guard isFirst else { return }
          let context = #"{"version": 1, "entries": [], "removals": [{"key": "zap", "version": 1}]}"#
          try? await room.keep(context, .session(session), .context)
          try? await room.keep(#"{"item": "zap", "limits": {}}"#, .session(session), .session)
        }, noteErasure: { _ in })
      let forget = Forget(engine: room.engine, chats: chats)
      #expect(try await forget(.message(.zero.next, in: session)).messages == 1)
      #expect(wrote.withLock { $0 })
      for key in [StateKey.sharedContext(of: session), .details(of: session)] {
        let record = try #require(try await room.store.state(key))
        #expect(!record.json.contains("zap"))
      }
    }
  }

  @Test func `all goes with a conversation, and comes back with none of its name`() throws {
    try MemoryRoom.run { room in
      let (session, _, _) = try await Self.start("one", room)
      _ = try await room.forget(.session(session))
      try await room.start("one")
      #expect(try await Self.kinds(of: .session(session), room) == [])
    }
  }

  @Test func `what may have words goes with a person, wherever they have talked`() throws {
    try MemoryRoom.run { room in
      let (session, _, _) = try await Self.start("one", room)
      let begun = try await room.start("begun", at: ConversationPlace(workspace: "home", channel: "attic"))
      try await room.say("only bert talks", in: begun, from: "bert")
      let elsewhere = try await room.start(
        "elsewhere", at: ConversationPlace(workspace: "home", channel: "cellar"), with: "bert")
      try await room.say("bert again", in: elsewhere)
      for id in [begun, elsewhere] {
        for kind in Self.kinds { try await room.keep("{}", .session(id), kind) }
      }
      _ = try await room.forget(.user("anna"))
      #expect(try await Self.kinds(of: .session(session), room) == [.session, .context])
      // It was hers, though she has said nothing there.
      #expect(try await room.store.session(begun)?.user == .forgotten)
      #expect(try await Self.kinds(of: .session(begun), room) == [.session, .context])
      #expect(try await Self.kinds(of: .session(elsewhere), room) == Self.kinds)
    }
  }

  @Test func `what may have words goes with a task that came when its message was gone`() throws {
    try MemoryRoom.run { room in
      let (session, first, _) = try await Self.start("one", room)
      _ = try await room.forget(.message(.zero.next, in: session))
      try await room.task("{}", for: .conversation(session, first))
      for kind in Self.kinds.dropFirst() { try await room.keep("{}", .session(session), kind) }
      #expect(try await room.forget(.message(.zero.next, in: session)).tasks == 1)
      #expect(try await Self.kinds(of: .session(session), room) == [.session, .context])
    }
  }
}
