import CompanionKit
import CompanionTesting
import Testing

/// Conversations that are closed, forked, limited and let go of, under a simulator.
struct SessionTests {
  @Test func `a closed conversation says what it came to, and takes no messages until it is opened again`()
    throws
  {
    for seed in Seeds.few {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Yes", .usage(input: 10, output: 2)) })
      {
        scene in
        _ = try await scene.companion.send("Hello", in: scene.session).text()
        _ = try await scene.companion.send("Again", in: scene.session).text()
        let closing = try await scene.companion.closeSession(scene.session, reason: "done")
        #expect(closing.reason == "done")
        #expect(closing.statistics.messages == 4)
        #expect(closing.statistics.calls == 2)
        #expect(closing.statistics.usage == TokenUsage(input: 20, output: 4))
        await #expect(throws: ChatFailure.sessionClosed(scene.session, reason: "done")) {
          try await scene.companion.send("More", in: scene.session)
        }
        #expect(try await scene.log().count == 4)
        // Closing it again changes nothing.
        #expect(try await scene.companion.closeSession(scene.session, reason: "other") == closing)
        try await scene.companion.reopenSession(scene.session)
        #expect(try await scene.companion.send("More", in: scene.session).text() == "Yes")
        #expect(scene.eventTypes().count { $0 == "session.closed" } == 1)
      }
    }
  }

  @Test func `a conversation that has refused messages takes them as soon as it is opened again`() throws {
    for seed in Seeds.few {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Yes") }) { scene in
        for _ in 0..<2 {
          try await scene.companion.closeSession(scene.session)
          for _ in 0..<2 {
            await #expect(throws: ChatFailure.sessionClosed(scene.session, reason: "")) {
              try await scene.companion.send("Hello?", in: scene.session)
            }
          }
          try await scene.companion.reopenSession(scene.session)
          #expect(try await scene.companion.send("Hello", in: scene.session).text() == "Yes")
        }
        #expect(try await scene.log().count == 4)
      }
    }
  }

  @Test
  func `a closed conversation takes nothing, and what it had without an answer waits until it is open again`()
    throws
  {
    for seed in Seeds.few {
      let model = ScriptedModel([[ModelStep].refusing(ProviderFailure(.overloaded)), ["Yes"]])
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        let (companion, session) = (scene.companion, scene.session)
        let closed = ChatFailure.sessionClosed(session, reason: "done")
        _ = try? await companion.send("Hello", in: session, update: ["screen": "blank"]).text()
        try await companion.closeSession(session, reason: "done")
        await #expect(throws: closed) { try await companion.resume(session) }
        await #expect(throws: closed) { try await companion.updateContext(["screen": "full"], of: session) }
        await #expect(throws: closed) { try await companion.editMessage(.zero.next, in: session, to: "Bye") }
        #expect(try await scene.log() == ["user: Hello"])
        #expect(try await companion.sharedContext(of: session)["screen"]?.text == "blank")
        #expect(model.requests(for: .answer).count == 1)
        try await companion.reopenSession(session)
        #expect(try await companion.resume(session)?.text() == "Yes")
        try await companion.closeSession(session)
        // Taking back is always possible.
        try await companion.deleteMessage(.zero.next, in: session)
        try await companion.forget(.message(SequenceNumber(rawValue: 2), in: session))
        #expect(try await scene.log() == ["user: ", "assistant: "])
      }
    }
  }

  @Test func `an edit and an update that come while a conversation is closed are taken or refused`() throws {
    for seed in Seeds.range {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Yes") }) { scene in
        let (companion, session) = (scene.companion, scene.session)
        _ = try await companion.send("Hello", in: session).text()
        let (edited, updated) = await withTaskGroup(of: Void.self) { group in
          group.addTask { _ = try? await companion.closeSession(session) }
          async let edit = (try? await companion.editMessage(.zero.next, in: session, to: "Bye")) != nil
          async let update = (try? await companion.updateContext(["screen": "full"], of: session)) != nil
          return await (edit, update)
        }
        #expect(try await scene.log().contains("user: Bye") == edited, "seed \(seed)")
        #expect(try await companion.sharedContext(of: session).entries.isEmpty != updated, "seed \(seed)")
      }
    }
  }

  @Test func `a message that comes while a conversation is closed is taken or refused, never lost`() throws {
    for seed in Seeds.range {
      try Scene.run(seed: seed, model: { .words("one two three", on: $0.time) }) { scene in
        _ = try await scene.companion.send("Hello", in: scene.session).text()
        let accepted = await withTaskGroup(of: Bool.self) { group in
          group.addTask { (try? await scene.companion.closeSession(scene.session)) == nil }
          group.addTask {
            guard let reply = try? await scene.companion.send("During", in: scene.session) else {
              return false
            }
            _ = try? await reply.text()
            return true
          }
          return await group.reduce(false) { $0 || $1 }
        }
        #expect(try await scene.log().contains("user: During") == accepted, "seed \(seed)")
      }
    }
  }

  @Test func `a limit on messages and tokens is kept, and said`() throws {
    try Scene.run(seed: 1, model: { _ in ScriptedModel.answering("Yes", .usage(input: 90, output: 10)) }) {
      scene in
      let few = try await scene.companion.startSession(limits: SessionLimits(messages: 2)).id
      _ = try await scene.companion.send("One", in: few).text()
      await #expect(throws: ChatFailure.limitReached(few, .messages(2))) {
        try await scene.companion.send("Two", in: few)
      }
      let cheap = try await scene.companion.startSession(limits: SessionLimits(tokens: 150)).id
      _ = try await scene.companion.send("One", in: cheap).text()
      _ = try await scene.companion.send("Two", in: cheap).text()
      await #expect(throws: ChatFailure.limitReached(cheap, .tokens(150))) {
        try await scene.companion.send("Three", in: cheap)
      }
    }
  }

  @Test func `what cannot be kept of a conversation is refused, and says why`() throws {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let companion = scene.companion
      let long = String(repeating: "é", count: 500)
      let (one, two) = (SessionID(bits: 2), SessionID(bits: 3))
      for (item, limits, refusal) in [
        (long + "e", SessionLimits(), SessionRefusal.itemTooLong(bytes: 1_001, limit: 1_000)),
        ("two\nlines", SessionLimits(), .itemHasControlCharacters),
        ("nothing\0", SessionLimits(), .itemHasControlCharacters),
        ("article-7", SessionLimits(messages: 0), .limitTooLow(.messages(0))),
        ("article-7", SessionLimits(messages: 1, tokens: -1), .limitTooLow(.tokens(-1))),
      ] {
        await #expect(throws: ChatFailure.session(refusal)) {
          try await companion.startSession(one, about: item, limits: limits)
        }
        #expect(refusal.description.hasSuffix(".") && refusal.description.contains(". "))
      }
      #expect(try await scene.store.session(one) == nil)
      try await companion.startSession(one, about: long, limits: SessionLimits(messages: 1, tokens: 1))
      try await companion.startSession(two)
      await #expect(throws: ChatFailure.session(.reasonTooLong(bytes: 1_001, limit: 1_000))) {
        try await companion.closeSession(two, reason: long + "e")
      }
      #expect(try await companion.details(of: two).closing == nil)
      #expect(try await companion.closeSession(two, reason: long).reason == long)
    }
  }

  @Test func `a fork has what was said until then, and goes its own way`() throws {
    let model = ScriptedModel.answering("Yes")
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      for text in ["One", "Two", "Three"] {
        _ = try await scene.companion.send(text, in: scene.session).text()
      }
      try await scene.companion.deleteMessage(SequenceNumber(rawValue: 2), in: scene.session)
      let (fork, nobody) = (SessionID(bits: 77), SessionID(bits: 78))
      let forked = try await scene.companion.forkSession(
        scene.session, through: SequenceNumber(rawValue: 4), as: fork)
      #expect(forked.lastSequence == SequenceNumber(rawValue: 3))
      _ = try await scene.companion.send("Other", in: fork).text()
      let log = try await scene.companion.history(of: fork).map(\.text)
      #expect(log == ["One", "Two", "Yes", "Other", "Yes"])
      #expect(try await scene.log().count == 6)
      #expect(
        try await scene.companion.details(of: fork).fork
          == SessionFork(of: scene.session, through: SequenceNumber(rawValue: 4)))
      let progress = try await scene.store.memoryProgress(of: fork)
      #expect(MemoryPass.allCases.allSatisfy { progress[$0].rawValue == 3 })
      await #expect(throws: ChatFailure.unknownMessage(SequenceNumber(rawValue: 9), in: scene.session)) {
        try await scene.companion.forkSession(scene.session, through: SequenceNumber(rawValue: 9))
      }
      await #expect(throws: ChatFailure.unknownSession(nobody)) {
        try await scene.companion.forkSession(nobody)
      }
    }
  }

  @Test func `a fork at a turn has all messages of it`() throws {
    try Scene.run(seed: 1, model: { .words("Yes", on: $0.time) }) { scene in
      let (companion, session) = (scene.companion, scene.session)
      let work = try await companion.send("Summarise everything", in: session)
      _ = try await work.text()
      let talk = try await companion.send("Hello", in: session)
      _ = try await talk.text()
      let early = try await companion.forkSession(session, throughTurn: talk.turn)
      #expect(early.lastSequence == SequenceNumber(rawValue: 4))
      _ = try await companion.drainTasks(limit: .seconds(60))
      _ = try await companion.send("Bye", in: session).text()
      // The result came behind the second turn.
      let fork = try await companion.forkSession(session, throughTurn: work.turn)
      let log = try await companion.history(of: fork.id)
      #expect(log.last?.turn == work.turn && log.last?.text == "result" && log.count == 5)
      #expect(log.allSatisfy { $0.text != "Bye" })
      let nothing = TurnID(bits: 99)
      await #expect(throws: ChatFailure.unknownTurn(nothing, in: session)) {
        try await companion.forkSession(session, throughTurn: nothing)
      }
      await #expect(throws: ChatFailure.unknownSession(SessionID(bits: 98))) {
        try await companion.forkSession(SessionID(bits: 98), throughTurn: work.turn)
      }
    }
  }

  @Test func `a fork has the summary of what it has, and none of what it has not`() throws {
    let model = ScriptedModel { request in
      request.purpose == .summary ? ["They spoke of many numbers."] : ["Yes"]
    }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      let session = scene.session
      for number in 1...90 {
        _ = try await scene.companion.send("Number \(number)", in: session).text()
      }
      let key = { StateKey(.session($0), .summary) }
      #expect(try await scene.store.state(key(session)) != nil)
      let whole = try await scene.companion.forkSession(session)
      let short = try await scene.companion.forkSession(session, through: SequenceNumber(rawValue: 5))
      #expect(try await scene.store.state(key(whole.id))?.json.contains("many numbers") == true)
      #expect(try await scene.store.state(key(short.id)) == nil)
      let count = model.requests(for: .answer).count
      _ = try await scene.companion.send("And now?", in: whole.id).text()
      let prompt = try #require(model.requests(for: .answer).dropFirst(count).first)
      #expect(prompt.messages.first?.text.contains("They spoke of many numbers.") == true)
      #expect(prompt.messages.count < 100)
    }
  }

  @Test func `thousands of conversations fit, for idle ones are let go of`() throws {
    try Scene.run(
      seed: 1, model: { _ in ScriptedModel.answering("Yes") }, configure: { $0.sessions.maximumOpen = 50 }
    ) { scene in
      for number in 1...400 {
        let session = SessionID(bits: UInt128(1000 + number))
        try await scene.companion.startSession(session)
        _ = try await scene.companion.send("Hello", in: session).text()
      }
      let open = try await scene.companion.status().openSessions
      #expect(open.count <= 50)
      // The first one is read again.
      let first = SessionID(bits: 1001)
      #expect(try await scene.companion.send("Still there?", in: first).text() == "Yes")
      #expect(try await scene.companion.history(of: first).count == 4)
    }
  }

  @Test func `an idle conversation is let go of, whatever comes at that moment`() throws {
    for seed in Seeds.range {
      try Scene.run(
        seed: seed, model: { _ in ScriptedModel.answering("Yes") },
        configure: { $0.sessions.idleTime = .seconds(60) }
      ) { scene in
        for _ in 1...5 {
          #expect(try await scene.companion.send("Hello", in: scene.session).text() == "Yes")
          try await scene.simulator.time.sleep(for: .seconds(60), tolerance: nil)
        }
        try await scene.simulator.time.sleep(for: .seconds(61), tolerance: nil)
        #expect(try await scene.companion.status().openSessions.isEmpty)
        #expect(try await scene.log().count == 10)
      }
    }
  }
}
