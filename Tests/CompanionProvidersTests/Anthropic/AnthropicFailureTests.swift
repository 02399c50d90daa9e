import CompanionDomain
import CompanionPorts
import CompanionProviders
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AnthropicFailureTests {
  private typealias Script = AnthropicScript

  /// How a request fails; the same whether it asks for a stream or not.
  private func failure(_ handler: @escaping LoopbackServer.Handler) async throws -> ProviderFailure {
    let test = try AnthropicUnderTest(answering: handler)
    let whole = try #require(await test.failure())
    let streamed = try #require(await test.story().failure)
    #expect(whole.kind == streamed.kind)
    return whole
  }

  private func story(
    _ stream: String
  ) async throws -> (events: [GenerationEvent], failure: ProviderFailure?) {
    try await AnthropicUnderTest { _, connection in try connection.stream(stream) }.story()
  }

  /// The beginning of an answer, without its end.
  private let beginning =
    Script.event(Script.messageStart()) + Script.event(Script.textStart(index: 0))
    + Script.event(Script.textDelta("a", index: 0))

  @Test func `an error says what it is, whose request it was, and when to come back`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(
        429, ["retry-after": "7", "request-id": "req_1"], Script.error("rate_limit_error", "Slowly."))
    }
    #expect(failure.kind == .rateLimited)
    #expect(failure.retryAfter == .seconds(7))
    #expect(failure.requestID == "req_1")
    #expect(failure.code == "rate_limit_error")
    #expect(failure.message == "Slowly.")
  }

  @Test(arguments: [
    (401, "authentication_error", ProviderFailure.Kind.authentication),
    (404, "not_found_error", .modelNotFound), (413, "request_too_large", .invalidRequest),
    (500, "api_error", .serverError), (529, "overloaded_error", .overloaded),
  ])
  func `each error is what its type says`(
    _ status: Int, _ type: String, _ kind: ProviderFailure.Kind
  ) async throws {
    let failure = try await failure { _, connection in
      try connection.respond(status, [:], Script.error(type, "No."))
    }
    #expect(failure.kind == kind)
  }

  @Test(arguments: [
    ("overloaded_error", ProviderFailure.Kind.overloaded), ("rate_limit_error", .rateLimited),
    ("api_error", .serverError), ("timeout_error", .timedOut), ("authentication_error", .authentication),
    ("invalid_request_error", .invalidRequest), ("something_new", .unknown),
  ])
  func `an error inside a stream is what its type says, behind what was said`(
    _ type: String, _ kind: ProviderFailure.Kind
  ) async throws {
    for event in [
      Script.event(Script.error(type, "No.")), "data: \(Script.error(type, "No."))\n\n",
      "event: error\ndata: {\"type\":\"\(type)\",\"message\":\"No.\"}\n\n",
    ] {
      let (events, failure) = try await story(beginning + event)
      #expect(events == [.text("a")])
      #expect(failure?.kind == kind)
      #expect(failure?.message == "No.")
    }
  }

  @Test func `an error in place of a stream is one`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(200, [:], Script.error("overloaded_error", "Busy."))
    }
    #expect(failure.kind == .overloaded)
  }

  @Test(arguments: [
    "{", "not json", "[1]", "{}", #"{"type":7}"#, #"{"type":"message_start"}"#,
    #"{"type":"content_block_start","index":0}"#,
    #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c"}}"#,
    #"{"type":"content_block_delta","index":0}"#, #"{"type":"content_block_delta","index":0,"delta":{}}"#,
    #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta"}}"#,
    #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}"#,
    #"{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
    #"{"type":"content_block_stop"}"#, #"{"type":"message_delta"}"#,
    #"{"choices":[{"delta":{"content":"b"}}]}"#,
  ])
  func `an event that cannot be read is never passed over`(_ data: String) async throws {
    let rest = Script.event(Script.messageDelta(stop: "end_turn", output: 1))
    let (events, failure) = try await story(beginning + "data: \(data)\n\n" + rest)
    #expect(events == [.text("a")])
    #expect(failure?.kind == .malformedResponse)
  }

  @Test(arguments: ["<!DOCTYPE html>", "hello", "{}", #"{"content":7}"#, #"{"content":[{}]}"#, "[", "{"])
  func `a success that is not an answer is malformed`(_ body: String) async throws {
    let failure = try await failure { _, connection in try connection.respond(200, [:], body) }
    #expect(failure.kind == .malformedResponse)
  }

  @Test func `a refusal is a failure that does not repeat the model's words`() async throws {
    let details = #"{"type":"refusal","category":"cyber","explanation":"I won't."}"#
    let delta =
      #"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":\#(details)},"usage":{}}"#
    let (events, streamed) = try await story(beginning + Script.event(delta))
    #expect(events == [.text("a")])
    #expect(streamed == ProviderFailure(.refused, code: "cyber"))
    let whole = try AnthropicUnderTest { _, connection in
      try connection.respond(200, [:], Script.answer(stop: "refusal"))
    }
    #expect(await whole.failure() == ProviderFailure(.refused, code: "refusal"))
  }

  @Test func `an early close is a lost connection`() async throws {
    let failure = try await failure { _, connection in connection.cut() }
    #expect(failure.kind == .connectionLost)
  }

  @Test func `nothing of the key is told, whatever the server says`() async throws {
    let secret = "sk-ant-api03-abcdefghijklmnop"
    let bodies = [
      (401, Script.error("authentication_error", "invalid x-api-key \(secret)")),
      (400, "The key \(secret.prefix(14)) is not one"), (500, Script.error(secret, secret)),
      (200, #"{"error":{"message":"\#(secret)"}}"#), (200, secret),
    ]
    for (status, body) in bodies {
      let test = try AnthropicUnderTest(key: .provided { secret }) { _, connection in
        try connection.respond(status, ["request-id": secret], body)
      }
      let failures = [await test.failure(), await test.story().failure].compactMap(\.self)
      #expect(failures.count == 2)
      for failure in failures {
        var dumped = String(describing: failure) + String(reflecting: failure) + failure.message
        dump(failure, to: &dumped)
        #expect(!dumped.contains("abcdefgh"))
        #expect(!dumped.contains("sk-ant-a"))
      }
      let described = String(describing: test.model) + String(reflecting: test.model)
      #expect(!described.contains(secret))
    }
  }

  @Test func `a missing key is told before anything is sent`() async throws {
    let test = try AnthropicUnderTest(key: .provided { nil }) { _, _ in }
    #expect(await test.failure()?.kind == .authentication)
    #expect(test.server.counts.requests == 0)
  }
}
