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
      #expect(prompt.messages.last == PromptMessage(.user, "And?"))
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
            "task.created", "task.started", "model.started", "task.progress", "model.ended", "task.completed",
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
        _ = await scene.events.first { $0.kind == .taskCancelled(reason: "enough") }
        #expect(scene.simulator.elapsed < .seconds(1))
        let ended = try await scene.companion.tasks().first?.state
        #expect(ended == .cancelled(reason: "enough"))
        let again = try await scene.companion.cancelTask(task.id, reason: "enough")
        #expect(again == .alreadyEnded(.cancelled))
      }
    }
  }

  @Test func `a cancelled task that no worker has taken never runs`() throws {
    let model = ScriptedModel { $0.purpose == .task ? [.hang] : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.workers = 1 }) { scene in
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
      await #expect(throws: ChatFailure.unknownTask(TaskID(bits: 9))) {
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
        let state = try await scene.companion.tasks().first?.state
        #expect(state == .deadLettered(.provider(ProviderFailure(.quotaExhausted))))
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
      _ = await scene.events.first { $0.kind == .taskDeadLettered(.abandoned(rescues: 4)) }
      #expect(try await scene.log().last?.contains("ended 4 times") == true)
      await scene.companion.stop()
    }
  }

  @Test func `tasks that a claim ends leave their places to the next in line`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let session = SessionID(bits: 1)
      try await store.commit(.insertSession(ChatSession(id: session, createdAt: simulator.time.now)))
      let request = GenerationTask.Request(
        instruction: "Summarise", intent: IntentRules.intent(of: "Summarise"))
      for number in 1...3 as ClosedRange<UInt128> {
        let task = GenerationTask(
          id: TaskID(bits: number), session: session, turn: TurnID(bits: number), request: request,
          createdAt: simulator.time.now)
        try await store.commit(.insertTask(task))
      }
      // Two were claimed by a worker that died, and cancelled meanwhile.
      for task in try await store.claim(limit: 2, worker: WorkerID(bits: 1), leaseLength: .seconds(1)) {
        let asked = try task.applying(.cancel(reason: "enough"), at: simulator.time.now)
        try await store.commit(.updateTask(asked))
      }
      try await simulator.time.sleep(for: .seconds(2), tolerance: nil)
      let scene = Scene(
        simulator: simulator, store: store, model: ScriptedModel.answering("done"),
        configure: { $0.workers = 2 })
      scene.companion.start()
      let left = try await scene.companion.drainTasks(limit: .seconds(10))
      #expect(left == 0)
      let states = try await store.tasks(in: Set(TaskStateName.allCases), limit: 9).map(\.state.name)
      #expect(states == [.completed, .cancelled, .cancelled])
      await scene.companion.stop()
    }
  }

  @Test func `a model that says it was cancelled, and was not, has failed`() throws {
    let model = ScriptedModel { $0.purpose == .task ? .refusing(ProviderFailure(.cancelled)) : ["yes"] }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      let left = try await scene.companion.drainTasks(limit: .seconds(60))
      #expect(left == 0)
      #expect(model.requests(for: .task).count == 1)
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
      let task = GenerationTask(
        id: TaskID(bits: 1), session: scene.session, turn: TurnID(bits: 1),
        request: .init(instruction: "Summarise", intent: IntentRules.intent(of: "Summarise")),
        createdAt: simulator.time.now)
      try await store.commit(.insertTask(task))
      _ = try await store.claim(limit: 1, worker: WorkerID(bits: 9), leaseLength: .seconds(90))
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
      configure: { $0.attemptDeadline = .seconds(300) }
    ) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      let left = try await scene.companion.drainTasks(limit: .seconds(301))
      #expect(left == 0)
      let state = try await scene.companion.tasks().first?.state
      #expect(state == .deadLettered(.provider(ProviderFailure(.timedOut))))
    }
  }

  @Test func `no more tasks run at a time than there are workers`() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      try Scene.run(
        seed: seed, model: { .words("yes", on: $0.time) }, configure: { $0.workers = 3 }
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
          case .taskStarted: running += 1
          case .taskCompleted: running -= 1
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
        #expect(simulator.elapsed - before <= .seconds(2))
        let queued = try await store.taskCount(in: [.queued])
        let completed = try await store.taskCount(in: [.completed])
        #expect(queued == 1 && completed == 1, "seed \(seed)")

        let second = Scene(simulator: simulator, store: store, model: ScriptedModel.answering("at last"))
        second.companion.start()
        let left = try await second.companion.drainTasks(limit: .seconds(10))
        #expect(left == 0)
        await second.companion.stop()
      }
    }
  }
}
