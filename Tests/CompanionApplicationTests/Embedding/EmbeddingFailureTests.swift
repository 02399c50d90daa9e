import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

@Suite(.timeLimit(.minutes(2)))
struct EmbeddingFailureTests {
  /// What a service does to a text with the mark.
  enum Flaw: String, CaseIterable, Sendable {
    case serverError, invalid, malformed, short, none, notANumber, infinite, otherDimension, empty, tooMany
    case timeOut, filtered, zeros
  }

  private static func service(_ flaw: Flaw, marked mark: String = "bad") -> ScriptedEmbeddings {
    ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      guard let place = texts.firstIndex(where: { $0.contains(mark) }) else { return nil }
      var vectors = texts.map { ScriptedEmbeddings.vector(of: $0, dimension: 8) }
      switch flaw {
      case .serverError: throw ProviderFailure(.serverError, message: "no luck")
      case .invalid: throw ProviderFailure(.invalidRequest, message: "no such text")
      case .malformed: throw ProviderFailure(.malformedResponse)
      case .timeOut: throw ProviderFailure(.timedOut)
      case .filtered: throw ProviderFailure(.contentFiltered)
      case .short: vectors.removeLast()
      case .tooMany: vectors.append(vectors[place])
      case .none: vectors = []
      case .notANumber: vectors[place][3] = .nan
      case .infinite: vectors[place][0] = .infinity
      case .otherDimension: vectors[place].removeLast()
      case .empty: vectors[place] = []
      case .zeros: vectors[place] = [Float](repeating: 0, count: 8)
      }
      return vectors
    }
  }

  @Test(arguments: Flaw.allCases)
  func `what cannot be embedded harms nothing else, is tried again, and is parked with its reason`(
    flaw: Flaw
  ) throws {
    let service = Self.service(flaw)
    try EmbeddingRoom.run(service) { room in
      let texts = (1...300).map { $0 % 100 == 7 ? "bad \($0)" : "good \($0)" }
      try await room.put(texts)
      let first = await room.embed()
      #expect(first.end == .complete)
      #expect(first.embedded == 297)
      #expect(first.failed == 3)
      #expect(try await room.coverage(service)?.nextRetry == room.now.advanced(by: .seconds(30)))
      // Nothing is due before its time.
      #expect(await room.embed().calls == 0)
      for _ in 1...4 {
        let next = try #require(try await room.coverage(service)?.nextRetry)
        try await room.simulator.time.sleep(until: next.advanced(by: .seconds(1)), tolerance: nil)
        #expect(await room.embed().embedded == 0)
      }
      #expect(try await room.coverage(service) == EmbeddingCoverage(embedded: 297, parked: 3))
      let parked = try await room.failed(service)
      #expect(parked.map(\.source) == [7, 107, 207].map(EmbeddingRoom.source))
      #expect(parked.allSatisfy { $0.attempts == 5 && !$0.reason.isEmpty && $0.retryAt == nil })
      let told = room.events.events.filter {
        if case .embeddingParked = $0.kind { true } else { false }
      }
      #expect(told.count == 3)
      for (place, text) in texts.enumerated() where text.hasPrefix("good") {
        #expect(try await room.found(text, service) == EmbeddingRoom.source(place + 1))
      }
    }
  }

  @Test func `what is parked is tried again when it was changed, or somebody asks for it`() throws {
    let isHealed = Mutex(false)
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if texts.contains(where: { $0.contains("bad") }), !isHealed.withLock({ $0 }) {
        throw ProviderFailure(.invalidRequest)
      }
      return nil
    }
    try EmbeddingRoom.run(service, configure: { $0.retry.maximumRetries = 0 }) { room in
      try await room.put("bad 1", "bad 2", "good")
      #expect(await room.embed().parked == 2)
      #expect(await room.embed().calls == 0)
      try await room.put("mended", named: 1)
      #expect(await room.embed().embedded == 1)
      isHealed.withLock { $0 = true }
      #expect(await room.embed().calls == 0)
      try await room.store.commit(.retryEmbeddings(in: room.space(service)))
      #expect(await room.embed().embedded == 1)
      #expect(try await room.coverage(service) == EmbeddingCoverage(embedded: 3))
    }
  }

  @Test(arguments: [
    ProviderFailure.Kind.rateLimited, .overloaded, .unreachable, .authentication, .quotaExhausted,
    .modelNotFound, .serverError, .timedOut, .connectionLost, .malformedResponse, .invalidRequest,
  ])
  func `a service that fails at everything is nobody's fault`(kind: ProviderFailure.Kind) throws {
    let isDown = Mutex(false)
    let service = ScriptedEmbeddings { _, _ throws(ProviderFailure) in
      if isDown.withLock({ $0 }) { throw ProviderFailure(kind) }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("zero", named: 0)
      _ = await room.embed()
      isDown.withLock { $0 = true }
      try await room.put((1...20).map { "text \($0)" })
      for _ in 1...10 {
        let run = await room.embed()
        guard case .serviceFailed = run.end else {
          Issue.record("it ended with \(run.end)")
          return
        }
        #expect(run.calls <= 2)
        try await room.simulator.time.sleep(
          until: room.now.advanced(by: .seconds(3_600)), tolerance: nil)
      }
      #expect(try await room.failed(service) == [])
      isDown.withLock { $0 = false }
      #expect(await room.embed().embedded == 20)
    }
  }

  /// When a service was called for 20 texts, of which it embeds eight at a time, where some of its calls fail.
  private static func callTimes(
    failing failure: @escaping @Sendable (_ call: Int) -> ProviderFailure?
  ) throws -> [Timestamp] {
    let calls = Mutex<[Timestamp]>([])
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { _, number throws(ProviderFailure) in
        calls.withLock { $0.append(time.now) }
        if let failure = failure(number) { throw failure }
        return nil
      }
      let room = room.with(service)
      try await room.put((1...20).map { "text \($0)" })
      let runner = EmbeddingRunner(environment: room.environment)
      runner.start()
      try await time.sleep(until: time.now.advanced(by: .seconds(60)), tolerance: nil)
      await runner.stop()
      #expect(try await room.coverage(service)?.embedded == 20)
    }
    return calls.withLock { $0 }
  }

  @Test func `a service that asks for a rest is given it`() throws {
    let calls = try Self.callTimes { call in
      call == 3 ? ProviderFailure(.rateLimited, retryAfter: .seconds(40)) : nil
    }
    try #require(calls.count == 5)
    #expect(calls[2].duration(to: calls[3]) >= .seconds(40))
    #expect(calls[2].duration(to: calls[3]) < .seconds(45))
  }

  @Test func `a service that limits the rate, and does not say until when, is asked again soon, then later`()
    throws
  {
    let calls = try Self.callTimes { call in (3...5).contains(call) ? ProviderFailure(.rateLimited) : nil }
    try #require(calls.count == 7)
    let waits = (2...4).map { calls[$0].duration(to: calls[$0 + 1]) }
    for (wait, expected) in zip(waits, [1, 2, 4]) {
      #expect(wait >= .seconds(expected) && wait < .seconds(expected + 1))
    }
  }

  @Test(arguments: [StoreFault.errorAfter, .busy, .slow(.seconds(5)), .crashBefore, .crashAfter])
  func `whatever becomes of a call of the store, nothing that was stored is embedded again`(
    fault: StoreFault
  ) throws {
    for call in 1...12 {
      let service = ScriptedEmbeddings()
      try EmbeddingRoom.run(service, plan: .once(fault, atCall: call)) { room in
        try await room.put((1...20).map { "text \($0)" })
        _ = await room.embed()
        let stored = try await room.coverage(service)?.embedded ?? 0
        let before = service.calls.count
        // Another process goes on.
        _ = await room.with(service).embed()
        let texts = service.calls.dropFirst(before).flatMap(\.self).filter { $0 != EmbeddingCalls.probe }
        #expect(texts.count == 20 - stored)
        #expect(Set(texts).count == texts.count)
        #expect(try await room.coverage(service) == EmbeddingCoverage(embedded: 20))
        // A store that is busy for a moment costs nothing.
        if fault == .errorAfter || fault == .busy || fault == .slow(.seconds(5)), stored == 20 {
          #expect(service.calls.flatMap(\.self).count { $0 != EmbeddingCalls.probe } == 20)
        }
      }
    }
  }

  @Test func `a call that does not end is given up`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
        guard texts.contains("bad") else { return nil }
        do { try await time.sleep(until: .distantFuture, tolerance: nil) } catch {}
        throw ProviderFailure(.cancelled)
      }
      let room = room.with(service)
      try await room.put("one", "bad", "three")
      let run = await room.embed()
      #expect(run.embedded == 2)
      #expect(run.failed == 1)
      #expect(run.duration < .seconds(600))
      #expect(try await room.failed(service).first?.reason.contains("in time") == true)
    }
  }

  @Test(arguments: [
    ProviderFailure.Kind.overloaded, .authentication, .modelNotFound, .connectionLost,
  ])
  func `a text at which a server seems to be down holds up nothing for ever`(
    kind: ProviderFailure.Kind
  ) throws {
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if texts.contains(where: { $0.contains("bad") }) { throw ProviderFailure(kind) }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...400).map { $0 % 100 == 7 ? "bad \($0)" : "good \($0)" })
      let runner = EmbeddingRunner(environment: room.environment)
      for _ in 1...60 {
        _ = await runner.runOnce()
        try await room.simulator.time.sleep(until: room.now.advanced(by: .seconds(1_200)), tolerance: nil)
      }
      let coverage = try await room.coverage(service)
      #expect(coverage?.embedded == 396)
      // Of too much work nobody says that it is for a text.
      #expect(coverage?.parked == (kind == .overloaded ? 0 : 4))
    }
  }

  @Test func `one text at which a server always seems to be busy does not end a run`() throws {
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if texts.contains(where: { $0.contains("bad") }) { throw ProviderFailure(.overloaded, status: 503) }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...100).map { $0 == 37 ? "bad" : "good \($0)" })
      // Each run is a process of its own.
      for _ in 1...9 {
        let run = await room.embed()
        guard case .serviceFailed(let failure) = run.end else {
          Issue.record("it ended with \(run.end)")
          return
        }
        #expect(failure.kind == .overloaded)
        let retryAt = room.now.advanced(by: .seconds(480))
        #expect(
          try await room.coverage(service)
            == EmbeddingCoverage(embedded: 99, waiting: 1, nextRetry: retryAt))
        // Whoever asks sees what waits, and why. However often that comes, it is never parked.
        let waiting = try await room.failed(service)
        #expect(waiting.map(\.source) == [EmbeddingRoom.source(37)])
        #expect(waiting.first?.attempts == 1 && waiting.first?.reason.contains("overloaded") == true)
        try await room.simulator.time.sleep(until: retryAt, tolerance: nil)
      }
    }
  }

  @Test func `a server that is too busy for texts, and answers a word, is left alone`() throws {
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if texts != [EmbeddingCalls.probe] { throw ProviderFailure(.overloaded, status: 503) }
      return nil
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...100).map { "text \($0)" })
      let run = await room.embed()
      #expect(run.embedded == 0 && run.calls <= 6)
      #expect(try await room.failed(service) == [])
    }
  }

  @Test func `a server that dies of a text, and comes back, embeds all others`() throws {
    let isDown = Mutex(false)
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      if isDown.withLock({ $0 }) { throw ProviderFailure(.unreachable) }
      guard texts.contains("bad") else { return nil }
      isDown.withLock { $0 = true }
      throw ProviderFailure(.connectionLost)
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put((1...20).map { $0 == 5 ? "bad" : "good \($0)" })
      let runner = EmbeddingRunner(environment: room.environment)
      for _ in 1...40 {
        _ = await runner.runOnce()
        try await room.simulator.time.sleep(until: room.now.advanced(by: .seconds(1_200)), tolerance: nil)
        isDown.withLock { $0 = false }
      }
      // Whether it is for the text nobody knows, but nothing else waits for that.
      #expect(try await room.coverage(service) == EmbeddingCoverage(embedded: 19, waiting: 1))
    }
  }

  @Test func `a dimension that is another one each time ends the run`() throws {
    let service = ScriptedEmbeddings { texts, number in
      texts.map { ScriptedEmbeddings.vector(of: $0, dimension: 8 + number) }
    }
    try EmbeddingRoom.run(service) { room in
      try await room.put("one", "two")
      let run = await room.embed()
      #expect(run.embedded == 0)
      #expect(run.calls < 20)
      #expect(try await room.store.embeddingSpaces().count <= 2)
    }
  }

  @Test func `a provider that hangs is found out, and another one of the same model stands in`() throws {
    try EmbeddingRoom.run(nil) { room in
      let time = room.simulator.time
      let hanging = ScriptedEmbeddings { _, _ throws(ProviderFailure) in
        do { try await time.sleep(until: .distantFuture, tolerance: nil) } catch {}
        throw ProviderFailure(.cancelled)
      }
      let healthy = ScriptedEmbeddings()
      let room = EmbeddingRoom(room.simulator, room.store, [hanging, healthy])
      try await room.put((1...40).map { "text \($0)" })
      let run = await room.embed()
      #expect(run.embedded == 40)
      // The dimension, and batches until it rests.
      #expect(hanging.calls.count == 5)
    }
  }

  @Test func `a long text is embedded though a call fails now and then`() throws {
    let service = ScriptedEmbeddings { _, number throws(ProviderFailure) in
      if number % 5 == 0 { throw ProviderFailure(.serverError) }
      return nil
    }
    try EmbeddingRoom.run(service, configure: { $0.pieceTokens = 40 }) { room in
      let sentences = (1...400).map { "The number of this sentence is \($0)." }
      try await room.put(sentences.joined(separator: " "))
      let run = await room.embed()
      #expect(run.embedded == 1)
      #expect(run.calls > 10)
    }
  }
}
