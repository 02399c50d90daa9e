import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesJobTests {
  private let job: ProviderJobID

  init() throws { job = try #require(ResponsesModelUnderTest.job) }

  private func response(_ status: String, tail: String? = nil) -> String {
    ResponsesScript.response(
      status: status, output: [ResponsesScript.message("Hel")], usage: ResponsesScript.usage(), tail: tail)
  }

  private func poll(
    _ body: String, headers: KeyValuePairs<String, String> = [:]
  ) async throws -> ProviderJob {
    try await ResponsesModelUnderTest(answering: body, headers: headers).model.poll(job)
  }

  @Test func `a job is handed over, looked at, fetched`() async throws {
    let test = try ResponsesModelUnderTest { request, connection in
      let isNew = request.method == "POST"
      try connection.respond(200, [:], isNew ? self.response("queued") : self.response("completed"))
    }
    let job = try await test.model.submit(ResponsesModelUnderTest.question, key: "k")
    #expect(job == ProviderJob(id: self.job, state: .queued))
    #expect(try await test.model.poll(job.id) == ProviderJob(id: self.job, state: .completed))
    let usage = TokenUsage(input: 7, output: 5, cachedInput: 3, reasoning: 2)
    #expect(try await test.model.fetch(job.id) == GenerationResponse(text: "Hel", usage: usage))
  }

  @Test(arguments: [
    ("queued", ProviderJobState.queued), ("in_progress", .running), ("completed", .completed),
    ("cancelled", .cancelled),
  ])
  func `a job's status is its state`(_ status: String, _ state: ProviderJobState) async throws {
    #expect(try await poll(response(status)).state == state)
  }

  @Test(arguments: [
    ("max_output_tokens", ProviderFailure.Kind.incomplete), ("content_filter", .contentFiltered),
    ("something_else", .incomplete),
  ])
  func `an incomplete job says why, and keeps what there is`(
    _ reason: String, _ kind: ProviderFailure.Kind
  ) async throws {
    let body = response("incomplete", tail: #""incomplete_details":{"reason":"\#(reason)"}"#)
    guard case .incomplete(let failure) = try await poll(body).state else {
      Issue.record("the job is not incomplete")
      return
    }
    #expect(failure.kind == kind)
    #expect(failure.code == reason)
    let partial = try await ResponsesModelUnderTest(answering: body).model.fetch(job)
    #expect(partial.text == "Hel")
    #expect(partial.finish == .length)
  }

  @Test func `a failed job has failed as its error says`() async throws {
    let body = response("failed", tail: #""error":{"code":"rate_limit_exceeded","message":"M."}"#)
    guard case .failed(let failure) = try await poll(body, headers: ["retry-after": "3"]).state else {
      Issue.record("the job has not failed")
      return
    }
    #expect(failure.kind == .rateLimited)
    #expect(failure.retryAfter == .seconds(3))
    let test = try ResponsesModelUnderTest(answering: body)
    let fetched = await failureOf { () throws(ProviderFailure) in _ = try await test.model.fetch(job) }
    #expect(fetched?.kind == .rateLimited)
  }

  private static let delays: [(headers: KeyValuePairs<String, String>, delay: Duration?)] = [
    (["retry-after": "4"], .seconds(4)), (["retry-after-ms": "250", "retry-after": "4"], .milliseconds(250)),
    (["openai-poll-after-ms": "1500", "retry-after": "4"], .milliseconds(1500)),
    (["openai-poll-after-ms": "soon", "retry-after": "4"], .seconds(4)),
    (["x-ratelimit-reset-requests": "9s"], nil), (["retry-after": "-1"], nil), ([:], nil),
  ]

  @Test(arguments: delays)
  func `the provider may say when to look again`(
    _ headers: KeyValuePairs<String, String>, _ expected: Duration?
  ) async throws {
    #expect(try await poll(response("in_progress"), headers: headers).pollAfter == expected)
    #expect(try await poll(response("completed"), headers: headers).pollAfter == nil)
    let test = try ResponsesModelUnderTest(answering: response("queued"), headers: headers)
    let job = try await test.model.submit(ResponsesModelUnderTest.question, key: "k")
    #expect(job.pollAfter == expected)
  }

  @Test(arguments: [
    #""id":"""#, #""id":"a b""#, #""id":"..""#, #""id":null"#,
    #""id":"\#(String(repeating: "x", count: 129))""#,
  ])
  func `a job without a usable name is malformed`(_ id: String) async throws {
    let body = #"{\#(id),"status":"queued","output":[]}"#
    let test = try ResponsesModelUnderTest(answering: body)
    let failure = await failureOf { () throws(ProviderFailure) in
      _ = try await test.model.submit(ResponsesModelUnderTest.question, key: "k")
    }
    #expect(failure?.kind == .malformedResponse)
  }

  @Test(arguments: ["{}", "{", #"{"status":"never_seen","output":[]}"#, #"{"output":[]}"#, "<html>"])
  func `a job of no known status is malformed`(_ body: String) async throws {
    let failure = await failureOf { () throws(ProviderFailure) in
      do { _ = try await poll(body) } catch let error as ProviderFailure { throw error } catch {
        Issue.record(error)
      }
    }
    #expect(failure?.kind == .malformedResponse)
  }

  @Test(arguments: [404, 410])
  func `a job that the provider does not know is the request's matter`(_ status: Int) async throws {
    let test = try ResponsesModelUnderTest(
      answering: OpenAIScript.error("Not found.", type: "invalid_request_error"), status: status)
    let failures = [
      await failureOf { () throws(ProviderFailure) in _ = try await test.model.poll(job) },
      await failureOf { () throws(ProviderFailure) in _ = try await test.model.fetch(job) },
      await failureOf { () throws(ProviderFailure) in try await test.model.cancel(job) },
      await failureOf { () throws(ProviderFailure) in
        _ = try await test.model.stream(job, startingAfter: 1)
      },
    ]
    for failure in failures {
      #expect(failure?.kind == .invalidRequest)
      #expect(failure?.disposition == .permanentForRequest)
      #expect(failure?.message == "the provider does not know this job any more")
      #expect(failure?.status == status)
    }
  }

  @Test func `a failed look says nothing about the job`() async throws {
    let test = try ResponsesModelUnderTest(answering: OpenAIScript.error("Busy."), status: 503)
    let failure = await failureOf { () throws(ProviderFailure) in _ = try await test.model.poll(job) }
    #expect(failure?.kind == .overloaded)
    #expect(failure?.disposition == .transient)
  }

  @Test(arguments: ["queued", "in_progress"])
  func `what has not ended cannot be fetched, yet`(_ status: String) async throws {
    let test = try ResponsesModelUnderTest(answering: response(status))
    let failure = await failureOf { () throws(ProviderFailure) in _ = try await test.model.fetch(job) }
    #expect(failure?.disposition == .transient)
  }

  @Test func `what was stopped cannot be fetched`() async throws {
    let test = try ResponsesModelUnderTest(answering: response("cancelled"))
    let failure = await failureOf { () throws(ProviderFailure) in _ = try await test.model.fetch(job) }
    #expect(failure?.kind == .cancelled)
  }

  @Test func `a job is stopped with one request`() async throws {
    let test = try ResponsesModelUnderTest(answering: response("cancelled"))
    try await test.model.cancel(job)
    #expect(test.requests.map { "\($0.method) \($0.path)" } == ["POST /v1/responses/resp_1/cancel"])
  }

  @Test(arguments: [400, 409], ["completed", "failed", "incomplete", "cancelled"])
  func `that a job has ended already is no failure`(_ refusal: Int, _ status: String) async throws {
    let test = try ResponsesModelUnderTest { request, connection in
      guard request.method == "POST" else { return try connection.respond(200, [:], self.response(status)) }
      let error = OpenAIScript.error("Cannot cancel a \(status) response.", type: "invalid_request_error")
      try connection.respond(refusal, [:], error)
    }
    try await test.model.cancel(job)
    #expect(test.requests.count == 2)
  }

  @Test func `that a job which goes on cannot be stopped is a failure`() async throws {
    for isLookRefused in [false, true] {
      let test = try ResponsesModelUnderTest { request, connection in
        if request.method == "GET", !isLookRefused {
          return try connection.respond(200, [:], self.response("in_progress"))
        }
        try connection.respond(400, [:], OpenAIScript.error("Cannot cancel a synchronous response."))
      }
      let failure = await failureOf { () throws(ProviderFailure) in try await test.model.cancel(job) }
      #expect(failure?.kind == .invalidRequest)
      #expect(failure?.message == "Cannot cancel a synchronous response.")
    }
  }

  @Test(arguments: [401, 429, 500])
  func `a job that could not be asked to stop may go on`(_ status: Int) async throws {
    let test = try ResponsesModelUnderTest(answering: OpenAIScript.error("No."), status: status)
    let failure = await failureOf { () throws(ProviderFailure) in try await test.model.cancel(job) }
    #expect(failure?.status == status)
    #expect(test.requests.count == 1)
  }
}
