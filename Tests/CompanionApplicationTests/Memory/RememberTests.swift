import CompanionApplication
import CompanionDomain
import CompanionPorts
import Testing

/// What a person states outright.
struct RememberTests {
  @Test func `a statement becomes a fact where what is said can be found again`() throws {
    try MemoryRoom.run { room in
      let own = try await room.start("own")
      let shared = try await room.start("shared", at: ConversationPlace(channel: "kitchen", thread: "soup"))
      let first = try await room.remember(" I live in Rome.\n", in: own)
      #expect(first.isNew && first.fact.statement == "I live in Rome." && first.fact.subject == "anna")
      #expect(
        first.fact.scope == .user("anna", in: .main) && first.fact.source == .statement(by: "anna", in: own))
      #expect(first.fact.confidence == 1 && first.fact.createdAt == room.now)
      #expect(try await room.store.fact(first.fact.id) == first.fact)
      let second = try await room.remember(
        "The oven is broken.", in: shared, by: "bert", about: "the oven")
      #expect(second.fact.scope == .channel("kitchen", of: .main) && second.fact.subject == "the oven")
      #expect(second.fact.source == .statement(by: "bert", in: shared))
      let third = try await room.remember("We close in August.", in: .workspace(.main), by: "anna")
      #expect(third.fact.source == .statement(by: "anna", in: nil))
    }
  }

  @Test func `what is known already is told, and not stored again`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      for text in ["I live in Rome.", "I am he."] {
        let first = try await room.remember(text, in: session)
        for again in [text, "  \(text)", text.uppercased(), String(text.dropLast())] {
          let known = try await room.remember(again, in: session)
          #expect(!known.isNew && known.fact == first.fact, "\(again)")
        }
      }
      #expect(try await room.remember("I live in Oslo.", in: session).isNew)
      #expect(try await room.remember("I live in Rome.", in: session, about: "Bert").isNew)
      #expect(try await room.remember("I live in Rome.", in: .workspace(.main), by: "anna").isNew)
      // What does not hold any more may be stated again.
      let old = try await room.remember("I have a cold.", in: session)
      let newer = try await room.remember("I am well.", in: session)
      try await room.store.commit(.supersedeFact(old.fact.id, by: newer.fact.id, at: room.now))
      #expect(try await room.remember("I have a cold.", in: session).isNew)
    }
  }

  @Test func `what cannot be kept is refused by its name, and nothing is stored`() throws {
    try MemoryRoom.run { room in
      let session = try await room.start("own")
      let long = String(repeating: "a", count: 2_001)
      for (text, refusal) in [
        ("", StatementRefusal.empty), (" ", .empty), ("a\0b", .containsNUL),
        (long, .tooLong(2_001, limit: 2_000)),
      ] {
        await #expect(throws: MemoryFailure.refused(refusal)) { try await room.remember(text, in: session) }
        await #expect(throws: MemoryFailure.refused(refusal)) {
          try await room.remember("Here.", in: session, about: text)
        }
      }
      await #expect(throws: MemoryFailure.unknownSession(SessionID(bits: 9))) {
        try await room.remember("Here.", in: SessionID(bits: 9))
      }
      #expect(try await room.store.facts(matching: FactFilter(), after: nil, limit: 10).isEmpty)
    }
  }
}
