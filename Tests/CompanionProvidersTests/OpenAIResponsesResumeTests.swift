import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesResumeTests {
  private let job: ProviderJobID

  init() throws { job = try #require(ResponsesModelUnderTest.job) }

  /// The steps of a stream, and how it failed.
  private func story(
    _ stream: () async throws(ProviderFailure) -> NumberedGenerationStream
  ) async -> (steps: [NumberedGenerationStream.Step], failure: ProviderFailure?) {
    var steps: [NumberedGenerationStream.Step] = []
    do throws(ProviderFailure) {
      for try await step in try await stream() { steps.append(step) }
      return (steps, nil)
    } catch {
      return (steps, error)
    }
  }

  /// A server that cuts the stream of a new job behind so many events, and goes on with it where it is asked to.
  private func server(
    _ script: [String], cuttingBehind count: Int
  ) throws -> ResponsesModelUnderTest {
    try ResponsesModelUnderTest { request, connection in
      try connection.streamHead()
      guard request.method == "GET" else {
        try connection.chunk(script.prefix(count).joined())
        return connection.cut()
      }
      let cursor = request.path.split(separator: "starting_after=").dropFirst().first.flatMap { Int($0) }
      try connection.chunk(script.dropFirst(cursor.map { $0 + 1 } ?? 0).joined())
    }
  }

  @Test func `every event is a step with its number, and the first one names the job`() async throws {
    let script = ResponsesScript.events(text: "ab", chunks: 1, reasoning: ["Hm."])
    let test = try ResponsesModelUnderTest { _, connection in try connection.stream(script.joined()) }
    let (steps, failure) = await story { () throws(ProviderFailure) in
      try await test.model.submitStreaming(ResponsesModelUnderTest.question, key: "k")
    }
    #expect(failure == nil)
    #expect(steps.map(\.number) == Array(script.indices))
    #expect(steps.allSatisfy { $0.job == job })
    #expect(steps.first?.events == [])
    let usage = TokenUsage(input: 7, output: 5, cachedInput: 3, reasoning: 2)
    #expect(
      steps.flatMap(\.events) == [
        .reasoning("Hm."), .text("a"), .text("b"), .usage(usage), .finished(.stop),
      ])
    #expect(steps.last?.events == [.usage(usage), .finished(.stop)])
  }

  @Test func `a stream that was cut behind any event goes on where it ended`() async throws {
    let call = #""item":{"type":"function_call","call_id":"c","name":"f","arguments":""}"#
    var script = ResponsesScript.events(text: "abc", chunks: 1, reasoning: ["Hm.", "Yes."], end: nil)
    script.append(
      ResponsesScript.event("response.output_item.added", #""output_index":2,\#(call)"#, number: script.count)
    )
    for piece in ["{", "}"] {
      script.append(
        ResponsesScript.event(
          "response.function_call_arguments.delta", #""output_index":2,"delta":"\#(piece)""#,
          number: script.count))
    }
    let output = #"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#
    let last = ResponsesScript.response(status: "completed", output: [output])
    script.append(ResponsesScript.event("response.completed", #""response":\#(last)"#, number: script.count))

    let uncut = try server(script, cuttingBehind: script.count)
    let whole = await story { () throws(ProviderFailure) in
      try await uncut.model.submitStreaming(ResponsesModelUnderTest.question, key: "k")
    }
    #expect(whole.failure == nil)
    #expect(whole.steps.last?.events == [.finished(.toolCalls)])

    for count in 1..<script.count {
      let test = try server(script, cuttingBehind: count)
      let begun = await story { () throws(ProviderFailure) in
        try await test.model.submitStreaming(ResponsesModelUnderTest.question, key: "k")
      }
      #expect(begun.failure?.kind == .streamCut)
      let cut = try #require(begun.steps.last)
      #expect(cut.number == count - 1)
      let rest = await story { () throws(ProviderFailure) in
        try await test.model.stream(cut.job, startingAfter: cut.number)
      }
      #expect(rest.failure == nil)
      #expect(begun.steps + rest.steps == whole.steps, "cut behind \(count) events")
      #expect(
        test.requests.last?.path == "/v1/responses/resp_1?stream=true&starting_after=\(count - 1)")
    }
  }

  @Test func `a stream can be had from its beginning`() async throws {
    let script = ResponsesScript.events(text: "a")
    let test = try server(script, cuttingBehind: 0)
    let (steps, failure) = await story { () throws(ProviderFailure) in
      try await test.model.stream(job, startingAfter: nil)
    }
    #expect(steps.count == script.count)
    #expect(failure == nil)
  }

  @Test func `behind the last event there is nothing, which is told as cut`() async throws {
    let script = ResponsesScript.events(text: "a")
    let test = try server(script, cuttingBehind: 0)
    let (steps, failure) = await story { () throws(ProviderFailure) in
      try await test.model.stream(job, startingAfter: script.count - 1)
    }
    #expect(steps.isEmpty)
    #expect(failure?.kind == .streamCut)
  }

  @Test func `a job that fails in its stream fails as its error says`() async throws {
    let failed = ResponsesScript.response(status: "failed", tail: #""error":{"code":"server_error"}"#)
    let test = try ResponsesModelUnderTest { _, connection in
      try connection.stream(
        ResponsesScript.events(text: "a", end: nil).joined()
          + ResponsesScript.event("response.failed", #""response":\#(failed)"#, number: 99))
    }
    let (steps, failure) = await story { () throws(ProviderFailure) in
      try await test.model.stream(job, startingAfter: nil)
    }
    #expect(steps.flatMap(\.events) == [.text("a")])
    #expect(failure?.kind == .serverError)
  }

  @Test(arguments: [
    ResponsesScript.event("response.output_text.delta", #""delta":"a""#, number: 0),
    ResponsesScript.event("response.created", #""response":{"id":"a b","status":"queued"}"#, number: 0),
    ResponsesScript.event("response.created", #""response":{"id":"resp_1","status":"queued"}"#),
    ResponsesScript.answer(text: "a"),
  ])
  func `a stream without the job's name or its numbers is malformed`(_ stream: String) async throws {
    let test = try ResponsesModelUnderTest { _, connection in try connection.stream(stream) }
    let (steps, failure) = await story { () throws(ProviderFailure) in
      try await test.model.submitStreaming(ResponsesModelUnderTest.question, key: "k")
    }
    #expect(steps.isEmpty)
    #expect(failure?.kind == .malformedResponse)
  }

  @Test func `a job that was not handed over as a stream is refused as one`() async throws {
    let test = try ResponsesModelUnderTest(
      answering: OpenAIScript.error("Not streamed.", type: "invalid_request_error"), status: 400)
    let (_, failure) = await story { () throws(ProviderFailure) in
      try await test.model.stream(job, startingAfter: 3)
    }
    #expect(failure?.kind == .invalidRequest)
    #expect(failure?.message == "Not streamed.")
  }

  @Test func `letting go of a stream ends the request and not the job`() async throws {
    let script = ResponsesScript.events(text: "a")
    let test = try ResponsesModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(script.prefix(2).joined())
      try connection.stall()
    }
    for try await _ in try await test.model.submitStreaming(ResponsesModelUnderTest.question, key: "k") {
      break
    }
    await test.server.wait { $0.abandonedAnswers == 1 }
    #expect(test.requests.count == 1)
  }
}
