import CompanionKit
import CompanionTesting
import Testing

/// The commands and questions about tasks.
struct TaskCommandTests {
  @Test func `a task of the host's own kind is done, and its result can be asked for`() throws {
    try Workshop.run { workshop in
      let id = try await workshop.companion.createTask(Workshop.request(#"{"what":"stars"}"#))
      _ = try await workshop.end(of: id)
      #expect(try await workshop.companion.taskResult(of: id).text == "done")
      #expect(workshop.handler.attempts.map(\.payload.json) == [#"{"what":"stars"}"#])
      #expect(try await workshop.story(of: id) == ["created", "started", "completed"])
      #expect(workshop.companion.taskOutcomes.byState == [.completed: 1])
    }
  }

  @Test func `the same key gives the same task, and refuses another wish`() throws {
    try Workshop.run { workshop in
      let first = try await workshop.companion.createTask(Workshop.request("1", key: "k"))
      #expect(try await workshop.companion.createTask(Workshop.request("1", key: "k")) == first)
      await #expect(throws: TaskCommandFailure.keyReused("k", first)) {
        try await workshop.companion.createTask(Workshop.request("2", key: "k"))
      }
      _ = try await workshop.end(of: first)
      #expect(try await workshop.companion.createTask(Workshop.request("1", key: "k")) == first)
      #expect(workshop.handler.attempts.count == 1)
    }
  }

  @Test func `many callers with one key get one task`() throws {
    for seed in Seeds.range {
      try Workshop.run(seed: seed) { workshop in
        let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
          for _ in 1...5 {
            group.addTask { try await workshop.companion.createTask(Workshop.request("1", key: "k")) }
          }
          return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
        }
        #expect(ids.count == 1, "seed \(seed)")
      }
    }
  }

