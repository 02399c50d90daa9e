import CompanionKit
import CompanionTesting
import Testing

/// How attempts end when something comes between.
struct TaskEndTests {
  private struct OwnError: Error {}

  @Test func `a worker that has lost its task learns it at the checkpoint, before the next step`() throws {
    for seed in Seeds.range {
      let steps = Peak()
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { attempt in
          guard attempt.task.lease == LeaseNumber(rawValue: 1) else { return .done("second") }
          await Unstructured.shielded { try? await simulator.time.sleep(for: .seconds(5), tolerance: nil) }
          try await attempt.report(TaskProgress(checkpoint: "paid"))
          steps.enter()
          return .done("first")
        }
      }
      try Workshop.run(seed: seed, handler: handler) { workshop in
        let id = try await workshop.companion.createTask(Workshop.request())
        _ = await workshop.events.first { $0.kind.typeName == "task.started" }
        // As another process does that holds the worker for dead.
        try await workshop.store.commit(.transition(id, .release(LeaseNumber(rawValue: 1)), revision: nil))
        _ = try await workshop.end(of: id)
        try await workshop.pass(.seconds(10))
        #expect(try await workshop.companion.taskResult(of: id).text == "second")
        #expect(steps.peak == 0, "seed \(seed)")
      }
    }
  }

  @Test func `what goes on elsewhere is ended when a cancel from elsewhere meets a wait`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { _ in
        try await simulator.time.sleep(for: .seconds(5), tolerance: nil)
        return .waiting(.providerJob("job"))
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = await workshop.events.first { $0.kind.typeName == "task.started" }
      try await workshop.pass(.seconds(1))
      // In another process: this one hears of it at the next heartbeat, or when it stores something.
      try await workshop.store.commit(.transition(id, .cancel(reason: "enough"), revision: nil))
      try await workshop.pass(.seconds(10))
      #expect(try await workshop.task(id).state.name == .cancelled)
      #expect(workshop.handler.ended == [id])
    }
  }

  @Test func `a companion stops although a handler does not`() throws {
    for seed in Seeds.range {
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { _ in
          await Unstructured.shielded { try? await simulator.time.sleep(for: .seconds(5000), tolerance: nil) }
          return .done("late")
        }
      }
      try Workshop.run(seed: seed, handler: handler) { workshop in
        let id = try await workshop.companion.createTask(Workshop.request())
        _ = await workshop.events.first { $0.kind.typeName == "task.started" }
        let before = workshop.simulator.elapsed
        await workshop.companion.stop()
        #expect(workshop.simulator.elapsed - before < .seconds(5))
        let task = try #require(try await workshop.store.task(id))
        #expect(task.state.name == .queued && task.failedAttempts == 0)
      }
    }
  }

  @Test func `a shutdown costs no attempt, whatever a handler throws when it is told to stop`() throws {
    for seed in Seeds.range {
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { _ in
          do { try await simulator.time.sleep(for: .seconds(5000), tolerance: nil) } catch {
            throw OwnError()
          }
          return .done("done")
        }
      }
      try Workshop.run(seed: seed, handler: handler) { workshop in
        let ids = try await workshop.companion.createTasks((1...5).map { Workshop.request("\($0)") })
        try await workshop.pass(.seconds(1))
        await workshop.companion.stop()
        for id in ids {
          let task = try #require(try await workshop.store.task(id))
          #expect(task.state.name == .queued && task.failedAttempts == 0, "seed \(seed)")
        }
      }
    }
  }

  @Test func `a reason that no store holds is a reason all the same`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        switch attempt.payload.json {
        case "fail": throw TaskFailure.handler("a\0b", isPermanent: true)
        case "wait": return .waiting(.approval("a\0b"))
        default: return .done("a\0b", usage: TokenUsage(input: 1, output: 2))
        }
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let ids = try await workshop.companion.createTasks(
        ["fail", "wait", "done"].map { Workshop.request($0) })
      var failures: [TaskFailure?] = []
      for id in ids { failures.append(try await workshop.end(of: id).failure) }
      #expect(failures[0] == .handler("a\u{FFFD}b", isPermanent: true))
      for failure in failures[1...] {
        guard case .unstorable = failure else {
          Issue.record("\(String(describing: failure)) is not the reason")
          continue
        }
      }
      #expect(workshop.handler.attempts.count == 3)
      #expect(try await workshop.companion.taskCost(of: ids[2]).used == TokenUsage(input: 1, output: 2))
    }
  }

  @Test func `a worker is told at once that the task's deadline has passed`() throws {
    let stopped = Peak()
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { _ in
        defer { stopped.enter() }
        try await simulator.time.sleep(for: .seconds(5000), tolerance: nil)
        return .done("done")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let deadline = workshop.simulator.time.now.advanced(by: .seconds(31))
      let id = try await workshop.companion.createTask(Workshop.request(deadline: deadline))
      _ = try await workshop.end(of: id)
      try await workshop.pass(.seconds(1))
      #expect(stopped.peak == 1)
      // The handler was running, and has stopped; what goes on elsewhere is ended, too.
      #expect(workshop.handler.ended == [id])
    }
  }

  @Test func `a key gives its task even when the deadline of the wish has passed`() throws {
    try Workshop.run { workshop in
      let deadline = workshop.simulator.time.now.advanced(by: .seconds(10))
      let request = Workshop.request(key: "k", deadline: deadline)
      let id = try await workshop.companion.createTask(request)
      try await workshop.pass(.seconds(20))
      #expect(try await workshop.companion.createTask(request) == id)
    }
  }

  @Test func `updates go on behind a dead letter that was taken back, and end where there is no more`() throws
  {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        guard attempt.task.requeues > 0 else { throw TaskFailure.handler("broken", isPermanent: true) }
        return .done("mended")
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = try await workshop.end(of: id)
      try await workshop.companion.retryTask(id, reason: "again", delay: .zero)
      var seen: [RecordedTaskEvent] = []
      for try await event in workshop.companion.taskUpdates(of: id) { seen.append(event) }
      let names = seen.map(\.event.kind.typeName)
      #expect(names == ["created", "started", "dead_lettered", "requeued", "started", "completed"])
      let last = try #require(seen.last?.cursor)
      for try await event in workshop.companion.taskUpdates(of: id, after: last) {
        Issue.record("\(event) comes after the last")
      }
      await #expect(throws: StoreFailure.conflict(.noSuchTask)) {
        for try await _ in workshop.companion.taskUpdates(of: TaskID(bits: 9)) {}
      }
    }
  }

  @Test func `a task that has to wait for its provider's other tasks loses no attempt`() throws {
    for seed in Seeds.few {
      let peak = Peak()
      let handler = { @Sendable (simulator: Simulator) in
        ScriptedHandler { _ in
          peak.enter()
          defer { peak.leave() }
          try await simulator.time.sleep(for: .seconds(60), tolerance: nil)
          return .done("done")
        }
      }
      try Workshop.run(
        seed: seed,
        configure: {
          $0.providerConcurrency = ["slow": 1]
          $0.attemptLimit = .seconds(90)
        }, register: { $0.provider = "slow" }, handler: handler
      ) { workshop in
        let ids = try await workshop.companion.createTasks((1...5).map { Workshop.request("\($0)") })
        for id in ids {
          let ended = try await workshop.end(of: id)
          #expect(ended.state.name == .completed && ended.failedAttempts == 0)
        }
        #expect(peak.peak == 1)
      }
    }
  }
}
