import CompanionApplication
import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Conversations that are closed by one process while another one answers in them, under a simulator.
struct ClosingTests {
  /// Two companions on one store, and what the second one's model says; the first one's says nothing.
  private struct Processes {
    let first: Scene
    let second: Scene
    var session: SessionID { first.session }

    static func run(
      seed: UInt64, model: @escaping @Sendable (Simulator) -> ScriptedModel,
      configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
      _ body: @escaping @Sendable (Processes) async throws -> Void
    ) throws {
      let failing = ScriptedModel { _ in .refusing(ProviderFailure(.overloaded)) }
      try Scene.run(seed: seed, model: { _ in failing }) { first in
        let second = Scene(
          simulator: first.simulator, store: first.store, model: model(first.simulator),
          configure: configure)
        second.companion.start()
        _ = try? await first.companion.send("Hello", in: first.session).text()
        try await body(Processes(first: first, second: second))
        await second.companion.stop()
      }
    }
  }

  @Test
  func `what another process delivers when a conversation is closed is kept until then, and no further`()
    throws
  {
    for seed in Seeds.few {
      try Processes.run(seed: seed, model: { .words("one two three four five six", on: $0.time) }) { both in
        let reply = try #require(try await both.second.companion.resume(both.session))
        var pieces = reply.makeAsyncIterator()
        for _ in 0..<3 { _ = try await pieces.next() }
        let closing = try await both.first.companion.closeSession(both.session, reason: "done")
        let closed = ChatFailure.sessionClosed(both.session, reason: "done")
        let failure = await #expect(throws: ChatFailure.self) { while try await pieces.next() != nil {} }
        #expect(failure == closed && reply.outcome == .failed(closed))
        let log = try await both.first.log()
        #expect(log == ["user: Hello", "assistant: one two  [crashed]"])
        #expect(closing.statistics.messages == 2)
        #expect(try await both.first.store.draft(in: both.session) == nil)
        await #expect(throws: closed) { try await both.second.companion.send("More", in: both.session) }
        try await both.first.companion.reopenSession(both.session)
        _ = try await both.second.companion.send("More", in: both.session).text()
        #expect(try await both.first.log().count == 4)
      }
    }
  }

  @Test func `nothing comes into a conversation behind its end, whatever is answered at that moment`() throws
  {
    for seed in Seeds.range {
      for delay in [0, 1, 150] {
        try Processes.run(seed: seed, model: { .words("one two three", on: $0.time) }) { both in
          let answer = await withTaskGroup(of: String?.self) { group in
            group.addTask {
              _ = try? await both.first.simulator.time.sleep(for: .milliseconds(delay), tolerance: nil)
              _ = try? await both.first.companion.closeSession(both.session)
              return nil
            }
            group.addTask { try? await both.second.companion.resume(both.session)?.text() }
            return await group.reduce(nil) { $0 ?? $1 }
          }
          let closing = try #require(try await both.first.companion.details(of: both.session).closing)
          let log = try await both.first.log()
          #expect(log.count == Int(closing.statistics.messages), "seed \(seed), \(delay) ms: \(log)")
          #expect((answer != nil) == log.contains("assistant: one two three "), "seed \(seed): \(log)")
        }
      }
    }
  }

  @Test func `what a message asks for is not begun when the conversation was closed meanwhile`() throws {
    let model = { @Sendable (simulator: Simulator) in
      ScriptedModel { request in
        guard request.purpose == .intent else { return ["result"] }
        return [
          .pause(.seconds(2), on: simulator.time),
          .text(#"{"profile":"analysis","complexity":"high","confidence":1}"#),
        ]
      }
    }
    for seed in Seeds.few {
      try Processes.run(seed: seed, model: model, configure: { $0.intents = .model }) { both in
        let reply = try #require(try await both.second.companion.resume(both.session))
        try await both.first.simulator.time.sleep(for: .seconds(1), tolerance: nil)
        try await both.first.companion.closeSession(both.session)
        await #expect(throws: ChatFailure.sessionClosed(both.session, reason: "")) {
          try await reply.text()
        }
        #expect(try await both.first.log() == ["user: Hello"])
        #expect(try await both.first.companion.tasks().isEmpty)
        // It is done when the conversation is open again.
        try await both.first.companion.reopenSession(both.session)
        let again = try #require(try await both.second.companion.resume(both.session))
        _ = try await again.text()
        #expect(try await both.first.companion.tasks().count == 1)
      }
    }
  }