  @Test func `of several requests all are stored, or none`() throws {
    try Workshop.run { workshop in
      let ids = try await workshop.companion.createTasks([
        Workshop.request("1"), Workshop.request("2", key: "k"), Workshop.request("2", key: "k"),
      ])
      #expect(ids.count == 3 && ids[1] == ids[2] && ids[0] != ids[1])
      let before = try await workshop.companion.tasks().count
      await #expect(throws: TaskCommandFailure.unknownKind("nobody")) {
        var unknown = Workshop.request("4")
        unknown.kind = "nobody"
        return try await workshop.companion.createTasks([Workshop.request("3"), unknown])
      }
      #expect(try await workshop.companion.tasks().count == before)
      #expect(try await workshop.companion.createTasks([]).isEmpty)
    }
  }

  @Test func `what cannot be is refused with what is wrong`() throws {
    try Workshop.run(configure: { $0.maximumPayloadBytes = 10 }) { workshop in
      let companion = workshop.companion
      let now = workshop.simulator.time.now
      let past = now.advanced(by: .seconds(-1))
      let later = now.advanced(by: .seconds(60))
      let refusals: [(TaskRequest, TaskCommandFailure)] = [
        (Workshop.request("12345678901"), .oversizedPayload(bytes: 11, limit: 10)),
        (Workshop.request("{}", version: 2), .unknownVersion(2, newest: 1)),
        (Workshop.request("{}", version: 0), .unknownVersion(0, newest: 1)),
        (Workshop.request("{}", deadline: past), .pastDeadline(past)),
        (Workshop.request("{}", notBefore: later, deadline: later), .pastDeadline(later)),
        (
          Workshop.request("{}", key: ""),
          .invalidRequest("its idempotency key has 0 bytes; 1 to 512 without NUL are allowed")
        ),
      ]
      for (request, failure) in refusals {
        await #expect(throws: failure) { try await companion.createTask(request) }
      }
      await #expect(throws: TaskCommandFailure.self) {
        try await companion.createTask(Workshop.request("\0"))
      }
      let unknown = TaskID(bits: 9)
      await #expect(throws: TaskCommandFailure.unknownTask(unknown)) {
        try await companion.taskResult(of: unknown)
      }
      await #expect(throws: TaskCommandFailure.unknownTask(unknown)) {
        try await companion.taskHistory(of: unknown)
      }
      await #expect(throws: TaskCommandFailure.unknownTask(unknown)) { try await companion.wakeTask(unknown) }
      await #expect(throws: TaskCommandFailure.unknownTask(unknown)) {
        try await companion.retryTask(unknown, reason: "again")
      }
      await #expect(throws: TaskCommandFailure.negativeDelay(.seconds(-1))) {
        try await companion.retryTask(unknown, reason: "again", delay: .seconds(-1))
      }
      let stored = try await companion.tasks()
      #expect(stored.isEmpty)
    }
  }

  @Test func `a result that is not there says why`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { attempt in
        guard attempt.payload.json == "wait" else { throw TaskFailure.handler("no", isPermanent: true) }
        return .waiting(.answer("which one?"))
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let failed = try await workshop.companion.createTask(Workshop.request("fail"))
      _ = try await workshop.end(of: failed)
      await #expect(throws: TaskCommandFailure.failed(.handler("no", isPermanent: true))) {
        try await workshop.companion.taskResult(of: failed)
      }
      let waiting = try await workshop.companion.createTask(Workshop.request("wait"))
      _ = await workshop.events.first { $0.kind.typeName == "task.waiting" }
      await #expect(throws: TaskCommandFailure.unfinished(.waiting)) {
        try await workshop.companion.taskResult(of: waiting)
      }
      #expect(try await workshop.companion.cancelTask(waiting, reason: "enough") == .cancelled)
      await #expect(throws: TaskCommandFailure.cancelled(reason: "enough")) {
        try await workshop.companion.taskResult(of: waiting)
      }
      // What goes on elsewhere for it was ended too.
      #expect(workshop.handler.ended == [waiting])
    }
  }

  @Test func `a dead letter is taken back by hand, with its attempts anew`() throws {
    let handler = { @Sendable (simulator: Simulator) in
      ScriptedHandler { attempt in
        guard attempt.task.requeues == 1 else { throw TaskFailure.handler("broken", isPermanent: false) }
        return .done("mended")
      }
    }
    try Workshop.run(configure: { $0.maximumRequeues = 1 }, handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      let dead = try await workshop.end(of: id)
      #expect(dead.failure == .handler("broken", isPermanent: false))
      #expect(workshop.handler.attempts.map(\.number) == [1, 2, 3, 4])
      #expect(try await workshop.companion.taskErrors(of: id).map(\.isFinal) == [false, false, false, true])
      try await workshop.companion.retryTask(id, reason: "It is mended.", delay: .zero)
      _ = await workshop.events.first { $0.kind.typeName == "task.completed" }
      #expect(try await workshop.companion.taskResult(of: id).text == "mended")
      #expect(workshop.handler.attempts.last?.number == 1)
      await #expect(throws: TaskCommandFailure.refused(.notDeadLettered(.completed))) {
        try await workshop.companion.retryTask(id, reason: "again")
      }
    }
  }

  @Test func `a dead letter is not taken back for ever`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { _ in throw TaskFailure.handler("broken", isPermanent: true) }
    }
    try Workshop.run(configure: { $0.maximumRequeues = 2 }, handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = try await workshop.end(of: id)
      for _ in 1...2 {
        try await workshop.companion.retryTask(id, reason: "again", delay: .zero)
        try await workshop.pass(.seconds(1))
      }
      await #expect(throws: TaskCommandFailure.refused(.retriesExhausted(limit: 2))) {
        try await workshop.companion.retryTask(id, reason: "again", delay: .zero)
      }
    }
  }

  @Test func `tasks are listed by who asked for them`() throws {
    try Workshop.run { workshop in
      var request = Workshop.request()
      let mine = try await workshop.companion.createTask(request)
      request.requester = .named(RequesterID(bits: 2))
      let hers = try await workshop.companion.createTask(request)
      let filter = TaskFilter(requester: RequesterID(bits: 2))
      #expect(try await workshop.companion.tasks(matching: filter).map(\.id) == [hers])
      #expect(try await workshop.companion.tasks().count == 2)
      _ = try await workshop.end(of: mine)
    }
  }

  @Test func `what a task has used is added up`() throws {
    let handler = { @Sendable (_: Simulator) in
      ScriptedHandler { attempt in
        try await attempt.report(TaskProgress(note: "half"), usage: TokenUsage(input: 1_000_000, output: 0))
        guard attempt.number == 2 else { throw TaskFailure.handler("once more", isPermanent: false) }
        return .done("done", usage: TokenUsage(input: 0, output: 500_000))
      }
    }
    try Workshop.run(handler: handler) { workshop in
      let id = try await workshop.companion.createTask(Workshop.request())
      _ = try await workshop.end(of: id)
      let cost = try await workshop.companion.taskCost(of: id)
      #expect(cost.used == TokenUsage(input: 2_000_000, output: 500_000))
      #expect(cost.costs.isEmpty && cost.callsOfUnknownCost == 0)
      #expect(cost.expectedInput == nil)
    }
  }
}
