import CompanionApplication
import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Background tasks that ask a person, under a simulator.
struct QuestionTests {
  /// Asks once, and says what came of it.
  @Sendable private static func once(
    _: Simulator, _ request: GenerationRequest, _ round: Int
  ) -> [ModelStep] {
    guard round > 0 else { return .calling(("ask_person", #"{"question":"Which colour?"}"#)) }
    let result = request.messages.flatMap(\.results).last
    return [.text("\(result?.outcome.rawValue ?? ""): \(result?.content ?? "")")]
  }

  @Test func `a task asks, waits without a worker, and goes on with the answer`() throws {
    for seed in Seeds.range {
      try ToolBench.run(seed: seed, tools: [], rounds: Self.once) { bench in
        let task = try await bench.ask()
        let question = try await bench.question()
        #expect(question.text == "Which colour?")
        #expect(question.task == task && question.session == bench.session)
        let status = try await bench.companion.taskStatus(of: task).task
        #expect(status.state.name == .waiting)
        #expect(try await bench.companion.status().questions == [question])
        let told = await bench.events.first { $0.kind.typeName == "task.waiting" }
        #expect(told?.json["question"] == "Which colour?")
        #expect(told?.json["reason"] == "answer")
        try await bench.companion.answer(question, with: "Blue, please")
        let result = try await bench.result(of: task)
        #expect(result.hasPrefix("succeeded: <data-") && result.contains("Blue, please"))
        #expect(try await bench.companion.questions().isEmpty)
        let calls = try await bench.calls(of: task)
        #expect(calls.map(\.result?.content) == ["Blue, please"])
        let story = bench.events.events.map(\.kind.typeName)
        #expect(story.count { $0 == "tool.ended" } == 1)
        #expect(!story.contains("tool.started"))
      }
    }
  }

  @Test func `an answer counts once, and only for the question that it was given to`() throws {
    for seed in Seeds.range {
      try ToolBench.run(
        seed: seed, tools: [],
        rounds: { _, request, round in
          round < 2
            ? .calling(("ask_person", #"{"question":"Number \#(round)?"}"#))
            : [.text(request.messages.flatMap(\.results).map(\.content).joined())]
        }
      ) { bench in
        let task = try await bench.ask()
        let first = try await bench.question()
        let taken = await withTaskGroup(of: Bool.self) { group in
          for text in ["one", "uno"] {
            group.addTask { (try? await bench.companion.answer(first, with: text)) != nil }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(taken.count { $0 } == 1)
        let second = try await bench.question(besides: first)
        #expect(second.text == "Number 1?")
        await #expect(throws: TaskCommandFailure.notAsked(task)) {
          try await bench.companion.answer(first, with: "late")
        }
        await #expect(throws: TaskCommandFailure.self) {
          try await bench.companion.answer(second, with: " \n")
        }
        try await bench.companion.answer(second, with: "two")
        let result = try await bench.result(of: task)
        #expect(result.contains("two") && !result.contains("late"))
        #expect(result.contains("one") != result.contains("uno"))
        await #expect(throws: TaskCommandFailure.notAsked(task)) {
          try await bench.companion.answer(second, with: "three")
        }
      }
    }
  }

  @Test func `a question that nobody answers in time has a result that says so`() throws {
    try ToolBench.run(tools: [], rounds: Self.once, configure: { $0.work.answerLifetime = .seconds(60) }) {
      bench in
      let start = bench.simulator.time.now
      let task = try await bench.ask()
      let question = try await bench.question()
      // Whoever wakes the task without an answer has not answered.
      try await bench.companion.wakeTask(task)
      _ = try await bench.question(besides: question)
      #expect(try await bench.result(of: task).contains("Nobody has answered in time"))
      let elapsed = start.duration(to: bench.simulator.time.now)
      #expect(elapsed >= .seconds(60) && elapsed < .seconds(90))
      await #expect(throws: TaskCommandFailure.notAsked(task)) {
        try await bench.companion.answer(question, with: "blue")
      }
    }
  }

  @Test func `questions that cannot be asked are refused, and told`() throws {
    try ToolBench.run(
      tools: [],
      rounds: { _, _, round in
        let long = String(repeating: "x", count: 3000)
        return round > 0
          ? ["done"]
          : .calling(
            ("ask_person", "{}"), ("ask_person", "no json"), ("ask_person", #"{"question":" "}"#),
            ("ask_person", #"{"question":"\#(long)"}"#), ("teleport", "{}"))
      }
    ) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "done")
      let calls = try await bench.calls(of: task)
      #expect(calls.map { $0.result?.outcome } == Array(repeating: .failed, count: 5))
      #expect(calls[3].result?.content.contains("3000 characters") == true)
      #expect(bench.events.events.count { $0.kind.typeName == "tool.ended" } == 5)
    }
  }

  @Test func `an answer is not lost when the process dies before the next step`() throws {
    for seed in Seeds.few {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let durable = InMemoryStore(time: simulator.time)
        let crashing = CrashableStore(durable)
        let first = ToolBench(simulator: simulator, store: crashing, tools: [], rounds: Self.once)
        first.companion.start()
        try await first.companion.startSession(first.session)
        let task = try await first.ask()
        let question = try await first.question()
        crashing.crash()
        await first.companion.stop()
        // It is answered where nobody works on tasks.
        let second = ToolBench(simulator: simulator, store: durable, tools: [], rounds: Self.once)
        #expect(try await second.companion.questions() == [question])
        try await second.companion.answer(question, with: "blue")
        let third = ToolBench(simulator: simulator, store: durable, tools: [], rounds: Self.once)
        third.companion.start()
        #expect(try await third.result(of: task).contains("blue"))
        #expect(try await third.calls(of: task).map(\.result?.content) == ["blue"])
        await third.companion.stop()
      }
    }
  }

  @Test
  func `an answer counts for a task that failed for good before it could use it, and is taken up again`()
    throws
  {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let durable = InMemoryStore(time: simulator.time)
      let store = RoundsOutOfReach(base: durable)
      let bench = ToolBench(simulator: simulator, store: store, tools: [], rounds: Self.once)
      bench.companion.start()
      try await bench.companion.startSession(bench.session)
      let task = try await bench.ask()
      let question = try await bench.question()
      store.areOutOfReach.withLock { $0 = true }
      try await bench.companion.answer(question, with: "Blue, please")
      for try await _ in bench.companion.taskUpdates(of: task) {}
      #expect(try await bench.companion.taskStatus(of: task).task.state.name == .deadLettered)
      store.areOutOfReach.withLock { $0 = false }
      #expect(try await bench.calls(of: task).map(\.result?.content) == ["Blue, please"])
      try await bench.companion.retryTask(task, reason: "the store is well again")
      #expect(try await bench.result(of: task).contains("Blue, please"))
      #expect(try await bench.companion.questions().isEmpty)
      #expect(bench.events.events.count { $0.kind.typeName == "task.waiting" } == 1)
      await bench.companion.stop()
    }
  }

  @Test(arguments: CrashableStore.Fault.allCases)
  func `a fault at any commit leaves each question one result`(fault: CrashableStore.Fault) throws {
    for commit in 1...16 {
      let simulator = Simulator(seed: UInt64(commit))
      let context: Comment = "\(fault) at commit \(commit)"
      try simulator.run {
        let durable = InMemoryStore(time: simulator.time)
        let session = SessionID(bits: 1)
        try await durable.commit(.insertSession(ChatSession(id: session, createdAt: simulator.time.now)))
        let store = CrashableStore(durable, fault, at: commit)
        let first = ToolBench(simulator: simulator, store: store, tools: [], rounds: Self.once)
        first.companion.start()
        _ = try? await first.ask()
        try await simulator.time.sleep(for: .seconds(20), tolerance: nil)
        for question in (try? await first.companion.questions()) ?? [] {
          _ = try? await first.companion.answer(question, with: "first")
        }
        try await simulator.time.sleep(for: .seconds(20), tolerance: nil)
        store.crash()
        await first.companion.stop()

        let second = ToolBench(simulator: simulator, store: durable, tools: [], rounds: Self.once)
        second.companion.start()
        if let reply = try await second.companion.resume(session) { _ = try await reply.text() }
        // A dead worker's lease runs out before its task is taken up again.
        try await simulator.time.sleep(for: .seconds(600), tolerance: nil)
        for question in try await second.companion.questions() {
          try await second.companion.answer(question, with: "second")
        }
        try await simulator.time.sleep(for: .seconds(600), tolerance: nil)
        for task in try await second.companion.tasks(limit: 10) {
          #expect(task.state.name == .completed, context)
          let results = try await second.calls(of: task.id).map(\.result?.content)
          #expect(results == ["first"] || results == ["second"], context)
        }
        await second.companion.stop()
      }
    }
  }

  @Test func `a task that is cancelled while it asks leaves a result, and nothing to answer`() throws {
    for seed in Seeds.range {
      try ToolBench.run(seed: seed, tools: [], rounds: Self.once) { bench in
        let task = try await bench.ask()
        let question = try await bench.question()
        try await bench.companion.cancelTask(task, reason: "enough")
        await #expect(throws: TaskCommandFailure.notAsked(task)) {
          try await bench.companion.answer(question, with: "blue")
        }
        #expect(try await bench.calls(of: task).map { $0.result?.outcome } == [.interrupted])
      }
    }
  }

  @Test func `it can be switched off, and a host's own tool takes its place`() throws {
    let own = BenchTool("ask_person", effect: .readsOnly) { _ in ToolOutput("by the host") }
    try ToolBench.run(tools: [own], rounds: Self.once) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task).contains("by the host"))
      #expect(own.calls.count == 1)
    }
    try ToolBench.run(tools: [], rounds: Self.once, configure: { $0.work.mayAsk = false }) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task).contains("There is no tool “ask_person”"))
      let request = try #require(bench.model.requests(for: .task).first)
      #expect(request.tools.isEmpty)
      #expect(request.messages[0].text.contains("nobody can answer questions"))
    }
  }

  @Test func `where the host has no tools, none is offered unless it says so`() throws {
    for (tools, isOffered) in [([], false), ([BenchTool("look", effect: .readsOnly)], true)] {
      try ToolBench.run(
        tools: tools, rounds: { _, _, _ in ["done"] }, configure: { $0.work.mayAsk = nil }
      ) { bench in
        let task = try await bench.ask()
        #expect(try await bench.result(of: task) == "done")
        let request = try #require(bench.model.requests(for: .task).first)
        #expect(request.tools.contains { $0.name == "ask_person" } == isOffered)
      }
    }
  }

  @Test func `a task without a conversation has nobody to ask`() throws {
    try ToolBench.run(tools: [], rounds: { _, _, _ in ["done"] }) { bench in
      let payload = try TaskPayload(ConversationTask(instruction: "Look at everything"))
      let task = try await bench.companion.createTask(
        TaskRequest(kind: .conversation, payload: payload, requester: .named("host")))
      _ = try await bench.result(of: task)
      #expect(bench.model.requests(for: .task).allSatisfy { $0.tools.isEmpty })
    }
  }

  @Test func `the next prompt says what a task asks, and what it wants to do`() throws {
    let write = BenchTool("write")
    try ToolBench.run(
      tools: [write],
      rounds: { _, _, round in
        switch round {
        case 0: .calling(("ask_person", #"{"question":"Which colour?"}"#))
        case 1: .calling(("write", #"{"path":"a"}"#))
        default: ["done"]
        }
      },
      configure: { $0.mode = .enhanced }
    ) { bench in
      let task = try await bench.ask()
      let question = try await bench.question()
      func prompt() async throws -> String {
        _ = try await bench.companion.send("Good morning!", in: bench.session).text()
        return bench.model.requests(for: .answer).last?.messages.map(\.text).joined() ?? ""
      }
      #expect(try await prompt().contains("asks, and waits for the answer: Which colour?"))
      try await bench.companion.answer(question, with: "blue")
      let approval = try await bench.approvals()[0]
      #expect(try await prompt().contains("waits for permission: \(approval.summary)"))
      try await bench.companion.approve(approval.id)
      _ = try await bench.result(of: task)
    }
  }
}

/// A store of which no rounds can be read for a while.
private final class RoundsOutOfReach: StoreWrapper {
  let base: any CompanionStore
  let areOutOfReach = Mutex(false)

  init(base: any CompanionStore) { self.base = base }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    if kind == .round, areOutOfReach.withLock({ $0 }) { throw .busy("a test") }
    return try await base.states(of: owner, kind, after: after, limit: limit)
  }
}

extension ToolBench {
  /// What a task asks, as soon as one does.
  func question(besides earlier: TaskQuestion? = nil) async throws -> TaskQuestion {
    while true {
      if let open = try await companion.questions().first(where: { $0 != earlier }) { return open }
      try await simulator.time.sleep(for: .milliseconds(10), tolerance: nil)
    }
  }
}
