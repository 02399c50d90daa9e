import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// When the runner runs.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddingServiceTests {
  private func wait(_ duration: Duration, _ room: EmbeddingRoom) async throws {
    try await room.simulator.time.sleep(until: room.now.advanced(by: duration), tolerance: nil)
  }

  @Test func `it embeds at once, and soon after something was written`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      try await room.put("one")
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await self.wait(.seconds(1), room)
      #expect(runner.isRunning)
      #expect(service.calls.last == ["one"])
      // A burst is one run.
      for number in 2...6 {
        try await room.put("text \(number)", named: number)
        try await self.wait(.milliseconds(100), room)
      }
      try await self.wait(.seconds(3), room)
      #expect(service.calls.last == (2...6).map { "text \($0)" })
      #expect(runner.lastRun?.embedded == 5)
      await runner.stop()
      #expect(!runner.isRunning)
    }
  }

  @Test func `it looks again every two minutes, whether it was told or not`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(
      service,
      plan: StoreFaultPlan(fault: { _ in nil }, newsFault: { .lost })
    ) { room in
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await self.wait(.seconds(1), room)
      try await room.put("one")
      try await self.wait(.seconds(118), room)
      #expect(service.calls == [["dimension"]])
      try await self.wait(.seconds(3), room)
      #expect(service.calls.last == ["one"])
      await runner.stop()
    }
  }

  @Test func `what has failed is tried again when it is due`() throws {
    let times = Mutex<[Timestamp]>([])
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
        guard texts == ["bad"] else { return nil }
        times.withLock { $0.append(time.now) }
        throw ProviderFailure(.invalidRequest)
      }
      let room = room.with(service)
      try await room.put("bad")
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await self.wait(.seconds(3_600), room)
      await runner.stop()
      let times = times.withLock { $0 }
      #expect(
        zip(times, times.dropFirst()).map { $0.duration(to: $1) }
          == [.seconds(30), .seconds(60), .seconds(120), .seconds(240)])
      #expect(try await room.coverage(service)?.parked == 1)
    }
  }

  @Test func `stop ends it behind the batch that is under way`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { _, _ in
        try? await time.sleep(until: time.now.advanced(by: .seconds(5)), tolerance: nil)
        return nil
      }
      let room = room.with(service)
      try await room.put((1...100).map { "text \($0)" })
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await self.wait(.seconds(12), room)
      let asked = room.now
      await runner.stop()
      #expect(asked.duration(to: room.now) <= .seconds(5))
      #expect(runner.lastRun?.end == .stopped)
      #expect(try await room.coverage(service)?.embedded == 16)
      #expect(service.calls.count == 3)
    }
  }

  @Test func `stop gives up a call that takes longer than its grace`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
        if texts == ["dimension"] { return nil }
        do { try await time.sleep(until: .distantFuture, tolerance: nil) } catch {}
        throw ProviderFailure(.cancelled)
      }
      let room = room.with(service)
      try await room.put("one")
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await self.wait(.seconds(1), room)
      let asked = room.now
      await runner.stop()
      #expect(asked.duration(to: room.now) == .seconds(10))
      #expect(try await room.failed(service) == [])
    }
  }

  @Test func `several who ask at a time share the work`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...30).map { "text \($0)" })
      let runner = EmbeddingRunner(environment: room.environment)
      async let first = runner.runOnce()
      async let second = runner.runOnce()
      let (one, other) = await (first, second)
      #expect(one.embedded + other.embedded == 30)
      #expect(service.calls.flatMap(\.self).count == 31)
    }
  }
}
