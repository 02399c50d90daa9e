import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import CompanionTesting
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesAnswerTests {
  private let usage = TokenUsage(input: 7, output: 5, cachedInput: 3, reasoning: 2)

  private func events(of stream: String) async throws -> [GenerationEvent] {
    let (events, failure) = try await ResponsesModelUnderTest { _, connection in
      try connection.stream(stream)
    }.story()
    #expect(failure == nil)
    return events
  }

  @Test func `a whole answer is read`() async throws {
    let test = try ResponsesModelUnderTest(answering: ResponsesScript.answer(text: "Hello"))
    let response = try await test.model.generate(ResponsesModelUnderTest.question)
    #expect(response == GenerationResponse(text: "Hello", usage: usage))
  }

  @Test func `a whole answer may think, speak twice and call tools`() async throws {
    let output = [
      """
      {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."},\
      {"type":"summary_text","text":"Yes."}]}
      """,
      #"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Well."}]}"#,
      ResponsesScript.message("I look. "), #"{"type":"web_search_call","id":"ws_1","action":{"query":"x"}}"#,
      """
      {"id":"fc_1","type":"function_call","status":"completed","call_id":"c1","name":"now","arguments":"{}"}
      """,
      #"{"type":"function_call","call_id":"c2","name":"then","arguments":"[]"}"#,
      ResponsesScript.message("And wait."),
    ]
    let test = try ResponsesModelUnderTest(
      answering: ResponsesScript.response(status: "completed", output: output))
    let response = try await test.model.generate(ResponsesModelUnderTest.question)
    #expect(
      response
        == GenerationResponse(
          text: "I look. And wait.", reasoning: "Hm.\n\nYes.Well.",
          toolCalls: [
            ToolCall(id: "c1", name: "now", arguments: "{}"),
            ToolCall(id: "c2", name: "then", arguments: "[]"),
          ], finish: .toolCalls))
  }

  @Test func `an answer that ended at its limit is one`() async throws {
    let test = try ResponsesModelUnderTest(
      answering: ResponsesScript.response(
        status: "incomplete", output: [ResponsesScript.message("Hel", status: "incomplete")],
        usage: ResponsesScript.usage(), tail: #""incomplete_details":{"reason":"max_output_tokens"}"#))
    let response = try await test.model.generate(ResponsesModelUnderTest.question)
    #expect(response == GenerationResponse(text: "Hel", finish: .length, usage: usage))
  }

  @Test func `tokens that nobody can count are unknown`() async throws {
    for usage in ["null", "{}", "7", #"{"input_tokens":"many"}"#] {
      let test = try ResponsesModelUnderTest(
        answering: ResponsesScript.response(
          status: "completed", output: [ResponsesScript.message("a")], usage: usage))
      let response = try await test.model.generate(ResponsesModelUnderTest.question)
      #expect(response == GenerationResponse(text: "a"))
    }
  }

  @Test func `a stream is read, wherever it is split`() async throws {
    let text = "Grüße, 世界 🌱! \"Quoted\"\nand more."
    let script = ResponsesScript.events(text: text, chunks: 9, reasoning: ["Hm.", "Yes."]).joined()
    let bytes = [UInt8](script.utf8)
    let whole = try await events(of: script)
    #expect(whole.prefix(3) == [.reasoning("Hm."), .reasoning("\n\n"), .reasoning("Yes.")])
    let said = whole.reduce(into: "") { if case .text(let more) = $1 { $0 += more } }
    #expect(said == text)
    #expect(whole.suffix(2) == [.usage(usage), .finished(.stop)])
    // Every place of the stream is the end of a piece that the transport gives.
    for place in bytes.indices {
      let model = OpenAIResponsesModel(
        baseURL: try #require(URL(string: "http://localhost")), model: "m",
        transport: CannedTransport(chunks: [Data(bytes[..<place]), Data(bytes[place...])]), time: .system)
      var events: [GenerationEvent] = []
      for try await event in try await model.stream(ResponsesModelUnderTest.question) { events.append(event) }
      #expect(events == whole, "split at \(place)")
    }
  }

  @Test(arguments: [1, 2, 3, 7, 64])
  func `a stream is read over the network in pieces of any size`(_ size: Int) async throws {
    let script = ResponsesScript.stream(text: "Grüße, 世界 🌱!", chunks: 3)
    let whole = try await events(of: script)
    let (events, failure) = try await ResponsesModelUnderTest { _, connection in
      try connection.stream(script, inPiecesOf: size)
    }.story()
    #expect(events == whole)
    #expect(failure == nil)
  }

  @Test func `tool calls are counted, and their pieces told apart by their places`() async throws {
    func item(_ id: String, _ name: String) -> String {
      #""item":{"type":"function_call","id":"fc","call_id":"\#(id)","name":"\#(name)","arguments":""}"#
    }
    let events = try await events(
      of: [
        ResponsesScript.event(
          "response.output_item.added", #""output_index":0,"item":{"type":"reasoning","summary":[]}"#),
        ResponsesScript.event("response.output_item.added", #""output_index":1,\#(item("a", "f"))"#),
        ResponsesScript.event("response.output_item.added", #""output_index":3,\#(item("b", "g"))"#),
        ResponsesScript.event(
          "response.function_call_arguments.delta", #""output_index":3,"item_id":"fc","delta":"{""#),
        ResponsesScript.event("response.function_call_arguments.delta", #""output_index":1,"delta":"{}""#),
        ResponsesScript.event("response.function_call_arguments.delta", #""output_index":3,"delta":"}""#),
        ResponsesScript.event("response.function_call_arguments.done", #""output_index":3,"arguments":"{}""#),
        ResponsesScript.event(
          "response.completed", #""response":\#(ResponsesScript.response(status: "completed"))"#),
      ].joined())
    #expect(
      events == [
        .toolCall(ToolCallDelta(index: 0, id: "a", name: "f")),
        .toolCall(ToolCallDelta(index: 1, id: "b", name: "g")),
        .toolCall(ToolCallDelta(index: 1, arguments: "{")),
        .toolCall(ToolCallDelta(index: 0, arguments: "{}")),
        .toolCall(ToolCallDelta(index: 1, arguments: "}")), .finished(.toolCalls),
      ])
  }

  @Test func `thoughts come apart from the answer, told or summed up`() async throws {
    let events = try await events(
      of: ResponsesScript.event("response.reasoning_text.delta", #""delta":"Hm.""#)
        + ResponsesScript.event("response.reasoning_summary_text.delta", #""delta":"Yes.""#)
        + ResponsesScript.stream(text: "a"))
    #expect(events == [.reasoning("Hm."), .reasoning("Yes."), .text("a"), .usage(usage), .finished(.stop)])
  }

  @Test func `a stream that ends at its limit says so`() async throws {
    let script = ResponsesScript.events(
      text: "Hel", end: "incomplete", tail: #""incomplete_details":{"reason":"max_output_tokens"}"#)
    #expect(try await events(of: script.joined()) == [.text("Hel"), .usage(usage), .finished(.length)])
  }

  @Test func `what is not known is passed over, and so is what follows the end`() async throws {
    let unknown = [
      ": comment\n\n", "event: ping\ndata:\n\n", ResponsesScript.event("keepalive"),
      ResponsesScript.event("response.future.delta", #""delta":{"a":[1]},"response":7,"item":"x""#),
      ResponsesScript.event("response.output_item.added", #""item":{"type":"future"},"output_index":0"#),
      ResponsesScript.event("response.refusal.delta", #""delta":"""#),
      ResponsesScript.event("response.output_text.delta", #""delta":"""#),
    ].joined()
    let script = unknown + ResponsesScript.stream(text: "a") + "data: [DONE]\n\n" + unknown
    #expect(try await events(of: script) == [.text("a"), .usage(usage), .finished(.stop)])
  }

  @Test func `an answer whose last event has come is whole, however its connection ends`() async throws {
    let test = try ResponsesModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(ResponsesScript.stream(text: "a"))
      connection.cut()
    }
    let (events, failure) = await test.story()
    #expect(events.last == .finished(.stop))
    #expect(failure == nil)
  }

  @Test func `a server that does not stream is heard all the same`() async throws {
    let test = try ResponsesModelUnderTest(answering: "\n" + ResponsesScript.answer(text: "a"))
    #expect(await test.story().events == [.text("a"), .usage(usage), .finished(.stop)])
  }

  @Test func `nothing is read ahead: an event is there while the server still holds the next`() async throws {
    let gate = try LoopbackGate()
    let script = ResponsesScript.events(text: "ab", chunks: 1)
    let test = try ResponsesModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(script.prefix(5).joined())
      try connection.stall(until: gate)
      try connection.chunk(script.dropFirst(5).joined())
    }
    var events = try await test.model.stream(ResponsesModelUnderTest.question).makeAsyncIterator()
    #expect(try await events.next() == .text("a"))
    gate.open()
    #expect(try await events.next() == .text("b"))
  }

  @Test(arguments: LanguageModelConformance.checks + [LanguageModelConformance.consistency])
  func `the model keeps the promises of its port`(
    check: ConformanceCheck<any LanguageModel>
  ) async throws {
    let test = try ResponsesModelUnderTest { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      let text = body["text"] == nil ? "Hello there" : #"{"greeting":"Hello"}"#
      guard body["stream"] == true else {
        return try connection.respond(200, [:], ResponsesScript.answer(text: text))
      }
      try connection.stream(ResponsesScript.stream(text: text))
    }
    try await check.run(on: test.model, measuredBy: .system)
  }
}
