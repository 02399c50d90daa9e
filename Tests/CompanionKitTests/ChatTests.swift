import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// The chat, under a simulator: each scene with many orders of events.
struct ChatTests {
  private static let seeds = Seeds.range

  @Test func `a message is answered, and both are in the log when the reply ends`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("Good morning", on: $0.time) }) { scene in
        let reply = try await scene.companion.send("Hello", in: scene.session)
        #expect(try await scene.log() == ["user: Hello"])
        #expect(try await reply.text() == "Good morning ")
        #expect(reply.outcome == .answered)
        #expect(try await scene.log() == ["user: Hello", "assistant: Good morning "])
        #expect(try await scene.store.draft(in: scene.session) == nil)
      }
    }
  }

  @Test func `the events of a turn come in order, with one intent`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("Good morning", on: $0.time) }) { scene in
        _ = try await scene.companion.send("Hello", in: scene.session).text()
        #expect(
          scene.eventTypes().filter { $0 != "model.ended" } == [
            "session.opened", "message.accepted", "intent", "prompt.compiled", "model.started",
            "answer.delta", "answer.delta",
            "answer.stored", "turn.ended",
          ])
        #expect(scene.eventTypes().count { $0 == "model.ended" } == 1)
      }
    }
  }

  @Test func `a new message stops the answer before it, and keeps what was delivered`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("one two three four five six", on: $0.time) }) { scene in
        let first = try await scene.companion.send("Count", in: scene.session)
        var taken = ""
        var iterator = first.makeAsyncIterator()
        for _ in 1...3 { taken += try await iterator.next() ?? "" }
        let second = try await scene.companion.send("Again", in: scene.session)
        while let more = try await iterator.next() { taken += more }
        #expect(first.outcome == .interrupted(.superseded))
        #expect(try await second.text() == "one two three four five six ")
        #expect(
          try await scene.log() == [
            "user: Count", "assistant: \(taken) [superseded]", "user: Again",
            "assistant: one two three four five six ",
          ])
      }
    }
  }

  @Test func `an interruption ends the reply within a tenth of a second`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Once", .hang) }) { scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        var iterator = reply.makeAsyncIterator()
        #expect(try await iterator.next() == "Once")
        let before = scene.simulator.elapsed
        scene.companion.interrupt(scene.session)
        #expect(try await iterator.next() == nil)
        #expect(scene.simulator.elapsed - before <= .milliseconds(100))
        #expect(reply.outcome == .interrupted(.stopped))
        #expect(try await scene.log() == ["user: A story", "assistant: Once [stopped]"])
      }
    }
  }

  @Test func `letting go of a reply interrupts it`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Once", .hang) }) { scene in
        do {
          let reply = try await scene.companion.send("A story", in: scene.session)
          for try await _ in reply { break }
        }
        let ended = await scene.events.first { $0.kind == .turnEnded(.interrupted(.abandoned)) }
        #expect(ended != nil)
        #expect(try await scene.log() == ["user: A story", "assistant: Once [abandoned]"])
      }
    }
  }

  @Test func `a consumer whose task is cancelled gets its end at once`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Once", .hang) }) { scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        await withTaskGroup { group in
          group.addTask { _ = try? await reply.text() }
          _ = await scene.events.first { $0.kind == .answerDelivered("Once") }
          group.cancelAll()
        }
        _ = await scene.events.first { $0.kind == .turnEnded(.interrupted(.abandoned)) }
        #expect(try await scene.log() == ["user: A story", "assistant: Once [abandoned]"])
      }
    }
  }

  @Test func `a slow consumer slows the model down and loses nothing`() throws {
    let words = (1...200).map { "w\($0) " }
    for seed in 1...10 as ClosedRange<UInt64> {
      try Scene.run(seed: seed, model: { _ in ScriptedModel { _ in words.map { .text($0) } } }) { scene in
        var taken: [String] = []
        for try await word in try await scene.companion.send("Go", in: scene.session) {
          taken.append(word)
          try await scene.simulator.time.sleep(for: .milliseconds(40), tolerance: nil)
        }
        #expect(taken == words)
      }
    }
  }

  @Test func `a model that fails midway leaves what was delivered, and says why`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { _ in ScriptedModel.answering("Once upon ", .fail(.streamCut)) }) {
        scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        var taken = ""
        let failure = await #expect(throws: ChatFailure.self) {
          for try await text in reply { taken += text }
        }
        #expect(failure == .model(ProviderFailure(.streamCut)))
        #expect(taken == "Once upon ")
        #expect(try await scene.log() == ["user: A story", "assistant: Once upon  [failed]"])
      }
    }
  }

  @Test func `a model that refuses leaves the message unanswered, and it can be resumed`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel([[ModelStep].refusing(ProviderFailure(.overloaded)), ["Here it is"]])
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        await #expect(throws: ChatFailure.model(ProviderFailure(.overloaded))) { try await reply.text() }
        #expect(try await scene.log() == ["user: A story"])
        #expect(try await scene.companion.resume(scene.session)?.text() == "Here it is")
        #expect(try await scene.log() == ["user: A story", "assistant: Here it is"])
        #expect(try await scene.companion.resume(scene.session) == nil)
      }
    }
  }

  @Test func `a message is resumed even when the result of an earlier task came behind it`() throws {
    for seed in Self.seeds {
      let gate = Gate()
      let tries = Mutex(0)
      let model = ScriptedModel { request in
        if request.purpose == .task { return [.wait(for: gate), "result"] }
        let isFirst = tries.withLock { tries in
          tries += 1
          return tries == 1
        }
        return isFirst ? .refusing(ProviderFailure(.overloaded)) : ["late"]
      }
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        _ = try? await scene.companion.send("Tell me", in: scene.session).text()
        gate.open()
        _ = try await scene.companion.drainTasks(limit: .seconds(60))
        let before = try await scene.log()
        #expect(before.suffix(2) == ["user: Tell me", "assistant: result"])
        let answer = try await scene.companion.resume(scene.session)?.text()
        #expect(answer == "late")
        #expect(scene.eventTypes().count { $0 == "intent" } == 2)
      }
    }
  }

  @Test func `an answer that was cut at the model's limit is kept, and said to be cut`() throws {
    try Scene.run(seed: 1, model: { _ in ScriptedModel.answering("Once upon", .finish(.length)) }) { scene in
      let reply = try await scene.companion.send("A story", in: scene.session)
      let text = try await reply.text()
      #expect(text == "Once upon")
      #expect(reply.outcome == .interrupted(.tokenLimit))
      let log = try await scene.log()
      #expect(log == ["user: A story", "assistant: Once upon [tokenLimit]"])
    }
  }

  @Test func `whoever subscribes after the end gets the end`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let scene = Scene(
        simulator: simulator, store: InMemoryStore(time: simulator.time), model: ScriptedModel.hanging)
      scene.companion.start()
      await scene.companion.stop()
      for await event in scene.companion.events() { Issue.record("\(event) after the end") }
    }
  }

  @Test func `a model that says it was cancelled, and was not, has failed`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel.answering("Once ", .fail(.cancelled))
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        await #expect(throws: ChatFailure.model(ProviderFailure(.cancelled))) { try await reply.text() }
        let log = try await scene.log()
        #expect(log == ["user: A story", "assistant: Once  [failed]"])
      }
    }
  }

  @Test func `an answer that is empty is a failure`() throws {
    try Scene.run(seed: 1, model: { _ in ScriptedModel.answering() }) { scene in
      let reply = try await scene.companion.send("A story", in: scene.session)
      let failure = await #expect(throws: ChatFailure.self) { try await reply.text() }
      guard case .model(let reason)? = failure else {
        Issue.record("The failure is \(String(describing: failure)).")
        return
      }
      #expect(reason.kind == .malformedResponse)
    }
  }

  @Test func `an answer that takes too long ends with what was delivered`() throws {
    for seed in Self.seeds {
      try Scene.run(
        seed: seed, model: { _ in ScriptedModel.answering("Once", .hang) },
        configure: { $0.answerDeadline = .seconds(30) }
      ) { scene in
        let reply = try await scene.companion.send("A story", in: scene.session)
        await #expect(throws: ChatFailure.deadline(.seconds(30))) { try await reply.text() }
        #expect(scene.simulator.elapsed >= .seconds(30))
        #expect(try await scene.log() == ["user: A story", "assistant: Once [deadline]"])
      }
    }
  }

  @Test func `messages that come at the same time are all taken, in one order, and the last is answered`()
    throws
  {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("yes", on: $0.time) }) { scene in
        let answered = try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 1...8 {
            group.addTask {
              let reply = try await scene.companion.send("message \(number)", in: scene.session)
              _ = try await reply.text()
              return reply.outcome == .answered
            }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        let log = try await scene.log()
        #expect(answered >= 1)
        #expect(Set(log.filter { $0.hasPrefix("user") }).count == 8)
        #expect(log.last?.hasPrefix("assistant: yes") == true)
        #expect(scene.eventTypes().count { $0 == "intent" } == 8)
        #expect(scene.eventTypes().count { $0 == "turn.ended" } == 8)
      }
    }
  }

  @Test func `more messages than may wait are refused with the limit`() throws {
    try Scene.run(
      seed: 3, model: { _ in ScriptedModel.hanging }, configure: { $0.waitingMessages = 2 }
    ) { scene in
      let outcomes = await withTaskGroup(of: ChatFailure?.self) { group in
        for number in 1...10 {
          group.addTask {
            do throws(ChatFailure) {
              _ = try await scene.companion.send("message \(number)", in: scene.session)
              return nil
            } catch { return error }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.contains(.tooManyWaiting(limit: 2)))
      #expect(outcomes.allSatisfy { $0 == nil || $0 == .tooManyWaiting(limit: 2) })
    }
  }

  @Test(arguments: [
    ("", ChatFailure.refused(.empty)), ("a\0b", .refused(.containsNUL)),
  ])
  func `what is no message is refused and leaves nothing`(text: String, failure: ChatFailure) throws {
    try Scene.run(seed: 1, model: { _ in ScriptedModel.answering("yes") }) { scene in
      await #expect(throws: failure) { try await scene.companion.send(text, in: scene.session) }
      let log = try await scene.log()
      #expect(log.isEmpty)
    }
  }

  @Test func `a session that is not there, and a companion that is not running, are said to be so`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let scene = Scene(
        simulator: simulator, store: InMemoryStore(time: simulator.time),
        model: ScriptedModel.answering("yes"))
      await #expect(throws: ChatFailure.notRunning) { try await scene.companion.send("Hello") }
      scene.companion.start()
      await #expect(throws: ChatFailure.unknownSession(scene.session)) {
        try await scene.companion.send("Hello", in: scene.session)
      }
      // Asking again opens it again, as soon as it is there.
      try await scene.companion.startSession(scene.session)
      #expect(try await scene.companion.send("Hello", in: scene.session).text() == "yes")
      await scene.companion.stop()
      await #expect(throws: ChatFailure.notRunning) { try await scene.companion.send("Hello") }
    }
  }

  @Test func `a cancelled companion leaves nobody waiting, and stores what was delivered`() throws {
    for seed in Self.seeds {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let scene = Scene(
          simulator: simulator, store: InMemoryStore(time: simulator.time),
          model: ScriptedModel.answering("Once", .hang))
        try await scene.companion.startSession(scene.session)
        await withTaskGroup { group in
          group.addTask { await scene.companion.run() }
          _ = await scene.events.first { $0.kind == .serviceStarted("companion") }
          let first = try? await scene.companion.send("A story", in: scene.session)
          var iterator = first?.makeAsyncIterator()
          _ = try? await iterator?.next()
          group.cancelAll()
          // Whichever comes first, these end.
          for number in 2...6 {
            group.addTask {
              _ = try? await scene.companion.send("\(number)", in: SessionID(bits: UInt128(number)))
            }
          }
          let rest = try? await iterator?.next()
          #expect(rest == nil)
          await group.waitForAll()
        }
        let log = try await scene.log()
        #expect(log == ["user: A story", "assistant: Once [shutdown]"], "seed \(seed)")
        await #expect(throws: ChatFailure.notRunning) { try await scene.companion.send("Hello") }
      }
    }
  }

  @Test func `the model's own pass over a message is made once, and its failure falls back to rules`() throws
  {
    for seed in Self.seeds {
      let model = ScriptedModel { request in
        request.purpose == .intent ? .refusing(ProviderFailure(.overloaded)) : ["yes"]
      }
      try Scene.run(seed: seed, model: { _ in model }, configure: { $0.intents = .model }) { scene in
        _ = try await scene.companion.send("Hello", in: scene.session).text()
        _ = try await scene.companion.send("Hello again", in: scene.session).text()
        #expect(model.requests(for: .intent).count == 2)
        #expect(scene.eventTypes().count { $0 == "intent" } == 2)
        #expect(scene.eventTypes().count { $0 == "intent.fell_back" } == 2)
        #expect(model.requests(for: .intent).last?.messages.count { $0.role != .system } == 3)
      }
    }
  }

  @Test func `a new message does not wait for the model to understand the one before`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel { request in request.purpose == .intent ? [.hang] : ["yes"] }
      try Scene.run(seed: seed, model: { _ in model }, configure: { $0.intents = .model }) { scene in
        let first = try await scene.companion.send("Summarise everything", in: scene.session)
        await model.requests(atLeast: 1)
        let before = scene.simulator.elapsed
        let second = try await scene.companion.send("Hello", in: scene.session)
        #expect(scene.simulator.elapsed - before <= .milliseconds(100))
        // What the first one asked for is not lost.
        guard case .handedOver? = first.outcome else {
          Issue.record("seed \(seed): the first turn ended with \(String(describing: first.outcome))")
          return
        }
        second.interrupt()
      }
    }
  }

  @Test func `the current session is the one used last, also by an earlier companion`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let first = Scene(simulator: simulator, store: store, model: ScriptedModel.answering("yes"))
      first.companion.start()
      _ = try await first.companion.send("Hello").text()
      let session = try await first.companion.currentSession()
      await first.companion.stop()

      let second = Scene(simulator: simulator, store: store, model: ScriptedModel.answering("yes"))
      second.companion.start()
      #expect(try await second.companion.currentSession() == session)
      _ = try await second.companion.send("Hello again").text()
      #expect(try await second.companion.history(of: session).count == 4)
      await second.companion.stop()
    }
  }
}
