import CompanionApplication
import CompanionDomain
import CompanionPorts
import FoundationEssentials
import Testing

/// Everything that is kept of a person, as JSON.
struct ExportMemoryTests {
  private static let hostile = "\"\\\n\u{2028}\u{1F}</script>\u{1F469}\u{200D}\u{1F4BB} {\"a\":[1,]} \u{FFFD}"

  private static func export(_ room: MemoryRoom, of user: UserID = "anna") async throws -> JSONValue {
    var json = ""
    try await ExportMemory(environment: room.environment)(of: user) { json += $0 }
    return try #require(JSONValue(json: Data(json.utf8)))
  }

  private static func texts(_ value: JSONValue?) -> [String] {
    (value?.array ?? []).map { message in
      (message["parts"]?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }
  }

  @Test func `nothing is valid JSON, too`() throws {
    try MemoryRoom.run { room in
      let export = try await Self.export(room)
      #expect(export["format"] == "companion-memory" && export["version"] == 1 && export["user"] == "anna")
      #expect(export["exportedAt"]?.string == room.now.description)
      for name in ["sessions", "memories", "facts", "documents", "tasks"] {
        #expect(export[name] == [])
      }
    }
  }

  @Test func `whatever a person has said is written so that it is read as it was`() throws {
    try MemoryRoom.run { room in
      let text = Self.hostile
      let session = try await room.start("own")
      let turn = try await room.say(text, in: session, answer: "yes \(text)")
      let scope = MemoryScope.user("anna", in: .main)
      try await room.memorize("old \(text)", MemoryKey(scope, .longTerm), of: [session])
      try await room.memorize("new \(text)", MemoryKey(scope, .longTerm))
      try await room.note("fact", text, in: scope, from: session, at: 1)
      try await room.document("page", text, in: .workspace(.main), of: "anna")
      try await room.task(text, for: .conversation(session, turn))
      try await room.task("named \(text)", for: .named("anna"))
      try await room.store.commit(.amend(.zero.next, .edit([.text("edited")]), in: session, at: room.now))
      let summary = StateRecord(
        key: StateKey(.session(session), .summary), updatedAt: room.now, json: #"{"text":"in short"}"#)
      try await room.store.commit(.putState(summary))

      let export = try await Self.export(room)
      let own = try #require(export["sessions"]?.array?.first)
      #expect(own["id"] == "own" && own["isWhole"] == true && own["workspace"] == "main")
      #expect(Self.texts(own["messages"]) == ["edited", "yes \(text)"])
      #expect(own["messages"]?.array?.first?["speaker"] == "anna")
      #expect(own["messages"]?.array?.first?["editedAt"]?.string == room.now.description)
      #expect(Self.texts(own["earlierWords"]) == [text])
      #expect(own["states"]?.array?.map { $0["content"]?.string } == [summary.json])
      #expect(own["states"]?.array?.first?["kind"] == "summary")
      let memory = try #require(export["memories"]?.array?.first)
      #expect(memory["text"]?.string == "new \(text)" && memory["version"] == 2)
      #expect(memory["scope"] == "user main anna" && memory["previous"]?["text"]?.string == "old \(text)")
      #expect(memory["sources"] == [["session": "own", "first": 1, "last": 2, "count": 1]])
      let fact = try #require(export["facts"]?.array?.first)
      #expect(fact["statement"]?.string == text && fact["quote"]?.string == text && fact["sequence"] == 1)
      #expect(export["documents"]?.array?.first?["text"]?.string == text)
      #expect(
        export["tasks"]?.array?.map { $0["payload"]?.string } == [text, "named \(text)"])
    }
  }

  @Test func `of a shared conversation only what the person said, and the answers to it, is written`() throws
  {
    try MemoryRoom.run { room in
      let place = ConversationPlace(channel: "kitchen")
      let session = try await room.start("shared", at: place, with: "bert")
      let theirs = try await room.say("by anna", in: session, from: "anna", answer: "to anna")
      let others = try await room.say("by bert", in: session, answer: "to bert")
      for (turn, name) in [(theirs, "anna"), (others, "bert")] {
        try await room.task("for \(name)", for: .conversation(session, turn))
      }
      let kitchen = MemoryScope.channel("kitchen", of: .main)
      try await room.memorize("both", MemoryKey(kitchen, .longTerm), of: [session])
      try await room.note("annas", "Fact of anna", in: kitchen, from: session, at: 1)
      try await room.note("berts", "Fact of bert", in: kitchen, from: session, at: 3)
      let alone = try await room.start("alone", with: "bert")
      try await room.say("by bert alone", in: alone, answer: "yes")

      let export = try await Self.export(room)
      #expect(export["sessions"]?.array?.count == 1)
      #expect(export["sessions"]?.array?.first?["isWhole"] == false)
      #expect(Self.texts(export["sessions"]?.array?.first?["messages"]) == ["by anna", "to anna"])
      #expect(export["facts"]?.array?.map { $0["id"] } == ["annas"])
      #expect(export["tasks"]?.array?.map { $0["payload"] } == ["for anna"])
      #expect(export["memories"] == [])
    }
  }

  @Test func `the memories of a workspace are a person's where nobody else talks`() throws {
    try MemoryRoom.run { room in
      let own = try await room.start("own")
      try await room.say("hello", in: own)
      for scope in [MemoryScope.workspace(.main), .channel("~own", of: .main)] {
        try await room.memorize("text", MemoryKey(scope, .longTerm), of: [own])
      }
      #expect(try await Self.export(room)["memories"]?.array?.count == 2)
      try await room.start("berts", with: "bert")
      let scopes = try await Self.export(room)["memories"]?.array?.map { $0["scope"] }
      #expect(scopes == ["channel main ~own"])
    }
  }

  @Test func `what was superseded is written, with what took its place`() throws {
    try MemoryRoom.run { room in
      let scope = MemoryScope.workspace("work")
      for name in ["a", "b"] {
        try await room.store.commit(
          .insertFact(
            MemoryRoom.fact(name, "Fact \(name)", in: scope, .statement(by: "anna", in: nil), at: room.now)))
      }
      let (old, new) = (try #require(FactID(rawValue: "a")), try #require(FactID(rawValue: "b")))
      try await room.store.commit(.supersedeFact(old, by: new, at: room.now))
      let facts = try await Self.export(room)["facts"]?.array
      #expect(facts?.map { $0["supersededBy"] } == ["b", nil])
      #expect(facts?.first?["statedBy"] == "anna" && facts?.first?["validTo"]?.string == room.now.description)
    }
  }

  @Test func `a long log is written in small pieces`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      for number in 1...450 { try await room.say("message \(number)", in: session) }
      var (json, longest) = ("", 0)
      try await ExportMemory(environment: room.environment)(of: "anna") { piece in
        json += piece
        longest = max(longest, piece.utf8.count)
      }
      #expect(longest < 500)
      let export = try #require(JSONValue(json: Data(json.utf8)))
      let texts = Self.texts(export["sessions"]?.array?.first?["messages"])
      #expect(texts == (1...450).map { "message \($0)" })
    }
  }

  @Test func `what the writer throws ends the export`() throws {
    struct Full: Error {}
    try MemoryRoom.run { room in
      await #expect(throws: Full.self) {
        try await ExportMemory(environment: room.environment)(of: "anna") { _ in throw Full() }
      }
    }
  }
}
