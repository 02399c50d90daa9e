import CompanionKit
import CompanionTesting
import Testing

/// What is forgotten while it is being talked about, or worked on.
struct ForgetChatTests {
  private static let seeds = Seeds.few
  private static let first = SequenceNumber(rawValue: 1)

  // MARK: Open chats

  @Test func `an answer that is being given is stopped before its message is forgotten`() throws {
    for seed in Self.seeds {
      let model = { @Sendable (simulator: Simulator) in
        ScriptedModel.words("zap zap zap zap zap zap", on: simulator.time)
      }
      try Scene.run(seed: seed, model: model) { scene in
        let reply = try await scene.companion.send("zap", in: scene.session)
        var pieces = reply.makeAsyncIterator()
        _ = try await pieces.next()
        let report = try await scene.companion.forget(.message(Self.first, in: scene.session))
        #expect(report.messages == 2 && report.rewriteFailure == nil)
        while try await pieces.next() != nil {}
        #expect(reply.outcome == .interrupted(.stopped))
        #expect(try await scene.store.draft(in: scene.session) == nil)
        #expect(try await scene.log() == ["user: ", "assistant:  [stopped]"])
      }
    }
  }

  @Test func `the next answer is given without what was forgotten in view`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel.answering("Yes")
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        for text in ["zap", "keep"] { _ = try await scene.companion.send(text, in: scene.session).text() }
        try await scene.companion.forget(.message(Self.first, in: scene.session))
        _ = try await scene.companion.send("And?", in: scene.session).text()
        let prompt = model.requests(for: .answer).last?.messages.filter { $0.role != .system }.map(\.words)
        #expect(prompt == ["keep", "Yes", "And?"])
      }
    }
  }

  @Test func `a conversation that was forgotten takes no more messages`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("zap zap zap zap", on: $0.time) }) { scene in
        let (companion, session) = (scene.companion, scene.session)
        let reply = try await companion.send("zap", in: session)
        var pieces = reply.makeAsyncIterator()
        _ = try await pieces.next()
        #expect(try await companion.forget(.session(session)).sessions == 1)
        while try await pieces.next() != nil {}
        #expect(reply.outcome == .interrupted(.stopped))
        for _ in 1...3 {
          await #expect(throws: ChatFailure.unknownSession(session)) {
            try await companion.send("zap", in: session)
          }
        }
        #expect(try await scene.store.session(session) == nil)
        // Nobody has named a session: a new one is begun.
        _ = try await companion.send("Hello").text()
        #expect(try await companion.sessions().map(\.id) != [session])
        #expect(try await companion.forget(.session(session)) == ForgetReport())
      }
    }
  }

  @Test func `what is said while a person is forgotten is forgotten, or refused, and never half kept`() throws
  {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("zap zap", on: $0.time) }) { scene in
        let (companion, session) = (scene.companion, scene.session)
        await withTaskGroup { group in
          for _ in 1...4 {
            group.addTask {
              do {
                _ = try await companion.send("zap", in: session).text()
              } catch {
                switch error as? ChatFailure {
                case .unknownSession?, .store(.conflict)?: break
                default: Issue.record("seed \(seed): \(error)")
                }
              }
            }
          }
          group.addTask {
            do {
              _ = try await companion.forget(.user(.user))
            } catch {
              Issue.record("seed \(seed): \(error)")
            }
          }
        }
        let left = try await scene.store.session(session)
        #expect(left == nil)
        #expect(try await scene.store.messages(in: session, before: nil, limit: 10).isEmpty)
        #expect(try await scene.store.draft(in: session) == nil)
        #expect(try await scene.store.tasks(matching: TaskFilter(session: session), limit: 10).isEmpty)
      }
    }
  }

  // MARK: Running tasks

  @Test func `a task of a forgotten conversation is stopped, and nothing is announced`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("yes", on: $0.time) }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        try await scene.simulator.time.sleep(for: .seconds(1), tolerance: nil)
        let report = try await scene.companion.forget(.session(scene.session))
        #expect(report.sessions == 1 && report.tasks == 1)
        try await scene.simulator.time.sleep(for: .seconds(60), tolerance: nil)
        #expect(try await scene.companion.tasks().isEmpty)
        #expect(try await scene.store.session(scene.session) == nil)
        #expect(!scene.eventTypes().contains("task.completed"))
        #expect(scene.companion.taskOutcomes.lost == 1 && scene.companion.taskOutcomes.byState.isEmpty)
      }
    }
  }

  @Test func `the task of a forgotten message is stopped, and its result is not in the log`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("yes", on: $0.time) }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        try await scene.simulator.time.sleep(for: .seconds(1), tolerance: nil)
        let report = try await scene.companion.forget(.message(Self.first, in: scene.session))
        #expect(report.messages == 2 && report.tasks == 1)
        try await scene.simulator.time.sleep(for: .seconds(60), tolerance: nil)
        #expect(try await scene.log() == ["user: ", "assistant: "])
        #expect(!scene.eventTypes().contains("task.completed"))
      }
    }
  }

  @Test func `a handler of a task that was forgotten is cancelled at once, and ends what goes on elsewhere`()
    throws
  {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { _ in
        try await simulator.time.sleep(for: .seconds(3_600), tolerance: nil)
        return .done("zap")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      var request = Workshop.request()
      request.requester = .named("anna")
      let id = try await workshop.companion.createTask(request)
      try await workshop.pass(.seconds(1))
      #expect(workshop.handler.attempts.count == 1)
      #expect(try await workshop.companion.forget(.user("anna")).tasks == 1)
      try await workshop.pass(.seconds(1))
      #expect(workshop.handler.ended == [id])
      #expect(workshop.companion.taskOutcomes.lost == 1)
      await #expect(throws: StoreFailure.conflict(.noSuchTask)) {
        for try await _ in workshop.companion.taskUpdates(of: id) {}
      }
      #expect(try await workshop.companion.drainTasks(limit: .seconds(10)) == 0)
    }
  }

  @Test func `a worker in another process stops within a third of its lease`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { attempt in
        for step in 1...3_600 {
          try await simulator.time.sleep(for: .seconds(1), tolerance: nil)
          try await attempt.report(TaskProgress(note: "zap \(step)"))
        }
        return .done("zap")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      var request = Workshop.request()
      request.requester = .named("anna")
      _ = try await workshop.companion.createTask(request)
      try await workshop.pass(.seconds(1))
      let other = Workshop(
        simulator: workshop.simulator, store: workshop.store, handler: ScriptedHandler { _ in .done("") })
      #expect(try await other.companion.forget(.user("anna")).tasks == 1)
      let lease = CompanionConfiguration().tasks.leaseLength
      try await workshop.pass(lease / 3 + .seconds(2))
      #expect(workshop.companion.taskOutcomes.lost == 1)
      #expect(try await workshop.companion.tasks().isEmpty)
      #expect(try await workshop.store.taskEvents(after: .start, of: nil, limit: 100).isEmpty)
      await other.companion.stop()
    }
  }

  // MARK: The public calls

  @Test func `what is remembered is found, told of, and forgotten`() throws {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let (companion, session) = (scene.companion, scene.session)
      _ = try await companion.send("My cat is called Tom", in: session).text()
      let fact = try await companion.remember("I live in Rome.", in: session).fact
      let page = Document(
        id: DocumentID(bits: 1), scope: .workspace(.main), owner: .user, text: "A page on Rome",
        createdAt: scene.simulator.time.now)
      try await companion.putDocument(page)
      #expect(try await companion.document(page.id) == page)
      #expect(try await companion.facts(in: .user(.user, in: .main)) == [fact])
      #expect(try await companion.memories(in: .workspace(.main)).isEmpty)
      let found = try await companion.recall("Where is Rome?", in: session)
      #expect(Set(found.items.map(\.source)) == [.fact(fact.id), .document(page.id)])
      let cat = try await companion.recall("cat", in: [.user(.user, in: .main)])
      #expect(cat.items.first?.text == "My cat is called Tom")
      var json = ""
      try await companion.exportMemory(of: .user) { json += $0 }
      #expect(json.contains("I live in Rome."))

      try await companion.removeDocument(page.id)
      #expect(try await companion.document(page.id) == nil)
      let report = try await companion.forget(.user(.user))
      #expect(report.sessions == 1 && report.facts == 1)
      #expect(try await companion.recall("Rome cat", in: [.user(.user, in: .main)]).items.isEmpty)
      await #expect(throws: MemoryFailure.unknownSession(session)) {
        try await companion.recall("Rome", in: session)
      }
      await #expect(throws: MemoryFailure.refused(.empty)) { try await companion.remember(" ", in: session) }
    }
  }

  @Test
  func `what was seen of a context before a message was forgotten is not taken for what is there since`()
    throws
  {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let (companion, session) = (scene.companion, scene.session)
      _ = try await companion.send("zap", in: session, update: ["screen": "zap"]).text()
      let seen = try await companion.updateContext(["page": "1"], of: session).version
      try await companion.forget(.message(Self.first, in: session))
      #expect(try await companion.sharedContext(of: session).entries.isEmpty)
      for page in 1...4 {
        try await companion.updateContext(["screen": "page \(page)"], of: session)
        for key in ["screen", "page"] {
          await #expect(throws: ChatFailure.self) {
            try await companion.updateContext(ContextUpdate([key: "stale"], seen: seen), of: session)
          }
        }
      }
      let known = try await companion.sharedContext(of: session)
      #expect(known.entries.map(\.text) == ["page 4"])
      try await companion.updateContext(ContextUpdate(["page": "9"], seen: known.version), of: session)
    }
  }

  @Test
  func `a conversation whose details cannot be read takes nothing, before and after a message is forgotten`()
    throws
  {
    try Scene.run(seed: 1, model: { _ in .answering("Yes") }) { scene in
      let (companion, session) = (scene.companion, scene.session)
      _ = try await companion.send("zap", in: session).text()
      try await companion.closeSession(session)
      let key = StateKey(.session(session), .session)
      try await scene.store.commit(
        .putState(StateRecord(key: key, version: 2, updatedAt: .epoch, json: #"{"closing": "zap"}"#)))
      await #expect(throws: ChatFailure.self) { try await companion.send("More", in: session) }
      try await companion.forget(.message(Self.first, in: session))
      #expect(try await scene.store.state(key)?.json.contains("zap") == false)
      let reason = "what was kept of it besides its messages could not be read"
      await #expect(throws: ChatFailure.sessionClosed(session, reason: reason)) {
        try await companion.send("More", in: session)
      }
      try await companion.reopenSession(session)
      #expect(try await companion.send("More", in: session).text() == "Yes")
    }
  }

  @Test func `a failure says what happened, and what to do`() {
    let session = SessionID(bits: 1)
    for failure in [
      MemoryFailure.refused(.empty), .unknownSession(session), .unknownMessage(Self.first, in: session),
      .store(.closed),
    ] {
      #expect(failure.description.hasSuffix(".") && failure.description.contains(". "))
    }
  }
}
