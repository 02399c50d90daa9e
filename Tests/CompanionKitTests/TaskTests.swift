import CompanionKit
import CompanionTesting
import Testing

/// Background work, under a simulator.
struct TaskTests {
  private static let seeds = Seeds.range

  private static func announcement(of id: TaskID) -> String {
    "assistant: I am working on this in the background and will tell you when it is done. (task \(id))"
  }

  @Test func `long work is announced, done behind the conversation, and its result is in the next prompt`()
    throws
  {
    for seed in Self.seeds {
      let model = { @Sendable (simulator: Simulator) in ScriptedModel.words("yes", on: simulator.time) }
      try Scene.run(seed: seed, model: model) { scene in
        let reply = try await scene.companion.send("Summarise everything", in: scene.session)
        _ = try await reply.text()
        guard case .handedOver(let id)? = reply.outcome else {
          Issue.record("seed \(seed): the turn ended with \(String(describing: reply.outcome))")
          return
        }
        // The task takes two seconds; the chat does not wait for it.
        #expect(try await scene.companion.send("Hello", in: scene.session).text() == "yes ")
        #expect(scene.simulator.elapsed < .seconds(1))
        #expect(try await scene.companion.drainTasks(limit: .seconds(60)) == 0)
        #expect(
          try await scene.log() == [
            "user: Summarise everything", Self.announcement(of: id), "user: Hello", "assistant: yes ",
            "assistant: result",
          ])
      }
    }
  }

  @Test func `a result comes into the next prompt`() throws {
    let model = ScriptedModel { $0.purpose == .task ? ["forty-two"] : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      _ = try await scene.companion.drainTasks(limit: .seconds(60))
      _ = try await scene.companion.send("And?", in: scene.session).text()
      let prompt = try #require(model.requests(for: .answer).last)
      #expect(prompt.messages.contains { $0.role == .assistant && $0.text.contains("forty-two") })
      #expect(prompt.messages.last?.words == "And?")
    }
  }

  @Test func `the events of a task come in order`() throws {
    for seed in Self.seeds {
      try Scene.run(seed: seed, model: { .words("yes", on: $0.time) }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        _ = try await scene.companion.drainTasks(limit: .seconds(60))
        let types = scene.events.events.filter { $0.task != nil }.map(\.kind.typeName)
        #expect(
          types == [
            "task.created", "task.started", "prompt.compiled", "model.started", "task.progress",
            "model.ended",
            "task.completed",
          ])
      }
    }
  }

  @Test func `a running task is cancelled at once, and what it brings back is not taken`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] }
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        _ = await scene.events.first { $0.kind.typeName == "task.started" }
        let task = try #require(try await scene.companion.tasks().first)
        let outcome = try await scene.companion.cancelTask(task.id, reason: "enough")
        #expect(outcome == .requested)
        _ = await scene.events.first { $0.kind.typeName == "task.cancelled" }
        #expect(scene.simulator.elapsed < .seconds(1))
        guard case .cancelled(let cancellation)? = try await scene.companion.tasks().first?.state else {
          Issue.record("seed \(seed): the task is not cancelled")
          return
        }
        #expect(cancellation.reason == "enough")
        let again = try await scene.companion.cancelTask(task.id, reason: "enough")
        #expect(again == .alreadyEnded(.cancelled))
      }
    }
  }

  @Test func `a cancelled task that no worker has taken never runs`() throws {
    let model = ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.tasks.workers = 1 }) { scene in
      for _ in 1...2 { _ = try await scene.companion.send("Summarise everything", in: scene.session).text() }
      await model.requests(atLeast: 1)
      let waiting = try #require(try await scene.companion.tasks(in: [.queued]).first)
      let outcome = try await scene.companion.cancelTask(waiting.id, reason: "no")
      #expect(outcome == .cancelled)
      #expect(model.requests(for: .task).count == 1)
    }
  }

  @Test func `an unknown task is said to be so`() throws {
    try Scene.run(seed: 1, model: { _ in .hanging }) { scene in
      await #expect(throws: TaskCommandFailure.unknownTask(TaskID(bits: 9))) {
        try await scene.companion.cancelTask(TaskID(bits: 9), reason: "no")
      }
    }
  }

  @Test func `a task whose model fails is kept with its reason, and the conversation is told`() throws {
    for seed in Self.seeds {
      let model = ScriptedModel {
        $0.purpose == .task ? .refusing(ProviderFailure(.quotaExhausted)) : ["yes"]
      }
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        _ = try await scene.companion.drainTasks(limit: .seconds(60))
        let failure = try await scene.companion.tasks().first?.failure
        #expect(failure == .provider(ProviderFailure(.quotaExhausted)))
        // Waiting does not help: it was not tried again.
        #expect(model.requests(for: .task).count == 1)
        let last = try await scene.log().last
        #expect(last?.contains("no quota left") == true)
      }
    }
  }

  @Test func `a task that every worker dies over ends, and the conversation is told`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let durable = InMemoryStore(time: simulator.time)
      let session = SessionID(bits: 1)
      for attempt in 1...4 {
        let store = CrashableStore(durable)
        let model = ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] }
        var configuration = CompanionConfiguration()
        configuration.intents = .rules
        configuration.memory.isAutomatic = false
        let companion = Companion(
          model: model, store: store, configuration: configuration, time: simulator.time,
          identifiers: simulator.identifiers)
        companion.start()
        if attempt == 1 {
          try await companion.startSession(session)
          _ = try await companion.send("Summarise everything", in: session).text()
        }
        await model.requests(atLeast: 1)
        store.crash()
      }
      let scene = Scene(simulator: simulator, store: durable, model: ScriptedModel.hanging)
      scene.companion.start()
      _ = await scene.events.first { $0.kind.typeName == "task.dead_lettered" }
      #expect(try await scene.log().last?.contains("ended 4 times") == true)
      await scene.companion.stop()
    }
  }

  @Test func `a model that says it was cancelled, and was not, has failed`() throws {
    let model = ScriptedModel { $0.purpose == .task ? .refusing(ProviderFailure(.cancelled)) : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      let left = try await scene.companion.drainTasks(limit: .seconds(60))
      #expect(left == 0)
      #expect(model.requests(for: .task).count == 4)
      #expect(try await scene.companion.tasks().first?.failure == .provider(ProviderFailure(.cancelled)))
    }
  }

  @Test func `a result that was cut at the model's limit says so`() throws {
    let model = ScriptedModel { $0.purpose == .task ? ["half a", .finish(.length)] : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      _ = try await scene.companion.drainTasks(limit: .seconds(60))
      let last = try await scene.log().last
      #expect(last?.contains("half a\n\n[cut off here") == true)
    }
  }

  @Test func `a task that a dead process left unseen is taken up within five minutes of its lease`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let scene = Scene(simulator: simulator, store: store, model: ScriptedModel.answering("done"))
      scene.companion.start()
      try await scene.companion.startSession(scene.session)
      _ = try await scene.companion.send("Hello", in: scene.session).text()
      // Another process creates a task, claims it and dies; this one is not told.
      let work = ConversationTask(instruction: "Summarise", intent: IntentRules.intent(of: "Summarise"))
      let request = TaskRequest(
        kind: .conversation, payload: try TaskPayload(work),
        requester: .conversation(scene.session, TurnID(bits: 1)))
      let task = GenerationTask(id: TaskID(bits: 1), request: request, createdAt: simulator.time.now)
      try await store.commit(.insertTask(task))
      _ = try await store.claim(TaskClaim(worker: WorkerID(bits: 9), limit: 1, leaseLength: .seconds(90)))
      let ended = await scene.events.first { $0.kind.typeName == "task.completed" }
      #expect(ended != nil)
      #expect(simulator.elapsed <= .seconds(391))
      await scene.companion.stop()
    }
  }

  @Test func `draining ends when the companion stops`() throws {
    try Scene.run(seed: 1, model: { _ in ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] } }) {
      scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      async let left = scene.companion.drainTasks(limit: .seconds(3600))
      await scene.companion.stop()
      #expect(try await left == 1)
      #expect(scene.simulator.elapsed < .seconds(10))
    }
  }

  @Test func `a task that takes too long ends`() throws {
    try Scene.run(
      seed: 1, model: { _ in ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] } },
      configure: {
        $0.work.attemptLimit = .seconds(300)
        $0.tasks.retry.maximumRetries = 0
      }
    ) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      let left = try await scene.companion.drainTasks(limit: .seconds(302))
      #expect(left == 0)
      let failure = try await scene.companion.tasks().first?.failure
      #expect(failure == .attemptTimedOut(after: .seconds(300)))
    }
  }

  @Test func `no more tasks run at a time than there are workers`() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      try Scene.run(
        seed: seed, model: { .words("yes", on: $0.time) }, configure: { $0.tasks.workers = 3 }
      ) { scene in
        for _ in 1...9 {
          _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        }
        let left = try await scene.companion.drainTasks(limit: .seconds(60))
        #expect(left == 0)
        var running = 0
        var most = 0
        for event in scene.events.events {
          switch event.kind {
          case .task(.started, _): running += 1
          case .task(.completed, _): running -= 1
          default: continue
          }
          most = max(most, running)
        }
        #expect(most == 3)
        #expect(scene.events.events.count { $0.kind.typeName == "task.completed" } == 9)
      }
    }
  }

  @Test func `a stopped companion lets tasks finish within the grace, and gives back the others`() throws {
    for seed in Self.seeds {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let store = InMemoryStore(time: simulator.time)
        let model = ScriptedModel { request in
          guard request.purpose == .task else { return ["yes"] }
          let isShort = request.messages.last?.text.contains("shortly") == true
          return isShort ? [.pause(.seconds(1), on: simulator.time), "result"] : [.hang]
        }
        let scene = Scene(simulator: simulator, store: store, model: model)
        scene.companion.start()
        try await scene.companion.startSession(scene.session)
        _ = try await scene.companion.send("Summarise everything shortly", in: scene.session).text()
        _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
        await model.requests(atLeast: 2)
        let before = simulator.elapsed
        await scene.companion.stop()
        #expect(simulator.elapsed - before <= .seconds(3))
        let statistics = try await store.taskStatistics()
        #expect(statistics.count(.queued) == 1 && statistics.count(.completed) == 1, "seed \(seed)")

        let second = Scene(simulator: simulator, store: store, model: ScriptedModel.answering("at last"))
        second.companion.start()
        let left = try await second.companion.drainTasks(limit: .seconds(10))
        #expect(left == 0)
        await second.companion.stop()
      }
    }
  }
}

extension GenerationTask {
  /// Why it failed for good; `nil` when it did not.
  var failure: TaskFailure? { if case .deadLettered(let letter) = state { letter.failure } else { nil } }
}
