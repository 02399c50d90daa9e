import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// What simulations have found.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddingAfterFaultsTests {
  private func wait(_ duration: Duration, _ room: EmbeddingRoom) async throws {
    try await room.simulator.time.sleep(until: room.now.advanced(by: duration), tolerance: nil)
  }

  // MARK: Dimensions

  @Test func `whoever serves finds out at once that its model has become of another dimension`() throws {
    let long = ScriptedEmbeddings(dimension: 16)
    try EmbeddingRoom.run(ScriptedEmbeddings(dimension: 8)) { room in
      try await room.put((1...12).map { "text \($0)" })
      _ = await room.embed()
      let changed = room.with(long)
      let runner = EmbeddingRunner(environment: changed.environment)
      runner.start()
      try await self.wait(.seconds(1), room)
      await runner.stop()
      #expect(try await changed.coverage(long) == EmbeddingCoverage(embedded: 12))
    }
  }

  @Test func `a process stays in the space of its own dimension, whichever was opened last`() throws {
    let short = ScriptedEmbeddings(dimension: 8)
    try EmbeddingRoom.run(short) { room in
      try await room.put("one")
      let runner = EmbeddingRunner(environment: room.environment)
      #expect(await runner.runOnce().embedded == 1)
      try await room.put("two", named: 2)
      #expect(await room.with(ScriptedEmbeddings(dimension: 16)).embed().embedded == 2)
      let run = await runner.runOnce()
      #expect(run.space == room.space(short))
      #expect(run.embedded == 1)
      #expect(run.calls == 1)
    }
  }

  @Test func `what was made since the model was configured anew is searched, whatever else there is`() throws
  {
    let script: ScriptedEmbeddings.Script = { texts, _ in
      texts.map { ["tea", "a hot drink"].contains($0) ? [1, 0, 0, 0] : [0, 1, 0, 0] }
    }
    let short = ScriptedEmbeddings(dimension: 4, script: script)
    try EmbeddingRoom.run(short) { room in
      try await room.put("tea", "the harbour")
      _ = await room.embed()
      try await room.put("the mountains", named: 3)
      #expect(await room.with(ScriptedEmbeddings(dimension: 16)).embed().embedded == 3)
      // Both spaces have everything.
      let again = room.with(short)
      let runner = EmbeddingRunner(environment: again.environment)
      runner.start()
      try await self.wait(.seconds(1), room)
      await runner.stop()
      let found = try await Recall(environment: again.environment)(
        "a hot drink", in: [EmbeddingRoom.scope], budget: 10_000)
      #expect(found.items.first?.source == EmbeddingRoom.source(1))
    }
  }

  // MARK: Services that are ill

  @Test func `a text that never succeeds does not keep a provider resting that is well again`() throws {
    let isAway = Mutex(false)
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if isAway.withLock({ $0 }) { throw ProviderFailure(.unreachable) }
      if texts.contains("poison") { throw ProviderFailure(.serverError, status: 500) }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("one")
      #expect(await room.embed().embedded == 1)
      try await room.put("poison", "two", "three", named: 2)
      isAway.withLock { $0 = true }
      for _ in 1...6 { _ = await room.embed() }
      let calls = service.calls.count
      _ = await room.embed()
      #expect(service.calls.count == calls, "the provider rests")
      isAway.withLock { $0 = false }
      try await self.wait(.seconds(61), room)
      let run = await room.embed()
      #expect(run.end == .complete)
      #expect(run.embedded == 2)
      #expect(run.failed == 1)
    }
  }

  @Test func `what waits for its turn is not charged with having had no time left`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { texts, number throws(ProviderFailure) in
        if texts == ["dimension"] { return nil }
        if number == 2 { throw ProviderFailure(.rateLimited, retryAfter: .seconds(100), status: 429) }
        do { try await time.sleep(until: time.now.advanced(by: .seconds(30)), tolerance: nil) } catch {
          throw ProviderFailure(.cancelled)
        }
        return nil
      }
      let room = room.with(service)
      try await room.put("one")
      let runner = EmbeddingRunner(environment: room.environment)
      _ = await runner.runOnce()
      _ = await runner.runOnce()
      #expect(try await room.failed(service) == [])
      try await self.wait(.seconds(101), room)
      #expect(await runner.runOnce().embedded == 1)
    }
  }

  @Test func `a service that answers one word with what is no vector is not well`() throws {
    let isIll = Mutex(false)
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      guard isIll.withLock({ $0 }) else { return nil }
      if texts == ["dimension"] { return [Array(repeating: .nan, count: 8)] }
      throw ProviderFailure(.serverError, status: 500)
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("one")
      #expect(await room.embed().embedded == 1)
      isIll.withLock { $0 = true }
      try await room.put("two", named: 2)
      guard case .serviceFailed(let failure) = await room.embed().end else {
        Issue.record("the run has not failed")
        return
      }
      #expect(failure.kind == .malformedResponse)
      #expect(try await room.failed(service) == [])
    }
  }
}
