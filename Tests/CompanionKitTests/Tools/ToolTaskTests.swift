import CompanionKit
import CompanionTesting
import Testing

/// Background tasks whose model calls tools, under a simulator.
struct ToolTaskTests {
  @Test func `a model calls tools, sees what they bring, and says what it has come to`() throws {
    for seed in Seeds.range {
      let look = BenchTool("look", effect: .readsOnly, isIdempotent: true) { _ in ToolOutput("three files") }
      try ToolBench.run(
        seed: seed, tools: [look],
        rounds: { _, request, round in
          round == 0 ? .calling(("look", #"{"where":"here"}"#)) : ["There are three files."]
        }
      ) { bench in
        let task = try await bench.ask()
        #expect(try await bench.result(of: task) == "There are three files.")
        #expect(look.calls == [["where": "here"]])
        let last = try #require(bench.model.requests(for: .task).last)
        #expect(last.tools.map(\.name) == ["ask_person", "look"])
        let results = last.messages.flatMap(\.results)
        #expect(results.map(\.outcome) == [.succeeded])
        #expect(results.allSatisfy { $0.content.contains("three files") })
        #expect(try await bench.companion.history(of: bench.session).last?.text == "There are three files.")
      }
    }
  }

  @Test func `what a tool fails, and a tool that is not there, is told to the model`() throws {
    let broken = BenchTool("broken", effect: .readsOnly) { _ in throw ToolFailure.notFound(path: "a.md") }
    try ToolBench.run(
      tools: [broken],
      rounds: { _, _, round in
        round == 0 ? .calling(("broken", "{}"), ("absent", "{}"), ("broken", "no json")) : ["I could not."]
      }
    ) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "I could not.")
      let calls = try await bench.calls(of: task)
      #expect(calls.map { $0.result?.outcome } == [.failed, .failed, .failed])
      #expect(calls[0].result?.content.contains("a.md") == true)
      #expect(calls[1].result?.content.contains("There are: ask_person, broken.") == true)
      #expect(broken.calls.count == 1)
    }
  }

