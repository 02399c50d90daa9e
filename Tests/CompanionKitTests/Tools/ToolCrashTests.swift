import CompanionKit
import CompanionTesting
import Testing

/// A fault at each commit in turn of a task that calls tools, after which another process goes on.
struct ToolCrashTests {
  @Test(arguments: CrashableStore.Fault.allCases)
  func `no call that must not be made twice is, and every call has one result`(
    fault: CrashableStore.Fault
  ) throws {
    for seed in Seeds.few {
      for commit in 1...30 { try go(through: fault, at: commit, seed: seed) }
    }
  }

  @Sendable private static func rounds(
    _ simulator: Simulator, _ request: GenerationRequest, _ round: Int
  ) -> [ModelStep] {
    switch round {
    case 0: .calling(("write", "1"), ("read", "2"))
    case 1: .calling(("write", "3"))
    default: ["done"]
    }
  }

  private func go(through fault: CrashableStore.Fault, at commit: Int, seed: UInt64) throws {
    let simulator = Simulator(seed: seed)
    let context: Comment = "seed \(seed), \(fault) at commit \(commit)"
    try simulator.run {
      let durable = InMemoryStore(time: simulator.time)
      let session = SessionID(bits: 1)
      try await durable.commit(.insertSession(ChatSession(id: session, createdAt: simulator.time.now)))
      let store = CrashableStore(durable, fault, at: commit)
      let write = BenchTool("write") { _ in
        try await simulator.time.sleep(for: .seconds(1), tolerance: nil)
        return ToolOutput("written")
      }
      let read = BenchTool("read", effect: .readsOnly, isIdempotent: true)
      let tools: [any Tool] = [write, read]
      let first = ToolBench(
        simulator: simulator, store: store, tools: tools, approver: .allowEverything, rounds: Self.rounds)
      first.companion.start()
      _ = try? await first.ask()
      try await simulator.time.sleep(for: .seconds(20), tolerance: nil)
      store.crash()
      await first.companion.stop()

      let second = ToolBench(
        simulator: simulator, store: durable, tools: tools, approver: .allowEverything, rounds: Self.rounds)
      second.companion.start()
      if let reply = try await second.companion.resume(session) { _ = try await reply.text() }
      // A dead worker's lease runs out before its task is taken up again.
      try await simulator.time.sleep(for: .seconds(600), tolerance: nil)
      let tasks = try await second.companion.tasks(limit: 10)
      for task in tasks {
        #expect(task.state.name == .completed, context)
        let calls = try await second.calls(of: task.id)
        #expect(calls.count == 3, context)
        #expect(calls.allSatisfy { $0.result != nil }, context)
        let written = calls.filter { $0.call.name == "write" && $0.result?.outcome == .succeeded }
        // What says that it is done is; what was begun and is not known of may be, and is not begun again.
        #expect(written.count <= write.calls.count, context)
      }
      // At most once for each task; a message that was stored and not acknowledged may have come twice.
      for argument in [1, 3] as [JSONValue] {
        #expect(write.calls.count { $0 == argument } <= max(tasks.count, 1), context)
      }
      await second.companion.stop()
    }
  }
}
