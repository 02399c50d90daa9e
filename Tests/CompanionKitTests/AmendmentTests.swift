import CompanionKit
import CompanionTesting
import Testing

/// Messages that are edited and deleted, and people and places of conversations.
struct AmendmentTests {
  private static let seeds = Seeds.few

  @Test func `the next answer is given with the new words in view, and without what was deleted`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel.answering("Yes")
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        for text in ["My cat is called Tom", "I live in Rome"] {
          _ = try await scene.companion.send(text, in: scene.session).text()
        }
        try await scene.companion.editMessage(Self.at(1), in: scene.session, to: "My cat is called Tim")
        try await scene.companion.deleteMessage(Self.at(3), in: scene.session)
        try await scene.companion.deleteMessage(Self.at(4), in: scene.session)
        _ = try await scene.companion.send("What is my cat called?", in: scene.session).text()
        let prompt = model.requests(for: .answer).last?.messages.filter { $0.role != .system }.map(\.words)
        #expect(prompt == ["My cat is called Tim", "Yes", "What is my cat called?"])
        #expect(
          try await scene.log() == [
            "user: My cat is called Tim", "assistant: Yes", "user: ", "assistant: ",
            "user: What is my cat called?", "assistant: Yes",
          ])
        #expect(scene.eventTypes().count { $0 == "message.edited" } == 1)
        #expect(scene.eventTypes().count { $0 == "message.deleted" } == 2)
        let events = try await scene.store.logEvents(in: scene.session, after: .zero, limit: 100)
        #expect(events.map(\.revision.rawValue) == Array(1...9))
        #expect(events[4].kind == .edited(from: [.text("My cat is called Tom")]))
        #expect(events[5].kind == .deleted([.text("I live in Rome")]))
      }
    }
  }

  @Test func `what cannot be amended is refused by its name`() throws {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let (companion, session) = (scene.companion, scene.session)
      _ = try await companion.send("Hello", in: session).text()
      await #expect(throws: ChatFailure.unknownMessage(Self.at(9), in: session)) {
        try await companion.deleteMessage(Self.at(9), in: session)
      }
      await #expect(throws: ChatFailure.unknownMessage(Self.at(0), in: session)) {
        try await companion.editMessage(Self.at(0), in: session, to: "Hi")
      }
      await #expect(throws: ChatFailure.unknownSession(SessionID(bits: 99))) {
        try await companion.deleteMessage(Self.at(1), in: SessionID(bits: 99))
      }
      // The companion's words may be deleted, but nobody puts others into its mouth.
      await #expect(throws: ChatFailure.notAmendable(Self.at(2))) {
        try await companion.editMessage(Self.at(2), in: session, to: "No")
      }
      await #expect(throws: ChatFailure.refused(.empty)) {
        try await companion.editMessage(Self.at(1), in: session, to: " ")
      }
      try await companion.deleteMessage(Self.at(1), in: session)
      await #expect(throws: ChatFailure.unknownMessage(Self.at(1), in: session)) {
        try await companion.deleteMessage(Self.at(1), in: session)
      }
      #expect(try await scene.log() == ["user: ", "assistant: Yes"])
    }
  }

  @Test func `a session has a place, and a message its speaker`() throws {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let place = ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup")
      let session = try await scene.companion.startSession(SessionID(bits: 2), at: place, with: "anna")
      #expect(try await scene.store.session(session.id)?.place == place)
      #expect(try await scene.store.session(session.id)?.user == "anna")
      _ = try await scene.companion.send("Salt?", in: session.id, from: "bert").text()
      _ = try await scene.companion.send("Yes!", in: session.id).text()
      let speakers = try await scene.companion.history(of: session.id).map(\.speaker)
      #expect(speakers == ["bert", nil, nil, nil])
      let alone = try await scene.store.session(scene.session)
      #expect(alone?.place == ConversationPlace(channelOf: scene.session) && alone?.user == .user)
    }
  }

  private static func at(_ number: Int64) -> SequenceNumber { SequenceNumber(rawValue: number) }
}