  @Test func `calls of a round have names of their own, whatever the model calls them`() throws {
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true)
    try ToolBench.run(
      tools: [look],
      rounds: { _, _, round in
        guard round < 2 else { return ["done"] }
        return (0..<3).map { index in
          ModelStep.toolCall(ToolCall(id: index == 1 ? "" : "x", name: "look", arguments: ""), index: index)
        }
      }
    ) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "done")
      let calls = try await bench.calls(of: task)
      #expect(calls.count == 6)
      #expect(Set(calls.prefix(3).map(\.call.id)).count == 3)
      #expect(calls.allSatisfy { $0.result?.callID == $0.call.id })
    }
  }

  @Test func `after the last round the model is asked without tools what it has come to`() throws {
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true)
    try ToolBench.run(
      tools: [look],
      rounds: { _, request, _ in request.tools.isEmpty ? ["enough"] : .calling(("look", "{}")) },
      configure: { $0.work.maximumRounds = 5 }
    ) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "enough")
      #expect(look.calls.count == 5)
    }
  }

  @Test func `a task that has used its tokens has to come to an end`() throws {
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true)
    try ToolBench.run(
      tools: [look],
      rounds: { _, request, _ in
        request.tools.isEmpty
          ? ["enough"] : [.usage(input: 400, output: 100)] + .calling(("look", "{}"))
      },
      configure: { $0.work.maximumTokens = 1200 }
    ) { bench in
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "enough")
      #expect(look.calls.count == 3)
      let ended = try await bench.companion.taskStatus(of: task).task
      #expect(ended.usage == TokenUsage(input: 1200, output: 300))
    }
  }

  @Test func `calls beyond the limit of a round are answered without being made`() throws {
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true)
    try ToolBench.run(
      tools: [look],
      rounds: { _, _, round in
        round > 0
          ? ["done"]
          : (0..<40).map { .toolCall(ToolCall(id: "\($0)", name: "look", arguments: "{}"), index: $0) }
      },
      configure: { $0.work.maximumCalls = 10 }
    ) { bench in
      let task = try await bench.ask()
      _ = try await bench.result(of: task)
      #expect(look.calls.count == 10)
      let results = try await bench.calls(of: task).compactMap(\.result)
      #expect(results.count == 40)
      #expect(results.suffix(30).allSatisfy { $0.outcome == .failed })
      #expect(bench.events.events.count { $0.kind.typeName == "tool.started" } == 10)
      #expect(bench.events.events.count { $0.kind.typeName == "tool.ended" } == 40)
    }
  }

  @Test func `a long result keeps its beginning and its end`() throws {
    let long = BenchTool("long", effect: .readsOnly, isIdempotent: true) { _ in
      ToolOutput("BEGIN" + String(repeating: "x", count: 1_000_000) + "END")
    }
    try ToolBench.run(
      tools: [long], rounds: { _, _, round in round == 0 ? .calling(("long", "{}")) : ["done"] }
    ) { bench in
      let task = try await bench.ask()
      _ = try await bench.result(of: task)
      let content = try #require(try await bench.calls(of: task).first?.result?.content)
      #expect(content.hasPrefix("BEGIN") && content.hasSuffix("END"))
      #expect(content.utf8.count < 66_000)
    }
  }

  @Test func `a call that takes too long is stopped, and the model goes on`() throws {
    let gate = Gate()
    let hang = BenchTool("hang", effect: .readsOnly, isIdempotent: true) { _ in
      try await gate.wait()
      return ToolOutput("never")
    }
    try ToolBench.run(
      tools: [hang], rounds: { _, _, round in round == 0 ? .calling(("hang", "{}")) : ["It hung."] },
      configure: { $0.work.callLimit = .seconds(120) }
    ) { bench in
      let start = bench.simulator.time.now
      let task = try await bench.ask()
      #expect(try await bench.result(of: task) == "It hung.")
      #expect(start.duration(to: bench.simulator.time.now) < .seconds(130))
      let result = try #require(try await bench.calls(of: task).first?.result)
      #expect(result.outcome == .failed)
      #expect(result.content.contains("120"))
      #expect(hang.calls.count == 1)
    }
  }

  @Test func `what is deleted while a task works is in none of its later prompts`() throws {
    let (begun, gate) = (Gate(), Gate())
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true) { _ in
      begun.open()
      try await gate.wait()
      return ToolOutput("three files")
    }
    try ToolBench.run(
      tools: [look], rounds: { _, _, round in round == 0 ? .calling(("look", "{}")) : ["done"] }
    ) { bench in
      _ = try await bench.companion.send("My code is 4711.", in: bench.session).text()
      let message = try #require(try await bench.companion.history(of: bench.session).first)
      let task = try await bench.ask()
      try await begun.wait()
      try await bench.companion.deleteMessage(message.sequence, in: bench.session)
      gate.open()
      #expect(try await bench.result(of: task) == "done")
      let prompts = bench.model.requests(for: .task).map { $0.messages.map(\.text).joined() }
      #expect(prompts.map { $0.contains("4711") } == [true, false])
    }
  }

  @Test func `a task that is cancelled while a tool works leaves a result for every call`() throws {
    for seed in Seeds.range {
      let simulated = Gate()
      let slow = BenchTool("slow") { _ in
        try await simulated.wait()
        return ToolOutput("never")
      }
      try ToolBench.run(
        seed: seed, tools: [slow], approver: .allowEverything,
        rounds: { _, _, _ in .calling(("slow", "{}"), ("slow", "{}")) }
      ) { bench in
        let task = try await bench.ask()
        _ = await bench.events.first { $0.kind.typeName == "tool.started" }
        try await bench.companion.cancelTask(task, reason: "enough")
        for try await _ in bench.companion.taskUpdates(of: task) {}
        let calls = try await bench.calls(of: task)
        #expect(calls.count == 2)
        #expect(calls.allSatisfy { $0.result?.outcome == .interrupted }, "seed \(seed)")
        #expect(slow.calls.count == 1)
      }
    }
  }

  @Test(arguments: [[0], [1], [0, 1]])
  func `a task whose steps are not all stored makes no call again, and fails`(missing: [Int]) throws {
    let (look, write) = (BenchTool("look", effect: .readsOnly), BenchTool("write"))
    try ToolBench.run(
      tools: [look, write],
      rounds: { _, _, round in
        round == 0 ? .calling(("look", "{}")) : round == 1 ? .calling(("write", "{}")) : ["done"]
      }
    ) { bench in
      let task = try await bench.ask()
      let id = try await bench.approvals()[0].id
      for number in missing {
        try await bench.store.commit(
          .removeState(StateKey(.task(task), .round, StateName(number: number))))
      }
      try await bench.companion.approve(id)
      await #expect(throws: (any Error).self) { try await bench.result(of: task) }
      #expect(look.calls.count == 1 && write.calls.isEmpty)
    }
  }

  @Test func `a task without its intent is understood once`() throws {
    let look = BenchTool("look", effect: .readsOnly, isIdempotent: true)
    try ToolBench.run(
      tools: [look], rounds: { _, _, round in round == 0 ? .calling(("look", "{}")) : ["done"] },
      configure: { $0.intents = .model }
    ) { bench in
      let payload = try TaskPayload(ConversationTask(instruction: "Look at everything"))
      let task = try await bench.companion.createTask(
        TaskRequest(kind: .conversation, payload: payload, requester: .named("host")))
      #expect(try await bench.result(of: task) == "done")
      #expect(bench.model.requests(for: .intent).count == 1)
    }
  }
}
