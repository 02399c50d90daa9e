import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesFailureTests {
  private func failed(_ error: String) -> String {
    ResponsesScript.response(status: "failed", tail: #""error":\#(error)"#)
  }

  private func incomplete(_ details: String) -> String {
    ResponsesScript.response(
      status: "incomplete", output: [ResponsesScript.message("Hel")],
      tail: #""incomplete_details":\#(details)"#)
  }

  /// How a stream fails that sends this, and what comes before.
  private func story(
    _ stream: String, thenCut isCut: Bool = false
  ) async throws -> (events: [GenerationEvent], failure: ProviderFailure?) {
    let test = try ResponsesModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(stream)
      if isCut { connection.cut() }
    }
    return await test.story()
  }

  private static let errors: [(String, ProviderFailure.Kind)] = [
    (#"{"code":"server_error","message":"M."}"#, .serverError),
    (#"{"code":"rate_limit_exceeded","message":"M."}"#, .rateLimited),
    (#"{"code":"server_is_overloaded","message":"M."}"#, .overloaded),
    (#"{"code":"insufficient_quota","message":"M."}"#, .quotaExhausted),
    (#"{"code":"context_length_exceeded","message":"M."}"#, .contextLengthExceeded),
    (#"{"code":"invalid_prompt","message":"M."}"#, .invalidRequest),
    (#"{"code":"bio_policy","message":"M."}"#, .contentFiltered),
    (#"{"type":"server_error","code":null,"message":"M."}"#, .serverError),
    (#"{"code":"never_seen","message":"M."}"#, .unknown),
    ("null", .unknown),
  ]

  @Test(arguments: errors)
  func `a response that failed is what its error says, whatever the status`(
    _ error: String, _ kind: ProviderFailure.Kind
  ) async throws {
    let test = try ResponsesModelUnderTest(answering: failed(error), headers: ["x-request-id": "req_1"])
    let whole = try #require(await test.failure())
    #expect(whole.kind == kind)
    #expect(whole.message == (error == "null" ? "" : "M."))
    #expect(whole.requestID == "req_1")

    let end = ResponsesScript.event("response.failed", #""response":\#(failed(error))"#)
    let (events, failure) = try await story(
      ResponsesScript.events(text: "a", end: nil).joined() + end + ResponsesScript.stream(text: "b"))
    #expect(events == [.text("a")])
    #expect(failure?.kind == kind)
    #expect(failure?.disposition == whole.disposition)
  }

  @Test(arguments: [
    #"{"type":"error","code":"rate_limit_exceeded","message":"M.","param":null,"sequence_number":3}"#,
    #"{"type":"error","error":{"type":"rate_limit_error","code":null,"message":"M."}}"#,
    #"{"error":{"code":"rate_limit_exceeded","message":"M."}}"#,
  ])
  func `an error inside a stream is what its code says, named by its event or not`(
    _ data: String
  ) async throws {
    for event in ["event: error\n", ""] {
      let (events, failure) = try await story(
        ResponsesScript.events(text: "a", end: nil).joined() + "\(event)data: \(data)\n\n")
      #expect(events == [.text("a")])
      #expect(failure?.kind == .rateLimited)
      #expect(failure?.message == "M.")
    }
  }

  @Test func `an error with a success status is one`() async throws {
    let test = try ResponsesModelUnderTest(
      answering: OpenAIScript.error("M.", code: "context_length_exceeded"))
    #expect(await test.failure()?.kind == .contextLengthExceeded)
    #expect(await test.story().failure?.kind == .contextLengthExceeded)
  }

  @Test(arguments: [
    (400, "content_filter", ProviderFailure.Kind.contentFiltered),
    (400, "unsupported_value", .invalidRequest),
    (401, "invalid_api_key", .authentication), (404, "DeploymentNotFound", .modelNotFound),
    (429, "insufficient_quota", .quotaExhausted), (429, "rate_limit_exceeded", .rateLimited),
    (500, "server_error", .serverError), (503, "x", .overloaded),
  ])
  func `a status that is an error is classified`(
    _ status: Int, _ code: String, _ kind: ProviderFailure.Kind
  ) async throws {
    let test = try ResponsesModelUnderTest(
      answering: OpenAIScript.error("M.", code: code), status: status, headers: ["retry-after-ms": "1500"])
    let whole = try #require(await test.failure())
    #expect(whole.kind == kind)
    #expect(whole.retryAfter == (whole.disposition == .transient ? .milliseconds(1500) : nil))
    #expect(await test.story().failure == whole)
    let submitted = await failureOf { () throws(ProviderFailure) in
      _ = try await test.model.submit(ResponsesModelUnderTest.question, key: "k")
    }
    #expect(submitted == whole)
  }

  @Test(arguments: [
    (#"{"reason":"content_filter"}"#, ProviderFailure.Kind.contentFiltered),
    (#"{"reason":"something_else"}"#, .incomplete), ("null", .incomplete),
  ])
  func `an answer that the filter or something unknown has ended is a failure`(
    _ details: String, _ kind: ProviderFailure.Kind
  ) async throws {
    let test = try ResponsesModelUnderTest(answering: incomplete(details))
    let whole = try #require(await test.failure())
    #expect(whole.kind == kind)
    #expect(whole.disposition == .permanentForRequest)
    let end = ResponsesScript.event("response.incomplete", #""response":\#(incomplete(details))"#)
    let (events, failure) = try await story(ResponsesScript.events(text: "a", end: nil).joined() + end)
    #expect(events == [.text("a")])
    #expect(failure == whole)
  }

  @Test func `a refusal is a failure that does not repeat the model's words`() async throws {
    let refusal = #"{"type":"message","content":[{"type":"refusal","refusal":"I won't."}]}"#
    let test = try ResponsesModelUnderTest(
      answering: ResponsesScript.response(status: "completed", output: [refusal]))
    #expect(await test.failure() == ProviderFailure(.refused))
    let event = ResponsesScript.event("response.refusal.delta", #""delta":"I won't.""#)
    #expect(try await story(event).failure == ProviderFailure(.refused))
  }

  @Test func `a response that somebody stopped is nobody's fault`() async throws {
    let cancelled = ResponsesScript.response(status: "cancelled")
    let test = try ResponsesModelUnderTest(answering: cancelled)
    #expect(await test.failure()?.disposition == .neutral)
    let event = ResponsesScript.event("response.cancelled", #""response":\#(cancelled)"#)
    #expect(try await story(event).failure?.disposition == .neutral)
  }

  @Test(arguments: [
    "{", "not json", "[1]", "7", "{}", #"{"type":7}"#, #"{"type":"response.output_text.delta"}"#,
    #"{"type":"response.output_text.delta","delta":7}"#, #"{"type":"response.completed"}"#,
    #"{"type":"response.output_item.added","item":{"type":"function_call"},"output_index":0}"#,
    #"{"type":"response.function_call_arguments.delta","delta":"{}","output_index":4}"#,
    #"{"type":"response.output_text.delta","delta":"b","sequence_number":"x"}"#,
  ])
  func `an event that cannot be read is never passed over`(_ data: String) async throws {
    let (events, failure) = try await story(
      ResponsesScript.events(text: "a", end: nil).joined() + "data: \(data)\n\n"
        + ResponsesScript.stream(text: "b"))
    #expect(events == [.text("a")])
    #expect(failure?.kind == .malformedResponse)
  }

  @Test(arguments: [
    "<!DOCTYPE html><title>Hi</title>", "hello", "{}", #"{"status":7}"#, #"{"choices":[]}"#, #"{"status":"#,
    #"{"status":"never_seen","output":[]}"#, #"{"status":"completed","output":[{"no":"type"}]}"#,
    #"{"status":"queued","output":[]}"#, #"{"status":"in_progress","output":[]}"#,
    #"{"status":"completed","output":7}"#,
  ])
  func `a success that is not an answer is malformed`(_ body: String) async throws {
    let test = try ResponsesModelUnderTest(answering: body)
    #expect(await test.failure()?.kind == .malformedResponse)
    #expect(await test.story().failure?.kind == .malformedResponse)
  }

  @Test func `a stream that is cut behind any event but the last is told as cut`() async throws {
    let script = ResponsesScript.events(text: "abc", chunks: 1, reasoning: ["Hm."])
    for count in 1..<script.count {
      for isCut in [false, true] {
        let (events, failure) = try await story(script.prefix(count).joined(), thenCut: isCut)
        #expect(!events.contains(.finished(.stop)))
        #expect(failure?.kind == .streamCut, "behind \(count) events")
        #expect(failure?.disposition == .ambiguous)
      }
    }
    #expect(try await story("").failure?.kind == .streamCut)
  }

  @Test func `a stream that is cut inside an event is cut or malformed, and never whole`() async throws {
    let script = ResponsesScript.events(text: "a")
    let last = try #require(script.last).utf8.count
    let bytes = [UInt8](script.joined().utf8)
    // All of the last event but its empty line is an event.
    for missing in stride(from: 3, to: last, by: 17) {
      let (events, failure) = try await story(String(decoding: bytes.dropLast(missing), as: UTF8.self))
      #expect(events == [.text("a")])
      #expect([.streamCut, .malformedResponse].contains(failure?.kind))
    }
  }

  @Test func `a stalled stream times out, behind what was said`() async throws {
    let transport = CannedTransport(
      chunks: [Data(ResponsesScript.events(text: "a", end: nil).joined().utf8)],
      failure: TransportFailure(.timedOut))
    let test = try ResponsesModelUnderTest(transport: transport) { _, _ in }
    let (events, failure) = await test.story()
    #expect(events == [.text("a")])
    #expect(failure?.kind == .timedOut)
  }

  @Test func `a key is in no error, wherever a server repeats it`() async throws {
    let key = "sk-proj-0123456789abcdef"
    let code = #""code":"\#(key)""#
    let bodies: [(Int, String)] = [
      (401, OpenAIScript.error("Wrong key \(key).", code: key)), (500, "no, \(key)"),
      (200, failed(#"{\#(code),"message":"\#(key)"}"#)), (200, incomplete(#"{"reason":"\#(key)"}"#)),
      (200, #"{"error":{\#(code),"message":"\#(key)"}}"#), (200, key),
      (200, #"{"status":"\#(key)","output":[]}"#), (404, OpenAIScript.error(key, code: key)),
    ]
    let job = try #require(ResponsesModelUnderTest.job)
    for (status, body) in bodies {
      let test = try ResponsesModelUnderTest(
        answering: body, status: status, headers: ["x-request-id": key], key: .provided { key })
      let failures = [
        await test.failure(), await test.story().failure,
        await failureOf { () throws(ProviderFailure) in
          if let failure = try await test.model.poll(job).state.failure { throw failure }
        },
        await failureOf { () throws(ProviderFailure) in
          _ = try await test.model.submit(ResponsesModelUnderTest.question, key: "k").state.failure
        },
        await failureOf { () throws(ProviderFailure) in try await test.model.cancel(job) },
      ]
      #expect(failures.prefix(3).allSatisfy { $0 != nil })
      for failure in failures.compactMap(\.self) {
        #expect(!"\(failure)".contains("0123456789"))
        #expect(!String(reflecting: failure).contains("0123456789"))
      }
    }
    for data in [#"{"type":"error",\#(code),"message":"\#(key)"}"#, key] {
      let test = try ResponsesModelUnderTest(key: .provided { key }) { _, connection in
        try connection.stream("event: error\ndata: \(data)\n\n")
      }
      let failure = try #require(await test.story().failure)
      #expect(!String(reflecting: failure).contains("0123456789"))
    }
  }
}

extension ProviderJobState {
  /// Why there is no whole answer.
  fileprivate var failure: ProviderFailure? {
    switch self {
    case .failed(let failure), .incomplete(let failure): failure
    default: nil
    }
  }
}
