import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AnthropicAnswerTests {
  private typealias Script = AnthropicScript

  /// Thoughts, text and two calls, with what the API puts between them.
  private static let recording = Script.stream(
    [
      Script.blockStart(#"{"type":"thinking","thinking":"","signature":""}"#, index: 0),
      Script.delta(#"{"type":"thinking_delta","thinking":"Hm."}"#, index: 0),
      Script.delta(#"{"type":"signature_delta","signature":"EsEC"}"#, index: 0), Script.blockStop(index: 0),
      Script.textStart(index: 1), Script.textDelta("Grüße, ", index: 1), #"{"type": "ping"}"#,
      Script.textDelta("世界 🌱\n", index: 1), Script.blockStop(index: 1),
      Script.callStart(id: "toolu_1", name: "now", index: 2), Script.callDelta("", index: 2),
      Script.callDelta(#"{"zone":"#, index: 2), Script.callDelta(#""UTC"}"#, index: 2),
      Script.blockStop(index: 2), Script.callStart(id: "toolu_2", name: "then", index: 3),
      Script.callDelta("", index: 3), Script.blockStop(index: 3),
    ], stop: "tool_use", output: 48)

  private static let events: [GenerationEvent] = [
    .reasoning("Hm."), .text("Grüße, "), .text("世界 🌱\n"),
    .toolCall(ToolCallDelta(index: 0, id: "toolu_1", name: "now")),
    .toolCall(ToolCallDelta(index: 0, arguments: #"{"zone":"#)),
    .toolCall(ToolCallDelta(index: 0, arguments: #""UTC"}"#)),
    .toolCall(ToolCallDelta(index: 1, id: "toolu_2", name: "then")),
    .toolCall(ToolCallDelta(index: 1, arguments: "{}")),
    .usage(TokenUsage(input: 7, output: 48, cachedInput: 0)), .finished(.toolCalls),
  ]

  private func story(
    _ stream: String, model: String = "claude-opus-5", _ request: GenerationRequest = ModelUnderTest.question
  ) async throws -> (events: [GenerationEvent], failure: ProviderFailure?) {
    try await AnthropicUnderTest(model) { _, connection in try connection.stream(stream) }.story(request)
  }

  private func whole(
    _ body: String, model: String = "claude-opus-5", _ request: GenerationRequest = ModelUnderTest.question
  ) async throws -> GenerationResponse {
    let test = try AnthropicUnderTest(model) { _, connection in try connection.respond(200, [:], body) }
    return try await test.model.generate(request)
  }

  private static var askingForJSON: GenerationRequest {
    var request = ModelUnderTest.question
    request.format = .json(schema: ["type": "object"], name: "answer")
    return request
  }

  @Test func `a stream is read`() async throws {
    let (events, failure) = try await story(Self.recording)
    #expect(events == Self.events)
    #expect(failure == nil)
  }

  @Test func `a stream is read, wherever it is split in two`() async throws {
    let bytes = Data(Self.recording.utf8)
    for size in 1..<bytes.count {
      let transport = CannedTransport(chunks: [bytes.prefix(size), bytes.dropFirst(size)])
      let model = AnthropicModel(model: "claude-opus-5", transport: transport, time: .system)
      var events: [GenerationEvent] = []
      for try await event in try await model.stream(ModelUnderTest.question) { events.append(event) }
      #expect(events == Self.events, "split at \(size)")
    }
  }

  @Test(arguments: [1, 2, 3, 7, 64])
  func `a stream is read in pieces of any size`(_ size: Int) async throws {
    let test = try AnthropicUnderTest { _, connection in
      try connection.stream(Self.recording, inPiecesOf: size)
    }
    #expect(await test.story().events == Self.events)
  }

  @Test func `a stream that is cut behind any event fails, and tells what had come`() async throws {
    let pieces = Self.recording.split(separator: "\n\n").map { $0 + "\n\n" }
    // Behind the reason for its end an answer is whole.
    for count in 0..<pieces.count - 2 {
      let test = try AnthropicUnderTest { _, connection in
        try connection.streamHead()
        try connection.chunk(pieces[..<count].joined())
        connection.cut()
      }
      let (events, failure) = await test.story()
      #expect(failure?.kind == .streamCut, "cut behind \(count)")
      #expect(failure?.disposition == .ambiguous)
      #expect(Self.events.starts(with: events))
    }
    for count in [pieces.count - 1, pieces.count] {
      let test = try AnthropicUnderTest { _, connection in
        try connection.streamHead()
        try connection.chunk(pieces[..<count].joined())
        connection.cut()
      }
      let (events, failure) = await test.story()
      #expect(failure == nil)
      #expect(events == Self.events)
    }
  }

  @Test func `a whole answer says the same`() async throws {
    let response = try await whole(
      Script.answer(
        #"{"type":"thinking","thinking":"Hm.","signature":"EsEC"}"#,
        #"{"type":"redacted_thinking","data":"x"}"#, Script.text("Grüße, "), Script.text("世界"),
        #"{"type":"tool_use","id":"toolu_1","name":"now","input":{"zone":"UTC"}}"#,
        #"{"type":"tool_use","id":"toolu_2","name":"then","input":{}}"#, stop: "tool_use", output: 48))
    #expect(
      response
        == GenerationResponse(
          text: "Grüße, 世界", reasoning: "Hm.",
          toolCalls: [
            ToolCall(id: "toolu_1", name: "now", arguments: #"{"zone":"UTC"}"#),
            ToolCall(id: "toolu_2", name: "then", arguments: "{}"),
          ], finish: .toolCalls, usage: TokenUsage(input: 7, output: 48)))
  }

  @Test func `an answer may be empty`() async throws {
    let response = try await whole(Script.answer())
    #expect(response == GenerationResponse(text: "", usage: TokenUsage(input: 7, output: 5)))
  }

  @Test func `a call whose arguments come with its beginning has them once`() async throws {
    let start = Script.callStart(id: "c", name: "now", input: #"{"zone":"UTC"}"#, index: 0)
    let (events, _) = try await story(Script.stream([start, Script.blockStop(index: 0)], stop: "tool_use"))
    #expect(
      events.prefix(2) == [
        .toolCall(ToolCallDelta(index: 0, id: "c", name: "now")),
        .toolCall(ToolCallDelta(index: 0, arguments: #"{"zone":"UTC"}"#)),
      ])
  }

  @Test(arguments: [
    ("end_turn", FinishReason.stop), ("stop_sequence", .stop), ("pause_turn", .stop),
    ("max_tokens", .length), ("model_context_window_exceeded", .length), ("tool_use", .stop),
    ("something_new", .stop),
  ])
  func `the end has its reason`(_ reason: String, _ expected: FinishReason) async throws {
    let streamed = try await story(Script.stream(text: "a", stop: reason))
    #expect(streamed.events.last == .finished(expected))
    #expect(try await whole(Script.answer(Script.text("a"), stop: reason)).finish == expected)
  }

  @Test func `what was cached is a part of the input, and the last count counts`() async throws {
    let stream =
      Script.event(Script.messageStart(input: 10, cacheRead: 200, cacheCreation: 30))
      + Script.event(
        #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":10,"#
          + #""cache_read_input_tokens":200,"output_tokens":373,"#
          + #""output_tokens_details":{"thinking_tokens":62}}}"#)
      + Script.event(#"{"type":"message_stop"}"#)
    #expect(
      try await story(stream).events == [
        .usage(TokenUsage(input: 240, output: 373, cachedInput: 200, reasoning: 62)), .finished(.stop),
      ])
  }

  @Test func `what the API adds does no harm`() async throws {
    let stream = Script.stream([
      #"{"type":"something_new","data":[1]}"#,
      Script.blockStart(#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#, index: 0),
      Script.callDelta(#"{"query":1}"#, index: 0), Script.blockStop(index: 0),
      Script.blockStart(#"{"type":"text","text":"A"}"#, index: 1),
      Script.delta(#"{"type":"citations_delta","citation":{}}"#, index: 1), Script.blockStop(index: 1),
    ])
    #expect(try await story(": hello\n\n" + stream).events.first == .text("A"))
  }

  @Test func `an answer without a count of tokens has none`() async throws {
    let body = #"{"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":"many"}}"#
    #expect(try await whole(body).usage == nil)
  }

  @Test func `JSON from a forced call is the answer's text`() async throws {
    let call = [
      Script.textStart(index: 0), Script.textDelta("Sure:", index: 0), Script.blockStop(index: 0),
      Script.callStart(id: "c", name: "answer", index: 1), Script.callDelta(#"{"a":"#, index: 1),
      Script.callDelta("1}", index: 1), Script.blockStop(index: 1),
    ]
    let streamed = try await story(
      Script.stream(call, stop: "tool_use"), model: "claude-opus-4-1", Self.askingForJSON)
    #expect(
      streamed.events == [
        .text(#"{"a":"#), .text("1}"), .usage(TokenUsage(input: 7, output: 5, cachedInput: 0)),
        .finished(.stop),
      ])
    let whole = try await whole(
      Script.answer(
        Script.text("Sure:"), #"{"type":"tool_use","id":"c","name":"answer","input":{"a":1}}"#,
        stop: "tool_use"), model: "claude-opus-4-1", Self.askingForJSON)
    #expect(whole.text == #"{"a":1}"#)
    #expect(whole.toolCalls == [])
    #expect(whole.finish == .stop)
  }

  @Test func `where the forced call does not come, the text is the answer`() async throws {
    let request = Self.askingForJSON
    let streamed = try await story(Script.stream(text: #"{"a":1}"#), model: "qwen3", request)
    #expect(streamed.events.first == .text(#"{"a":1}"#))
    let whole = try await whole(Script.answer(Script.text("{}")), model: "qwen3", request)
    #expect(whole.text == "{}")
  }

  @Test func `a server that does not stream is understood`() async throws {
    let test = try AnthropicUnderTest { _, connection in
      try connection.respond(200, [:], Script.answer(Script.text("a")))
    }
    let (events, failure) = await test.story()
    #expect(events == [.text("a"), .usage(TokenUsage(input: 7, output: 5)), .finished(.stop)])
    #expect(failure == nil)
  }
}
