import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIAnswerTests {
  private func events(of stream: String) async throws -> [GenerationEvent] {
    try await ModelUnderTest { _, connection in try connection.stream(stream) }.events()
  }

  private func stream(_ data: String...) -> String { data.map(OpenAIScript.event).joined() }

  @Test func `a whole answer is read`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.respond(200, ["Content-Type": "application/json"], OpenAIScript.answer(text: "Hello"))
    }
    let response = try await test.model.generate(ModelUnderTest.question)
    #expect(response == GenerationResponse(text: "Hello", usage: TokenUsage(input: 7, output: 5)))
  }

  @Test func `a whole answer may think and call tools`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.respond(
        200, [:],
        """
        {"choices":[{"message":{"content":null,"reasoning_content":"Hm.","tool_calls":[
        {"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}},
        {"function":{"name":"then","arguments":"[]"}}]},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":3,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":2},
        "completion_tokens_details":{"reasoning_tokens":4}}}
        """)
    }
    let response = try await test.model.generate(ModelUnderTest.question)
    #expect(response.text == "")
    #expect(response.reasoning == "Hm.")
    #expect(
      response.toolCalls == [
        ToolCall(id: "c1", name: "now", arguments: "{}"),
        ToolCall(id: "call_1", name: "then", arguments: "[]"),
      ])
    #expect(response.finish == .toolCalls)
    #expect(response.usage == TokenUsage(input: 3, output: 6, cachedInput: 2, reasoning: 4))
  }

  @Test(arguments: [1, 2, 3, 7, 64, 16_384])
  func `a stream is read, wherever it is split`(_ size: Int) async throws {
    let text = "Grüße, 世界 🌱! \"Quoted\"\nand a second line."
    let test = try ModelUnderTest { _, connection in
      try connection.stream(OpenAIScript.stream(text: text, chunks: 3), inPiecesOf: size)
    }
    let events = try await test.events()
    let said = events.reduce(into: "") { said, event in
      if case .text(let more) = event { said += more }
    }
    #expect(said == text)
    #expect(
      events.suffix(2) == [
        .usage(TokenUsage(input: 7, output: text.count, cachedInput: 0, reasoning: 0)), .finished(.stop),
      ])
  }

  @Test func `nothing is read ahead: an event is there while the server still holds the next`() async throws {
    let gate = try LoopbackGate()
    let test = try ModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("first")))
      try connection.stall(until: gate)
      try connection.chunk(OpenAIScript.stream(text: "second", chunks: 10))
    }
    var events = try await test.model.stream(ModelUnderTest.question).makeAsyncIterator()
    #expect(try await events.next() == .text("first"))
    gate.open()
    #expect(try await events.next() == .text("second"))
  }

  @Test(arguments: ["reasoning_content", "reasoning"])
  func `thoughts come apart from the answer`(_ member: String) async throws {
    let events = try await events(
      of: stream(
        OpenAIScript.chunk(delta: #"{"\#(member)":"Hm."}"#), OpenAIScript.textChunk("Yes."), "[DONE]"))
    #expect(events == [.reasoning("Hm."), .text("Yes."), .finished(.stop)])
  }

  @Test func `pieces of tool calls are told apart by their index`() async throws {
    let events = try await events(
      of: stream(
        OpenAIScript.chunk(
          delta: #"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}"#),
        OpenAIScript.chunk(
          delta: #"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}"#),
        OpenAIScript.chunk(delta: #"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#),
        OpenAIScript.chunk(delta: #"{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]}"#),
        OpenAIScript.chunk(delta: "{}", finish: "tool_calls"), "[DONE]"))
    #expect(
      events == [
        .toolCall(ToolCallDelta(index: 0, id: "a", name: "f")),
        .toolCall(ToolCallDelta(index: 1, id: "b", name: "g", arguments: "{")),
        .toolCall(ToolCallDelta(index: 0, arguments: "{}")),
        .toolCall(ToolCallDelta(index: 1, arguments: "}")), .finished(.toolCalls),
      ])
  }

  @Test func `tool calls without an index or a name for themselves get both`() async throws {
    let events = try await events(
      of: stream(
        OpenAIScript.chunk(delta: #"{"tool_calls":[{"function":{"name":"f","arguments":"1"}}]}"#),
        OpenAIScript.chunk(delta: #"{"tool_calls":[{"function":{"name":"g","arguments":"2"}}]}"#),
        OpenAIScript.chunk(delta: #"{"tool_calls":[{"function":{"arguments":"3"}}]}"#, finish: "stop")))
    #expect(
      events == [
        .toolCall(ToolCallDelta(index: 0, id: "call_0", name: "f", arguments: "1")),
        .toolCall(ToolCallDelta(index: 1, id: "call_1", name: "g", arguments: "2")),
        .toolCall(ToolCallDelta(index: 1, arguments: "3")), .finished(.toolCalls),
      ])
  }

  @Test func `usage may come along in every chunk, and the last one counts`() async throws {
    let counted =
      #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#
    let events = try await events(
      of: stream(counted, OpenAIScript.usageChunk(input: 7, output: 3, cached: 5, reasoning: 2), "[DONE]"))
    let usage = TokenUsage(input: 7, output: 3, cachedInput: 5, reasoning: 2)
    #expect(events == [.text("a"), .usage(usage), .finished(.stop)])
  }

  @Test func `what the servers add and leave out does no harm`() async throws {
    let events = try await events(
      of: ": OPENROUTER PROCESSING\n\n"
        + stream(
          #"{"choices":[],"prompt_filter_results":[{"prompt_index":0}],"model":"","object":""}"#,
          #"{"choices":[{"delta":{"role":"assistant","content":null},"logprobs":null}],"usage":null}"#,
          #"{"choices":[{"delta":{"content":"a"},"content_filter_results":{}}],"error":null}"#,
          #"{"choices":[{"index":1,"delta":{"content":"another answer"}}]}"#,
          #"{"choices":[{"delta":{},"finish_reason":"eos"}],"usage":{},"timings":{"predicted_ms":1.5}}"#)
        + "data: [DONE]")
    #expect(events == [.text("a"), .finished(.stop)])
  }

  @Test(arguments: [("length", FinishReason.length), ("function_call", .toolCalls), ("stop", .stop)])
  func `the end has its reason, with or without a mark`(
    _ reason: String, _ expected: FinishReason
  ) async throws {
    for isMarked in [true, false] {
      let script = OpenAIScript.stream(text: "a", finish: reason, usage: false, done: isMarked)
      #expect(try await events(of: script) == [.text("a"), .finished(expected)])
    }
  }

  @Test func `an answer whose end was announced is whole, however its connection ends`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(OpenAIScript.stream(text: "a", done: false))
      connection.cut()
    }
    #expect(try await test.events().last == .finished(.stop))
  }

  @Test(arguments: ["text/event-stream", "application/json", "text/plain"])
  func `the type that an answer claims to have does not matter`(_ type: String) async throws {
    let streamed = try ModelUnderTest { _, connection in
      try connection.respond(200, ["Content-Type": type], OpenAIScript.stream(text: "a", usage: false))
    }
    #expect(try await streamed.events() == [.text("a"), .finished(.stop)])
    let whole = try ModelUnderTest { _, connection in
      try connection.respond(200, ["Content-Type": type], "\n" + OpenAIScript.answer(text: "a"))
    }
    let expected: [GenerationEvent] = [.text("a"), .usage(TokenUsage(input: 7, output: 1)), .finished(.stop)]
    #expect(try await whole.events() == expected)
  }

  @Test func `a connection is used again when the stream was read to its end`() async throws {
    let test = try ModelUnderTest(transport: URLSessionTransport()) { _, connection in
      try connection.stream(OpenAIScript.stream(text: "a"))
    }
    for _ in 0..<5 { _ = try await test.events() }
    #expect(test.server.counts.acceptedConnections == 1)
  }
}
