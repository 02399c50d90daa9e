import CompanionApplication
import CompanionTesting
import Testing

struct UnstructuredTests {
  private struct WriteFailed: Error, Equatable {}

  @Test func `a shielded write is made although its caller is cancelled`() async {
    let gate = Gate()
    let written = EventLog()
    let caller = Task {
      await Unstructured.shielded {
        try? await gate.wait()
        await written.append(Task.isCancelled ? "cancelled" : "written")
      }
      return Task.isCancelled
    }
    caller.cancel()
    gate.open()
    #expect(await caller.value, "the caller was cancelled")
    #expect(await written.lines == ["written"])
  }

  @Test func `a shielded operation returns its value and throws its own error`() async throws {
    #expect(await Unstructured.shielded { 42 } == 42)
    await #expect(throws: WriteFailed()) {
      try await Unstructured.shielded { () throws(WriteFailed) in throw WriteFailed() }
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `unstructured tasks stay on the simulator's executor`(seed: UInt64) throws {
    let simulator = Simulator(seed: seed)
    let lines = try simulator.run {
      let log = EventLog()
      let hosted = Unstructured.start {
        try? await simulator.time.sleep(for: .seconds(2))
        await log.append("hosted")
        await Unstructured.start { await log.append("started by the hosted one") }.value
      }
      await Unstructured.shielded {
        try? await simulator.time.sleep(for: .seconds(1))
        await log.append("shielded")
      }
      await hosted.value
      return await log.lines
    }
    #expect(lines == ["shielded", "hosted", "started by the hosted one"])
    #expect(simulator.elapsed == .seconds(2))
  }
}