  @Test func `an answer goes on when its conversation was closed, and opened again, meanwhile`() throws {
    for seed in Seeds.few {
      for pieces in 1...4 {
        try Processes.run(seed: seed, model: { .words("one two three four five", on: $0.time) }) { both in
          let reply = try #require(try await both.second.companion.resume(both.session))
          var said = reply.makeAsyncIterator()
          for _ in 0..<pieces { _ = try await said.next() }
          try await both.first.companion.closeSession(both.session)
          try await both.first.companion.reopenSession(both.session)
          while try await said.next() != nil {}
          #expect(reply.outcome == .answered)
          let log = try await both.first.log()
          #expect(log.last == "assistant: one two three four five ")
          // What was stored when it was closed stands before it.
          #expect(log.dropLast().dropFirst().allSatisfy { $0.hasSuffix("[crashed]") })
        }
      }
    }
  }

  @Test func `an answer goes on when something of its conversation is forgotten elsewhere`() throws {
    for seed in Seeds.few {
      try Processes.run(seed: seed, model: { .words("one two three four", on: $0.time) }) { both in
        let session = SessionID(bits: 3)
        let (first, second) = (both.first.companion, both.second.companion)
        try await first.startSession(session, about: "the garden")
        _ = try await second.send("Hello", in: session).text()
        let reply = try await second.send("And now?", in: session)
        var pieces = reply.makeAsyncIterator()
        _ = try await pieces.next()
        // What the conversation is about goes, too: its details have another version then.
        _ = try await first.forget(.message(SequenceNumber.zero.next, in: session))
        #expect(try await first.details(of: session).item == nil)
        while try await pieces.next() != nil {}
        #expect(reply.outcome == .answered)
        #expect(try await first.history(of: session, limit: 9).last?.text == "one two three four ")
      }
    }
  }

  @Test func `a conversation is closed although what is stored of an answer is damaged`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = DamagedDraft(base: InMemoryStore(time: simulator.time))
      let companion = Companion(
        model: ScriptedModel.answering("yes"), store: store, time: simulator.time,
        identifiers: simulator.identifiers)
      companion.start()
      let session = try await companion.startSession(SessionID(bits: 1)).id
      let damaged = AnswerDraft(turn: TurnID(bits: 9), startedAt: simulator.time.now, text: "one")
      try await store.commit(.extendDraft(damaged, of: session, offset: 0))
      #expect(try await companion.closeSession(session, reason: "done").reason == "done")
      #expect(try await store.base.draft(in: session) == nil)
      await companion.stop()
    }
  }

  @Test func `whether a conversation is open is read once, not for every message`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = CountingStore(base: InMemoryStore(time: simulator.time))
      var configuration = CompanionConfiguration()
      configuration.intents = .rules
      configuration.mode = .standard
      configuration.memory.isAutomatic = false
      let companion = Companion(
        model: ScriptedModel.words("one two three four five", on: simulator.time), store: store,
        configuration: configuration, time: simulator.time, identifiers: simulator.identifiers)
      companion.start()
      try await companion.startSession(SessionID(bits: 1))
      for text in ["Hello", "Are you there?", "Hello again"] {
        _ = try await companion.send(text).text()
        #expect(store.looks.withLock { $0 } == 1)
      }
      await companion.stop()
    }
  }
}

/// A store that counts how often somebody looks at what a conversation is about and whether it is closed.
private final class CountingStore: StoreWrapper {
  let base: any CompanionStore
  let looks = Mutex(0)

  init(base: any CompanionStore) { self.base = base }

  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    if key.kind == .session { looks.withLock { $0 += 1 } }
    return try await base.state(key)
  }
}

/// A store that cannot read what it has of an answer.
private struct DamagedDraft: StoreWrapper {
  let base: any CompanionStore

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    guard try await base.draft(in: session) == nil else { throw .corrupt("a draft") }
    return nil
  }
}
