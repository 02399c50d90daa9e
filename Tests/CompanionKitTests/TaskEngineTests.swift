import CompanionKit
import CompanionTesting
import Testing

/// The services of the task engine, under a simulator.
struct TaskEngineTests {
  // MARK: Retries

  @Test func `a transient failure is tried again with backoff, and what the provider asks for wins`() throws {
    for seed in Seeds.range {
      let handler = { @Sendable (_: Simulator) in
        ScriptedHandler { attempt in
          switch attempt.number {
          case 1: throw ProviderFailure(.rateLimited, retryAfter: .seconds(40))
          case 2: throw ProviderFailure(.overloaded)
          default: return .done("done")
          }
        }
      }
      try Workshop.run(seed: seed, handler: handler) { workshop in
        let id = try await workshop.companion.createTask(Workshop.request())
        let ended = try await workshop.end(of: id)
        #expect(ended.state.name == .completed)
        let history = try await workshop.companion.taskHistory(of: id)
        let starts = history.filter { $0.kind.typeName == "started" }.map(\.time)
        #expect(starts.count == 3)
        let retries = history.compactMap { event -> Timestamp? in
          if case .retried(_, let notBefore) = event.kind { notBefore } else { nil }
        }
        #expect(history[2].time.duration(to: retries[0]) >= .seconds(40))
        #expect(zip(retries, starts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(workshop.simulator.elapsed < .seconds(41))
      }
    }
  }

