import CompanionDomain
import CompanionPorts
import CompanionProviders
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIFailureTests {
  /// How a request fails; the same whether it asks for a stream or not.
  private func failure(_ handler: @escaping LoopbackServer.Handler) async throws -> ProviderFailure {
    let test = try ModelUnderTest(answering: handler)
    let whole = try #require(await test.failure())
    let streamed = try #require(await test.story().failure)
    // Where the body is not read alike, the words differ.
    if whole.kind != .malformedResponse { #expect(whole == streamed) }
    #expect(whole.kind == streamed.kind)
    return whole
  }

  /// How a stream fails that sends this, and what comes before.
  private func story(
    _ stream: String, thenCut isCut: Bool = false
  ) async throws -> (events: [GenerationEvent], failure: ProviderFailure?) {
    try await ModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(stream)
      if isCut { connection.cut() }
    }.story()
  }

  @Test func `a refused key is the provider's`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(401, [:], OpenAIScript.error("No.", code: "invalid_api_key"))
    }
    #expect(failure.kind == .authentication)
    #expect(failure.disposition == .permanentForProvider)
    #expect(failure.status == 401)
    #expect(failure.code == "invalid_api_key")
    #expect(failure.message == "No.")
  }

  @Test func `a limited rate says when to come back`() async throws {
    let failure = try await failure { _, connection in
      let body = OpenAIScript.error("Slowly.", code: "rate_limit_exceeded")
      try connection.respond(429, ["Retry-After": "7", "X-Request-ID": "req_1"], body)
    }
    #expect(failure.kind == .rateLimited)
    #expect(failure.retryAfter == .seconds(7))
    #expect(failure.requestID == "req_1")
  }

  @Test func `an exhausted quota is not a limited rate`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(429, [:], OpenAIScript.error("Pay.", type: "insufficient_quota"))
    }
    #expect(failure.kind == .quotaExhausted)
  }

  @Test(arguments: ["", "<html>Bad gateway</html>", "plain words", "{\"error\":\"text\"}", "{", "[]"])
  func `a server's error is one in whatever form it comes`(_ body: String) async throws {
    let failure = try await failure { _, connection in try connection.respond(500, [:], body) }
    #expect(failure.kind == .serverError)
    #expect(!failure.message.contains("<"))
  }

  @Test func `of an endless error only the beginning is read`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.head(500)
      while true { try connection.chunk(String(repeating: "x", count: 10_000)) }
    }
    #expect(await test.failure()?.kind == .serverError)
    await test.server.wait { $0.abandonedAnswers == 1 }
  }

  @Test func `an error whose body is cut is still an error`() async throws {
    let failure = try await failure { _, connection in
      try connection.head(503, [:], length: 100)
      try connection.chunk("{\"er")
      connection.cut()
    }
    #expect(failure.kind == .overloaded)
  }

  @Test func `an error with a success status is one`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(200, [:], #"{"error":{"code":400,"type":"exceed_context_size_error"}}"#)
    }
    #expect(failure.kind == .contextLengthExceeded)
  }

  @Test(arguments: [
    "data: {\"error\":{\"message\":\"Busy.\",\"type\":\"overloaded_error\"}}\n\n",
    "event: error\ndata: {\"message\":\"Busy.\",\"type\":\"overloaded_error\"}\n\n",
    "data: {\"object\":\"error\",\"message\":\"Busy.\",\"code\":503}\n\n",
  ])
  func `an error inside a stream is what its code says, behind what was said`(_ event: String) async throws {
    let text = OpenAIScript.event(OpenAIScript.textChunk("a"))
    let (events, failure) = try await story(text + event)
    #expect(events == [.text("a")])
    #expect(failure?.kind == .overloaded)
    #expect(failure?.message == "Busy.")
  }

  @Test func `a filtered answer is a failure, whole and streamed`() async throws {
    let whole = try ModelUnderTest { _, connection in
      try connection.respond(200, [:], #"{"choices":[{"message":{},"finish_reason":"content_filter"}]}"#)
    }
    #expect(await whole.failure()?.kind == .contentFiltered)
    let (events, failure) = try await story(OpenAIScript.stream(text: "ab", finish: "content_filter"))
    #expect(events == [.text("ab")])
    #expect(failure?.kind == .contentFiltered)
    #expect(failure?.disposition == .permanentForRequest)
  }

  @Test func `a refusal is a failure that does not repeat the model's words`() async throws {
    let whole = try ModelUnderTest { _, connection in
      try connection.respond(200, [:], #"{"choices":[{"message":{"refusal":"I won't."}}]}"#)
    }
    #expect(await whole.failure() == ProviderFailure(.refused))
    let refusal = OpenAIScript.event(OpenAIScript.chunk(delta: #"{"refusal":"I won't."}"#))
    #expect(try await story(refusal).failure == ProviderFailure(.refused))
  }

  @Test(arguments: ["{", "not json", "{\"choices\":7}", "{\"type\":\"message_start\"}", "[1]"])
  func `an event that cannot be read is never passed over`(_ data: String) async throws {
    let stream = OpenAIScript.event(OpenAIScript.textChunk("a")) + OpenAIScript.event(data)
    let (events, failure) = try await story(stream + OpenAIScript.stream(text: "b"))
    #expect(events == [.text("a")])
    #expect(failure?.kind == .malformedResponse)
  }

  @Test(arguments: ["<!DOCTYPE html><title>Hi</title>", "hello", "{}", "{\"choices\":[]}", "{\"choices\":"])
  func `a success that is not an answer is malformed`(_ body: String) async throws {
    let failure = try await failure { _, connection in try connection.respond(200, [:], body) }
    #expect(failure.kind == .malformedResponse)
  }

  @Test func `a stream without an end is cut, however it ends`() async throws {
    for isCut in [false, true] {
      let script = OpenAIScript.stream(text: "ab", finish: nil, usage: false, done: false)
      let (events, failure) = try await story(script, thenCut: isCut)
      #expect(events == [.text("ab")])
      #expect(failure?.kind == .streamCut)
      #expect(failure?.disposition == .ambiguous)
    }
    #expect(try await story("").failure?.kind == .streamCut)
  }

  @Test func `a stream fails once, and is over then`() async throws {
    let test = try ModelUnderTest { _, connection in try connection.stream("data: {\n\n") }
    var events = try await test.model.stream(ModelUnderTest.question).makeAsyncIterator()
    await #expect(throws: ProviderFailure.self) { try await events.next() }
    #expect(try await events.next() == nil)
  }

  @Test func `a stalled stream times out, behind what was said`() async throws {
    let transport = CannedTransport(
      chunks: [Data(OpenAIScript.event(OpenAIScript.textChunk("a")).utf8)],
      failure: TransportFailure(.timedOut))
    let test = try ModelUnderTest(transport: transport) { _, _ in }
    let (events, failure) = await test.story()
    #expect(events == [.text("a")])
    #expect(failure?.kind == .timedOut)
    #expect(failure?.disposition == .ambiguous)
  }

  @Test func `a head that does not come times out`() async throws {
    let test = try ModelUnderTest(idleTimeout: .milliseconds(50)) { _, connection in try connection.stall() }
    #expect(await test.failure()?.kind == .timedOut)
  }

  @Test func `a head that comes in pieces is a head`() async throws {
    let body = OpenAIScript.answer(text: "ok")
    let test = try ModelUnderTest { _, connection in
      for byte in [UInt8]("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n".utf8) {
        try connection.raw([byte])
      }
      try connection.raw(body)
    }
    #expect(try await test.model.generate(ModelUnderTest.question).text == "ok")
  }

  @Test func `an early close is a lost connection`() async throws {
    let failure = try await failure { _, connection in connection.cut() }
    #expect(failure.kind == .connectionLost)
    #expect(failure.disposition == .ambiguous)
  }

  @Test func `a refused connection is safe to try again`() async throws {
    let test = try ModelUnderTest { _, _ in }
    test.server.stop()
    let failure = try #require(await test.failure())
    #expect(failure.kind == .unreachable)
    #expect(failure.disposition == .transient)
  }

  @Test func `a server that does not speak HTTP is told as one`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.raw("220 mail.example ESMTP\r\n")
      connection.cut()
    }
    #expect(await test.failure()?.kind == .malformedResponse)
  }

  @Test func `a redirect takes no key along`() async throws {
    let test = try ModelUnderTest(key: .provided { "secret-key" }) { _, connection in
      try connection.respond(307, ["Location": "/elsewhere"], "")
    }
    #expect(await test.failure()?.kind == .modelNotFound)
    #expect(test.server.counts.requests == 1)
  }

  @Test func `a cancelled stream says so and ends the request`() async throws {
    let test = try ModelUnderTest { _, connection in
      try connection.streamHead()
      try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("a")))
      try connection.stall()
    }
    let (heard, listener) = AsyncStream<Void>.makeStream()
    let reading = Task {
      do throws(ProviderFailure) {
        for try await _ in try await test.model.stream(ModelUnderTest.question) { listener.yield() }
        return nil as ProviderFailure?
      } catch {
        return error
      }
    }
    for await _ in heard { break }
    reading.cancel()
    #expect(await reading.value?.kind == .cancelled)
    await test.server.wait { $0.abandonedAnswers == 1 }
  }
}
