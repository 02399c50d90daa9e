import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct LanguageModelConformanceTests {
  @Test(arguments: LanguageModelConformance.checks + [LanguageModelConformance.consistency])
  func `the scripted model keeps every promise`(check: ConformanceCheck<any LanguageModel>) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let simulator = Simulator(seed: seed)
      let model = ScriptedModel { request in
        let text: ModelStep = request.format == .text ? "Hello" : "{\"greeting\": \"Hello\"}"
        let pause = ModelStep.pause(.seconds(1), on: simulator.time)
        return [pause, .accept, text, pause]
      }
      try simulator.run { try await check.run(on: model, measuredBy: simulator.time) }
    }
  }

  @Test func `a stream that never finishes is found`() throws {
    let model = BrokenModel(events: [.text("Hello")])
    #expect(try failure(of: model)?.found == "a stream that just stops")
  }

  @Test func `a stream that goes on after its end is found`() throws {
    let model = BrokenModel(events: [.text("Hello"), .finished(.stop), .text("and")])
    #expect(try failure(of: model)?.expected == "nothing after the end")
  }

  @Test func `a model that counts its tokens twice is found`() throws {
    let usage = GenerationEvent.usage(TokenUsage(input: 1, output: 1))
    let model = BrokenModel(events: [.text("Hello"), usage, usage, .finished(.stop)])
    #expect(try failure(of: model)?.expected == "one report of tokens at most")
  }

  @Test func `a model that says nothing is found`() throws {
    #expect(try failure(of: BrokenModel(text: ""))?.check == "A question is answered whole")
    #expect(try failure(of: BrokenModel(events: [.finished(.stop)]))?.expected == "some text")
  }

  @Test func `a model that does not answer in JSON is found`() throws {
    #expect(try failure(of: BrokenModel(text: "Hello"))?.expected == "JSON")
  }

  @Test func `a model that hangs and ignores cancellation is found`() throws {
    let failure = try failure(of: BrokenModel(hangsWhenCancelled: true))
    #expect(failure?.check == "A request that is cancelled beforehand ends")
    #expect(failure?.found == "that it still goes on")
  }

  @Test func `a model that calls a cancellation something else is found`() throws {
    #expect(try failure(of: BrokenModel(cancellation: .timedOut))?.found == "timedOut")
  }

  @Test func `a model that says one thing whole and another in a stream is found`() throws {
    let simulator = Simulator(seed: 1)
    let model = BrokenModel(text: "Good day", events: [.text("Hello"), .finished(.stop)])
    #expect(throws: ConformanceFailure.self) {
      try simulator.run {
        try await LanguageModelConformance.consistency.run(on: model, measuredBy: simulator.time)
      }
    }
  }

  @Test func `a check that is cancelled throws so`() throws {
    #expect(throws: CancellationError.self) {
      let simulator = Simulator(seed: 1)
      try simulator.run {
        withUnsafeCurrentTask { $0?.cancel() }
        try await LanguageModelConformance.run(
          on: ScriptedModel.hanging, measuredBy: simulator.time)
      }
    }
  }

  private func failure(of model: BrokenModel) throws -> ConformanceFailure? {
    let simulator = Simulator(seed: 1)
    return try simulator.run {
      do {
        try await LanguageModelConformance.run(on: model, measuredBy: simulator.time)
        return nil
      } catch let report as ConformanceReport { return report.failures.first }
    }
  }
}

/// A model that keeps every promise but those it is told to break.
private struct BrokenModel: LanguageModel {
  var text = "{}"
  var events: [GenerationEvent] = [.text("{}"), .finished(.stop)]
  var hangsWhenCancelled = false
  var cancellation = ProviderFailure.Kind.cancelled

  var identity: ModelIdentity { ModelIdentity(provider: "test", model: "broken") }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    if Task.isCancelled {
      if hangsWhenCancelled { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
      throw ProviderFailure(cancellation)
    }
    return GenerationResponse(text: text)
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    GenerationStream(events: events)
  }
}
