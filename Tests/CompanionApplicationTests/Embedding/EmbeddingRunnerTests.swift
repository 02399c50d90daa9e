import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

@testable import CompanionApplication

@Suite(.timeLimit(.minutes(2)))
struct EmbeddingRunnerTests {
  @Test func `everything is embedded once, in batches, in its order`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...20).map { "text \($0)" })
      let run = await room.embed()
      #expect(run.end == .complete)
      #expect(run.embedded == 20)
      #expect(run.vectors == 20)
      #expect(run.space == room.space(service))
      // The first call asks for the dimension.
      #expect(service.calls.map(\.count) == [1, 8, 8, 4])
      #expect(service.calls.dropFirst().flatMap(\.self) == (1...20).map { "text \($0)" })
      #expect(try await room.coverage(service) == EmbeddingCoverage(embedded: 20))
      #expect(await room.embed().calls == 0)
      #expect(service.calls.count == 4)
    }
  }

  @Test func `what is new, and what was changed, is embedded, and nothing else`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      try await room.put("one", "two", "three")
      _ = await room.embed()
      try await room.put("two, changed", named: 2)
      try await room.put("four", named: 4)
      var archived = room.document(3, "three")
      archived.status = .archived
      try await room.store.commit(.putDocument(archived))
      var moved = room.document(1, "one")
      moved.metadata = ["color": "blue"]
      try await room.store.commit(.putDocument(moved))
      let run = await room.embed()
      #expect(service.calls.last == ["two, changed", "four"])
      #expect(run.calls == 1)
      #expect(try await room.found("two", service) == nil)
      #expect(try await room.found("three", service) == nil)
      #expect(try await room.found("two, changed", service) == EmbeddingRoom.source(2))
      #expect(try await room.found("one", service) == EmbeddingRoom.source(1))
    }
  }

  @Test func `messages, memories and facts are embedded too`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      let session = ChatSession(id: SessionID(bits: 1), user: "anna", createdAt: room.now)
      let message = ChatMessage(
        sequence: .zero.next, turn: TurnID(bits: 1), role: .user, parts: [.text("I like tea.")],
        time: room.now, origin: .person)
      try await room.store.commit(
        .insertSession(session), .append([message], to: session.id, after: .zero))
      _ = await room.embed()
      #expect(service.calls.last == ["anna: I like tea."])
      try await room.store.commit(.eraseSession(session.id))
      #expect(try await room.coverage(service) == EmbeddingCoverage())
      #expect(await room.embed().calls == 0)
    }
  }

  @Test func `what was changed during the call is embedded as it is then`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service) { room in
      try await room.put("one", "two")
      let editing = ScriptedEmbeddings { texts, _ in
        if texts.contains("one") {
          try? await room.put("one, changed")
          try? await room.remove(2)
        }
        return nil
      }
      let run = await room.with(editing).embed()
      #expect(run.end == .complete)
      #expect(editing.calls.dropFirst() == [["one", "two"], ["one, changed"]])
      #expect(try await room.found("one", editing) == nil)
      #expect(try await room.found("two", editing) == nil)
      #expect(try await room.found("one, changed", editing) == EmbeddingRoom.source(1))
      #expect(try await room.coverage(editing) == EmbeddingCoverage(embedded: 1))
    }
  }

  @Test func `a long text has a vector for each of its pieces`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service, configure: { $0.pieceTokens = 40 }) { room in
      let sentences = (1...60).map { "The number of this sentence is \($0)." }
      try await room.put(sentences.joined(separator: " "), "short")
      let run = await room.embed()
      #expect(run.embedded == 2)
      #expect(run.vectors > 10)
      let pieces = service.calls.dropFirst().flatMap(\.self)
      #expect(pieces.count == run.vectors)
      #expect(service.calls.allSatisfy { $0.count <= 8 })
      for piece in pieces {
        #expect(room.environment.router.counter.tokens(in: piece) <= 40)
        #expect(try await room.found(piece, service) == EmbeddingRoom.source(piece == "short" ? 2 : 1))
      }
    }
  }

  @Test func `a text that is longer for the model than it was counted is cut shorter`() throws {
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      guard texts.allSatisfy({ $0.utf8.count < 400 }) else {
        throw ProviderFailure(.contextLengthExceeded)
      }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      let sentences = (1...30).map { "The number of this sentence is \($0)." }
      try await room.put("short", sentences.joined(separator: " "))
      let run = await room.embed()
      #expect(run.embedded == 2)
      #expect(run.failed == 0)
      #expect(run.vectors > 3)
      #expect(try await room.coverage(service)?.waiting == 0)
    }
  }

  @Test func `the window of the model counts for each text`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(nil) { room in
      let room = room.with(service, window: 64)
      try await room.put(
        (1...8).map { "Sentence \($0) is here. " + String(repeating: "It goes on. ", count: 6) })
      try await room.put(String(repeating: "It goes on. ", count: 100), named: 9)
      let run = await room.embed()
      #expect(run.end == .complete)
      #expect(run.embedded == 9)
      #expect(
        service.calls.flatMap(\.self).allSatisfy { room.environment.router.counter.tokens(in: $0) <= 64 })
    }
  }

  @Test func `without a service it does not start, and says so`() throws {
    try EmbeddingRoom.run(nil) { room in
      try await room.put("one")
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      await runner.run()
      #expect(!runner.isRunning)
      #expect(await runner.runOnce().end == .noService)
      let status = try await runner.status()
      #expect(status.model == nil)
      #expect(status.spaces.isEmpty)
      await runner.stop()
    }
  }

  @Test func `progress is told, with a rate and the time that is left`() throws {
    let simulated = ScriptedEmbeddings()
    try EmbeddingRoom.run(simulated) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { _, _ in
        try? await time.sleep(until: time.now.advanced(by: .seconds(2)), tolerance: nil)
        return nil
      }
      let room = room.with(service)
      try await room.put((1...40).map { "text \($0)" })
      let run = await room.embed()
      let told = room.events.events.compactMap { event -> EmbeddingProgress? in
        if case .embeddingProgressed(let progress) = event.kind { progress } else { nil }
      }
      #expect(told.map(\.coverage.embedded) == [8, 16, 24, 32, 40, 40])
      #expect(told.allSatisfy { $0.coverage.total == 40 })
      #expect(told.dropFirst().allSatisfy { $0.rate == 4 })
      #expect(told.map(\.remaining) == [nil, .seconds(6), .seconds(4), .seconds(2), .zero, .zero])
      #expect(run.duration == .seconds(12))
      #expect(room.events.events.contains { $0.kind == .embeddingRunEnded(run) })
      #expect(room.events.events.contains { $0.kind == .embeddingSpaceOpened(room.space(service)) })
    }
  }

  @Test func `no call has more texts than the service takes`() throws {
    let service = ScriptedEmbeddings(maximumBatch: 3)
    try EmbeddingRoom.run(service, configure: { $0.pieceTokens = 40 }) { room in
      let sentences = (1...60).map { "The number of this sentence is \($0)." }
      try await room.put((1...10).map { "text \($0)" })
      try await room.put(sentences.joined(separator: " "), named: 11)
      let run = await room.embed()
      #expect(run.embedded == 11)
      #expect(run.failed == 0)
      #expect(service.calls.allSatisfy { $0.count <= 3 })
    }
  }
}
