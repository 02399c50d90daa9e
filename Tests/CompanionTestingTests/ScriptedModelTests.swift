import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct ScriptedModelTests {
  private let request = GenerationRequest(purpose: .answer, messages: [PromptMessage(.user, "Hello")])

  @Test func `an answer is streamed in pieces and ends`() async throws {
    let events = try await events(of: ScriptedModel.answering("Hel", "lo").stream(request))
    #expect(events == [.text("Hel"), .text("lo"), .finished(.stop)])
  }

  @Test func `a whole answer is the pieces put together`() async throws {
    let call = ToolCall(id: "1", name: "read", arguments: "{}")
    let other = ToolCall(id: "2", name: "write", arguments: "[]")
    let model = ScriptedModel.answering(
      .reasoning("Hm."), "Hel", "lo", .toolCall(other, index: 1), .toolCall(call, index: 0),
      .usage(input: 3, output: 2), .finish(.toolCalls), "never said")
    let response = try await model.generate(request)
    #expect(
      response
        == GenerationResponse(
          text: "Hello", reasoning: "Hm.", toolCalls: [call, other], finish: .toolCalls,
          usage: TokenUsage(input: 3, output: 2)))
  }

  @Test func `answers are given in order and then no more`() async throws {
    let model = ScriptedModel([["one"], ["two"]])
    #expect(try await model.generate(request).text == "one")
    #expect(try await model.generate(request).text == "two")
    let failure = await #expect(throws: ProviderFailure.self) { try await model.generate(request) }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message == "The script has 2 answers, and this is request 3.")
  }

  @Test func `a refusal is thrown before there is a stream`() async {
    let model = ScriptedModel.refusing(ProviderFailure(.overloaded))
    await #expect(throws: ProviderFailure(.overloaded)) { _ = try await model.stream(request) }
    await #expect(throws: ProviderFailure(.overloaded)) { try await model.generate(request) }
  }

  @Test func `a failure midway comes after what was said before it`() async throws {
    var events = try await ScriptedModel.answering("Hel", .fail(.streamCut), "lo").stream(request)
      .makeAsyncIterator()
    #expect(try await events.next() == .text("Hel"))
    do {
      let event = try await events.next()
      Issue.record("no failure but \(String(describing: event))")
    } catch {
      #expect(error == ProviderFailure(.streamCut))
    }
    #expect(try await events.next() == nil)
  }

  @Test func `pauses take simulated time, before the stream and in it`() throws {
    let simulator = Simulator(seed: 1)
    let response = try simulator.run {
      let model = ScriptedModel.answering(
        .pause(.seconds(1), on: simulator.time), .accept, "a", .pause(.seconds(2), on: simulator.time), "b")
      let stream = try await model.stream(request)
      #expect(simulator.elapsed == .seconds(1))
      return try await events(of: stream)
    }
    #expect(response == [.text("a"), .text("b"), .finished(.stop)])
    #expect(simulator.elapsed == .seconds(3))
  }

  @Test func `nothing is read ahead`() async throws {
    let gate = Gate()
    let model = ScriptedModel.answering("a", .perform { gate.open() }, "b")
    var events = try await model.stream(request).makeAsyncIterator()
    #expect(try await events.next() == .text("a"))
    #expect(!gate.isOpen)
    #expect(try await events.next() == .text("b"))
    #expect(gate.isOpen)
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `a model that hangs ends when it is cancelled`(seed: UInt64) throws {
    try Simulator(seed: seed).run {
      for steps in [[ModelStep.hang], [.hang, .accept], ["a", .hang]] {
        let outcome = await withTaskGroup(of: ProviderFailure?.self) { group in
          group.addTask {
            do throws(ProviderFailure) {
              _ = try await ScriptedModel { _ in steps }.generate(request)
              return nil
            } catch { return error }
          }
          await Task.yield()
          group.cancelAll()
          return await group.next()
        }
        #expect(outcome == ProviderFailure(.cancelled))
      }
    }
  }

  @Test func `requests are remembered in order and counted by purpose`() async throws {
    let model = ScriptedModel.answering("{}")
    let waiting = Task { await model.requests(atLeast: 3) }
    for purpose in [CallPurpose.intent, .answer, .intent] {
      _ = try await model.generate(GenerationRequest(purpose: purpose, messages: []))
    }
    await waiting.value
    #expect(model.requests.map(\.purpose) == [.intent, .answer, .intent])
    #expect(model.requests(for: .intent).count == 2)
    #expect(model.requests(for: .task).isEmpty)
  }

  private func events(of stream: GenerationStream) async throws -> [GenerationEvent] {
    try await stream.reduce(into: []) { $0.append($1) }
  }
}
