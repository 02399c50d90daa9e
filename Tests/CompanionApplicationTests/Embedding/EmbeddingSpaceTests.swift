import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

@Suite(.timeLimit(.minutes(2)))
struct EmbeddingSpaceTests {
  private func recalled(
    _ query: String, _ room: EmbeddingRoom, matching filter: RecallFilter = .all
  ) async throws -> [RecallSource] {
    let recall = Recall(environment: room.environment)
    return try await recall(query, in: [EmbeddingRoom.scope], matching: filter, budget: 10_000)
      .items.map(\.source)
  }

  @Test func `what shares no word with a query is found by its vector`() throws {
    let service = ScriptedEmbeddings { texts, _ in
      texts.map {
        ["tea", "a hot drink"].contains($0) ? [1, 0, 0, 0, 0, 0, 0, 0] : [0, 1, 0, 0, 0, 0, 0, 0]
      }
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("tea", "the harbour", "the mountains")
      #expect(try await self.recalled("a hot drink", room).isEmpty)
      _ = await room.embed()
      #expect(try await self.recalled("a hot drink", room).first == EmbeddingRoom.source(1))
      // Nothing is found that is not there any more.
      try await room.remove(1)
      #expect(try await !self.recalled("a hot drink", room).contains(EmbeddingRoom.source(1)))
    }
  }

  @Test(arguments: VectorMetric.allCases)
  func `what is near is told by the model's own metric`(metric: VectorMetric) throws {
    let vectors: [String: [Float]] = ["a hot drink": [1, 0], "tea": [0.5, 0], "the harbour": [3, 3]]
    let service = ScriptedEmbeddings(dimension: 2, metric: metric) { texts, _ in
      texts.map { vectors[$0] ?? [0, 1] }
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("tea", "the harbour", "the mountains")
      _ = await room.embed()
      let found = try await self.recalled("a hot drink", room).prefix(2)
      #expect(found == [1, 2].map(EmbeddingRoom.source)[...] || metric == .dotProduct)
      #expect(found == [2, 1].map(EmbeddingRoom.source)[...] || metric == .cosine)
    }
  }

  @Test func `what is found by vectors is what the filter accepts`() throws {
    let service = ScriptedEmbeddings(dimension: 2) { texts, _ in texts.map { _ in [1, 0] } }
    try EmbeddingRoom.run(service) { room in
      for number in 1...9 {
        var document = room.document(number, "text \(number)")
        document.updatedAt = Timestamp(nanosecondsSinceEpoch: Int64(number))
        document.metadata = ["kind": number.isMultiple(of: 2) ? "note" : "letter"]
        try await room.store.commit(.putDocument(document))
      }
      _ = await room.embed()
      let times = Timestamp(nanosecondsSinceEpoch: 3)..<Timestamp(nanosecondsSinceEpoch: 7)
      for (filter, expected) in [
        (RecallFilter.all, Array(1...9)), (RecallFilter(times: times), Array(3...6)),
        (RecallFilter(metadata: ["kind": "note"]), [2, 4, 6, 8]),
        (RecallFilter(times: times, metadata: ["kind": "note"]), [4, 6]),
        (RecallFilter(kinds: [.message]), []),
      ] {
        // No word of the query is in any text.
        let found = try await self.recalled("unheard", room, matching: filter)
        #expect(found.sorted() == expected.map(EmbeddingRoom.source))
      }
    }
  }

  @Test func `a query whose vector does not come in time is answered by words`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let isSlow = Mutex(false)
      let service = ScriptedEmbeddings { _, _ throws(ProviderFailure) in
        if isSlow.withLock({ $0 }) {
          try? await time.sleep(until: time.now.advanced(by: .seconds(30)), tolerance: nil)
        }
        return nil
      }
      let room = room.with(service)
      try await room.put("green tea", "the harbour")
      _ = await room.embed()
      isSlow.withLock { $0 = true }
      let asked = room.now
      #expect(try await self.recalled("tea", room) == [EmbeddingRoom.source(1)])
      #expect(asked.duration(to: room.now) == .milliseconds(500))
    }
  }

  @Test func `another model has a space of its own, and search goes over when it has caught up`() throws {
    let old = ScriptedEmbeddings(model: "old")
    let new = ScriptedEmbeddings(model: "new", dimension: 12)
    try EmbeddingRoom.run(old) { room in
      try await room.put((1...20).map { "text \($0)" })
      _ = await room.embed()
      let asked = Mutex<[String]>([])
      let watched = ScriptedEmbeddings(model: "old") { texts, _ in
        asked.withLock { $0 += texts }
        return nil
      }
      // The new model is asked first, and stops half-way.
      let failing = ScriptedEmbeddings(model: "new", dimension: 12) { _, number throws(ProviderFailure) in
        if number > 2 { throw ProviderFailure(.unreachable) }
        return nil
      }
      let migrating = room.with(failing, watched)
      #expect(await migrating.embed().embedded == 8)
      #expect(try await room.coverage(old)?.embedded == 20)
      #expect(try await room.coverage(new) == EmbeddingCoverage(embedded: 8, waiting: 12))
      _ = try await self.recalled("text 3", migrating)
      #expect(asked.withLock { $0 } == ["text 3"])
      let done = room.with(new, watched)
      #expect(await done.embed().embedded == 12)
      _ = try await self.recalled("text 4", done)
      #expect(asked.withLock { $0 } == ["text 3"])
      #expect(new.calls.last == ["text 4"])
      // The old one goes when somebody says so.
      try await room.store.commit(.closeEmbeddingSpace(room.space(old)))
      #expect(try await room.store.embeddingSpaces() == [room.space(new)])
    }
  }

  @Test func `a model that has become of another dimension has a new space`() throws {
    let short = ScriptedEmbeddings(dimension: 8)
    let long = ScriptedEmbeddings(dimension: 16)
    try EmbeddingRoom.run(short) { room in
      try await room.put((1...12).map { "text \($0)" })
      _ = await room.embed()
      let changed = room.with(long)
      #expect(await changed.embed().calls == 0)
      try await room.put("text 13", named: 13)
      let run = await changed.embed()
      #expect(run.end == .complete)
      #expect(run.embedded == 13)
      #expect(run.space == changed.space(long))
      #expect(try await changed.coverage(long) == EmbeddingCoverage(embedded: 13))
      #expect(try await room.coverage(short) == EmbeddingCoverage(embedded: 12, waiting: 1))
      #expect(try await self.recalled("text 13", changed).first == EmbeddingRoom.source(13))
    }
  }
}