  @Test func `a permanent failure is not tried again`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { _ in throw ProviderFailure(.invalidRequest) }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      #expect(try await workshop.end(of: id).failure == .provider(ProviderFailure(.invalidRequest)))
      #expect(workshop.handler.attempts.count == 1)
    }
  }

  @Test func `an ambiguous failure is marked as one`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        guard attempt.number > 1 else { throw ProviderFailure(.streamCut) }
        return .done("done")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = try await workshop.end(of: id)
      let event = try #require(workshop.events.events.first { $0.kind.typeName == "task.retried" })
      #expect(event.json["ambiguous"] == .bool(true))
    }
  }

  // MARK: Time

  @Test func `a hung attempt ends although its handler does not, and the task goes on elsewhere`() throws {
    for seed in Seeds.range {
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { attempt in
          guard attempt.number == 1 else { return .done("second") }
          // Deaf to cancellation for ten minutes.
          await Unstructured.shielded { try? await simulator.time.sleep(for: .seconds(600), tolerance: nil) }
          return .done("first")
        }
      }
      try Workshop.run(
        seed: seed, configure: { $0.attemptLimit = .seconds(60) }, handler: handler
      ) { workshop in
        let id = try await workshop.companion.createTask(Workshop.request())
        let ended = try await workshop.end(of: id)
        #expect(workshop.simulator.elapsed < .seconds(70), "seed \(seed)")
        #expect(ended.failedAttempts == 1)
        try await workshop.pass(.seconds(700))
        // What the first brings at last is not taken.
        #expect(try await workshop.companion.taskResult(of: id).text == "second")
      }
    }
  }

  @Test func `a task does not start before its time, and ends at its deadline`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { attempt in
        if attempt.payload.json == "slow" {
          try await simulator.time.sleep(for: .seconds(1000), tolerance: nil)
        }
        return .done("done")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let now = workshop.simulator.time.now
      let start = now.advanced(by: .seconds(1234))
      let early = try await workshop.companion.createTask(Workshop.request(notBefore: start))
      let slow = try await workshop.companion.createTask(
        Workshop.request("slow", deadline: now.advanced(by: .seconds(100))))
      #expect(try await workshop.end(of: slow).failure == .deadlinePassed)
      #expect(workshop.simulator.elapsed == .seconds(100))
      _ = try await workshop.end(of: early)
      #expect(workshop.simulator.time.now == start)
    }
  }

  @Test func `an idle engine sets no timer between its sweeps`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let workshop = Workshop(
        simulator: simulator, store: InMemoryStore(time: simulator.time),
        handler: ScriptedHandler { _ in .done("done") })
      workshop.companion.start()
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = try await workshop.end(of: id)
      try await workshop.pass(.seconds(10))
      let before = simulator.steps
      try await workshop.pass(.seconds(3600))
      // Twelve sweeps by two services, and two reviews: each takes some dozens of steps.
      #expect(simulator.steps - before < 26 * 60)
      await workshop.companion.stop()
    }
  }

  // MARK: Waiting

  @Test func `a waiting task holds no worker, and goes on with what it waited for`() throws {
    for seed in Seeds.range {
      let handler = { @Sendable (_: Simulator) in
        ScriptedHandler { attempt in
          guard attempt.payload.json == "ask" else { return .done("other") }
          guard let answer = attempt.input else {
            try await attempt.report(TaskProgress(checkpoint: "asked"))
            return .waiting(.answer("Which one?"))
          }
          return .done("\(attempt.checkpoint ?? "") \(answer) \(attempt.number)")
        }
      }
      try Workshop.run(seed: seed, configure: { $0.workers = 1 }, handler: handler) { workshop in
        let asking = try await workshop.companion.createTask(Workshop.request("ask"))
        _ = await workshop.events.first { $0.kind.typeName == "task.waiting" }
        let other = try await workshop.companion.createTask(Workshop.request("other"))
        _ = try await workshop.end(of: other)
        await #expect(throws: TaskCommandFailure.refused(.alreadyEnded(.completed))) {
          try await workshop.companion.wakeTask(other, input: "x")
        }
        try await workshop.pass(.seconds(10_000))
        try await workshop.companion.wakeTask(asking, input: "the blue one")
        _ = try await workshop.end(of: asking)
        #expect(try await workshop.companion.taskResult(of: asking).text == "asked the blue one 1")
      }
    }
  }

  @Test func `a wait with a limit ends by itself`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        let polls = Int(attempt.checkpoint ?? "0") ?? 0
        guard polls < 5 else { return .done("\(polls)") }
        try await attempt.report(TaskProgress(checkpoint: "\(polls + 1)"))
        return .waiting(.providerJob("job"), limit: .seconds(2))
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      let ended = try await workshop.end(of: id)
      #expect(try await workshop.companion.taskResult(of: id).text == "5")
      #expect(ended.failedAttempts == 0)
      #expect(workshop.simulator.elapsed == .seconds(10))
    }
  }

  // MARK: Whose turn it is

  @Test func `a pause starts nothing, in the pause a kind or all, and loses nothing`() throws {
    for seed in Seeds.range {
      try Workshop.run(seed: seed) { workshop in
        let companion = workshop.companion
        for kind in [nil, Workshop.kind] {
          try await companion.pauseTasks(of: kind)
          let id = try await companion.createTask(Workshop.request())
          try await workshop.pass(.seconds(1000))
          #expect(try await workshop.task(id).state.name == .queued)
          try await companion.resumeTasks(of: kind)
          _ = try await workshop.end(of: id)
        }
      }
    }
  }

  @Test func `no more tasks of a kind run at a time than it may`() throws {
    for seed in Seeds.range {
      let gauge = Peak()
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { _ in
          gauge.enter()
          defer { gauge.leave() }
          try await simulator.time.sleep(for: .seconds(1), tolerance: nil)
          return .done("done")
        }
      }
      try Workshop.run(seed: seed, register: { $0.concurrency = 2 }, handler: handler) { workshop in
        let ids = try await workshop.companion.createTasks((1...7).map { Workshop.request("\($0)") })
        for id in ids { _ = try await workshop.end(of: id) }
        #expect(gauge.peak == 2)
      }
    }
  }

  @Test func `urgent tasks go first, and none starves`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { _ in
        try await simulator.time.sleep(for: .seconds(60), tolerance: nil)
        return .done("done")
      }
    }
    try Workshop.run(configure: { $0.workers = 1 }, handler: handler) { workshop in
      try await workshop.companion.pauseTasks()
      let low = try await workshop.companion.createTask(Workshop.request("low", priority: .low))
      try await workshop.companion.resumeTasks()
      _ = await workshop.events.first { $0.kind.typeName == "task.started" }
      let starved = try await workshop.companion.createTask(Workshop.request("starved", priority: .low))
      // One urgent task a minute keeps the worker busy; the low one starts all the same.
      var urgent = 0
      while try await workshop.task(starved).state.name == .queued, urgent < 500 {
        _ = try await workshop.companion.createTask(Workshop.request("high", priority: .high))
        urgent += 1
        try await workshop.pass(.seconds(60))
      }
      #expect((100...130).contains(urgent))
      #expect(try await workshop.task(low).state.name == .completed)
    }
  }

  // MARK: Payloads

  @Test func `an older payload is brought to the handler's version`() throws {
    let upgrades: [Int: TaskRegistration.Upgrade] = [1: { $0 + "+2" }, 2: { $0 + "+3" }]
    try Workshop.run(register: {
      $0.payloadVersion = 3
      $0.upgrades = upgrades
    }) { workshop in
      for version in 1...3 {
        let id = try await workshop.companion.createTask(Workshop.request("v", version: version))
        _ = try await workshop.end(of: id)
      }
      #expect(workshop.handler.attempts.map(\.payload.json) == ["v+2+3", "v+3", "v"])
    }
  }

  @Test func `what nobody can work on becomes a dead letter with its reason`() throws {
    try Workshop.run(
      configure: { $0.maximumPayloadBytes = 10 }, register: { $0.payloadVersion = 2 }
    ) { workshop in
      var stranger = Workshop.request()
      stranger.kind = "stranger"
      let requests = [
        stranger, Workshop.request("12345678901", version: 2), Workshop.request("1"),
        Workshop.request("1", version: 3),
      ]
      var failures: [TaskFailure?] = []
      for (number, request) in requests.enumerated() {
        // As an earlier version of the app has left them.
        let task = GenerationTask(
          id: TaskID(bits: UInt128(number)), request: request, createdAt: workshop.simulator.time.now)
        try await workshop.store.commit(.insertTask(task))
        failures.append(try await workshop.end(of: task.id).failure)
      }
      #expect(failures[0] == .unknownKind("stranger"))
      #expect(failures[1] == .oversized(bytes: 11, limit: 10))
      #expect(failures[2] == .undecodable("no upgrade from version 1 is registered"))
      #expect(failures[3] == .undecodable("it is of version 3, and the handler takes 1 to 2"))
      #expect(workshop.handler.attempts.isEmpty)
    }
  }

  @Test func `tasks of a kind that others do are left to them, where that is wanted`() throws {
    try Workshop.run(configure: { $0.leavesUnknownKinds = true }) { workshop in
      var stranger = Workshop.request()
      stranger.kind = "stranger"
      try await workshop.store.commit(
        .insertTask(
          GenerationTask(id: TaskID(bits: 1), request: stranger, createdAt: workshop.simulator.time.now)))
      try await workshop.pass(.seconds(1000))
      #expect(try await workshop.task(TaskID(bits: 1)).state.name == .queued)
    }
  }

  // MARK: Reviews

  @Test func `a review takes back what may pass, once, and leaves the rest to a person`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        throw TaskFailure.handler("broken", isPermanent: attempt.payload.json == "permanent")
      }
    }
    try Workshop.run(configure: { $0.reviewInterval = .seconds(100) }, handler: handler) { workshop in
      let permanent = try await workshop.companion.createTask(Workshop.request("permanent"))
      let passing = try await workshop.companion.createTask(Workshop.request("passing"))
      try await workshop.pass(.seconds(950))
      #expect(
        try await workshop.story(of: permanent) == ["created", "started", "dead_lettered", "left_to_person"])
      #expect(try await workshop.story(of: passing).count { $0 == "requeued" } == 1)
      #expect(try await workshop.story(of: passing).last == "left_to_person")
      #expect(workshop.handler.attempts.count == 1 + 8)
    }
  }

  @Test func `what ended long ago is removed, and its key is free again`() throws {
    try Workshop.run(configure: { $0.retention = .seconds(7200) }) { workshop in
      let first = try await workshop.companion.createTask(Workshop.request(key: "k"))
      _ = try await workshop.end(of: first)
      try await workshop.pass(.seconds(7000))
      try await workshop.companion.reviewDeadLetters()
      #expect(try await workshop.companion.tasks().count == 1)
      try await workshop.pass(.seconds(201))
      try await workshop.companion.reviewDeadLetters()
      #expect(try await workshop.companion.tasks().isEmpty)
      #expect(try await workshop.companion.createTask(Workshop.request(key: "k")) != first)
    }
  }

  // MARK: Schedules

  @Test func `a schedule makes a task of every occurrence, whoever of several processes is first`() throws {
    for seed in Seeds.range {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let id = try #require(ScheduleID("digest"))
        let schedule = TaskSchedule(
          id: id, recurrence: .cron(try CronExpression("0 * * * *")), kind: Workshop.kind,
          payload: TaskPayload(json: "{}"), requester: .named(RequesterID(bits: 1)))
        let store = InMemoryStore(time: simulator.time)
        let workshops = (1...2).map { _ in
          Workshop(
            simulator: simulator, store: store, schedules: [schedule],
            handler: ScriptedHandler { _ in .done("done") })
        }
        for workshop in workshops { workshop.companion.start() }
        try await workshops[0].pass(.seconds(5 * 3600 + 60))
        let tasks = try await workshops[0].companion.tasks(limit: 100)
        #expect(tasks.count == 5, "seed \(seed)")
        #expect(tasks.allSatisfy { $0.state.name == .completed })
        for workshop in workshops { await workshop.companion.stop() }
        // While no process runs three are missed; one task makes up for them.
        try await workshops[0].pass(.seconds(3 * 3600))
        let late = Workshop(
          simulator: simulator, store: store, schedules: [schedule],
          handler: ScriptedHandler { _ in .done("done") })
        late.companion.start()
        try await late.pass(.seconds(10))
        #expect(try await late.companion.tasks(limit: 100).count == 6, "seed \(seed)")
        await late.companion.stop()
      }
    }
  }

  // MARK: Events

  @Test func `events of all processes come in order, and from any place on`() throws {
    let simulator = Simulator(seed: 7)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let watcher = Workshop(
        simulator: simulator, store: store, handler: ScriptedHandler { _ in .done("done") })
      let worker = Workshop(
        simulator: simulator, store: store, handler: ScriptedHandler { _ in .done("done") })
      worker.companion.start()
      let id = try await watcher.companion.createTask(Workshop.request())
      var seen: [RecordedTaskEvent] = []
      for try await event in watcher.companion.taskUpdates(of: id) { seen.append(event) }
      #expect(seen.map(\.event.kind.typeName) == ["created", "started", "completed"])
      #expect(TaskHistory.firstFlaw(in: seen.map(\.event)) == nil)
      var rest: [TaskEvent] = []
      for try await event in watcher.companion.taskUpdates(of: id, after: seen[0].cursor) {
        rest.append(event.event)
      }
      #expect(rest == seen.dropFirst().map(\.event))
      await worker.companion.stop()
    }
  }
}
