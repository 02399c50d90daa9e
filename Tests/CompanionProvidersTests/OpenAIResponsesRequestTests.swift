import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIResponsesRequestTests {
  private let question: JSONValue = [
    ["type": "message", "role": "user", "content": [["type": "input_text", "text": "Hi"]]]
  ]

  /// A server that answers whatever is asked, in the form in which it is asked.
  private func answer(_ request: LoopbackRequest, _ connection: LoopbackConnection) throws {
    let isStreaming = String(decoding: request.body, as: UTF8.self).contains(#""stream":true"#)
    if isStreaming { return try connection.stream(ResponsesScript.stream(text: "ok")) }
    try connection.respond(200, [:], ResponsesScript.answer(text: "ok"))
  }

  /// The body that is sent when this is asked.
  private func sent(_ request: GenerationRequest) async throws -> JSONValue {
    let test = try ResponsesModelUnderTest(answering: answer)
    _ = try await test.model.generate(request)
    return try body(of: try #require(test.requests.first))
  }

  private func body(of request: LoopbackRequest) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: request.body)
  }

  @Test(arguments: [
    ("/v1", "/v1/responses"), ("/v1/", "/v1/responses"), ("", "/v1/responses"), ("/", "/v1/responses"),
    ("/api/v3//", "/api/v3/responses"), ("/v1/responses", "/v1/responses"),
    ("/openai/v1?api-version=preview", "/openai/v1/responses?api-version=preview"),
  ])
  func `the base URL may end as it likes`(_ path: String, _ expected: String) async throws {
    let test = try ResponsesModelUnderTest(path: path, answering: answer)
    _ = try await test.model.generate(ResponsesModelUnderTest.question)
    #expect(test.requests.map(\.path) == [expected])
  }

  @Test func `a plain question is sent plainly, and is not stored`() async throws {
    let test = try ResponsesModelUnderTest(answering: answer)
    _ = try await test.model.generate(ResponsesModelUnderTest.question)
    let request = try #require(test.requests.first)
    #expect(request.method == "POST")
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["authorization"] == nil)
    #expect(request.headers["idempotency-key"] == nil)
    #expect(try body(of: request) == ["model": "m", "input": question, "store": false, "stream": false])
  }

  @Test func `a stream is asked for as one, and is not stored`() async throws {
    let test = try ResponsesModelUnderTest(answering: answer)
    for try await _ in try await test.model.stream(ResponsesModelUnderTest.question) {}
    let request = try #require(test.requests.first)
    #expect(request.headers["accept"] == "text/event-stream")
    #expect(try body(of: request) == ["model": "m", "input": question, "store": false, "stream": true])
  }

  @Test func `a job is stored, and its submission has a name`() async throws {
    let test = try ResponsesModelUnderTest(answering: ResponsesScript.response(status: "queued"))
    _ = try await test.model.submit(ResponsesModelUnderTest.question, key: "task-1 \n2%")
    let request = try #require(test.requests.first)
    #expect(request.method == "POST")
    #expect(request.path == "/v1/responses")
    #expect(request.headers["idempotency-key"] == "task-1%20%0A2%25")
    #expect(
      try body(of: request) == [
        "model": "m", "input": question, "store": true, "background": true, "stream": false,
      ])
  }

  @Test func `a streamed job is stored and streamed`() async throws {
    let test = try ResponsesModelUnderTest(answering: answer)
    for try await _ in try await test.model.submitStreaming(ResponsesModelUnderTest.question, key: "k") {}
    let request = try #require(test.requests.first)
    #expect(request.headers["idempotency-key"] == "k")
    #expect(
      try body(of: request) == [
        "model": "m", "input": question, "store": true, "background": true, "stream": true,
      ])
  }

  @Test func `everything that may be asked for is sent`() async throws {
    var request = ResponsesModelUnderTest.question
    let open: JSONValue = ["type": "object"]
    let closed: JSONValue = [
      "type": "object", "properties": ["a": ["type": "integer"]], "required": ["a"],
      "additionalProperties": false,
    ]
    request.tools = [
      ToolDescription(name: "now", summary: "The time.", parameters: open),
      ToolDescription(name: "add", summary: "A sum.", parameters: closed),
    ]
    request.temperature = 0.5
    request.maximumOutputTokens = 9
    request.reasoningEffort = .high
    request.format = .json(schema: closed, name: "answer")
    #expect(
      try await sent(request) == [
        "model": "m", "input": question, "store": false, "stream": false, "temperature": .number(0.5),
        "max_output_tokens": 9, "reasoning": ["effort": "high"],
        "tools": [
          [
            "type": "function", "name": "now", "description": "The time.", "parameters": open,
            "strict": false,
          ],
          [
            "type": "function", "name": "add", "description": "A sum.", "parameters": closed,
            "strict": true,
          ],
        ],
        "text": ["format": ["type": "json_schema", "name": "answer", "schema": closed, "strict": true]],
      ])
  }

  @Test(
    arguments: [
      ["type": "object", "properties": ["a": [:]]], ["type": "array", "items": ["type": "string"]], [:],
    ] as [JSONValue])
  func `a schema that leaves something open is not asked for strictly`(_ schema: JSONValue) async throws {
    var request = ResponsesModelUnderTest.question
    request.format = .json(schema: schema, name: "answer")
    #expect(try await sent(request)["text"]?["format"]?["strict"] == false)
  }

  @Test func `every message is an item, and so is every call and every result`() async throws {
    let call = ToolCall(id: "c1", name: "now", arguments: "{}")
    let results = ["c1", "c2"].map {
      MessagePart.toolResult(ToolResult(callID: $0, outcome: .succeeded, content: "noon"))
    }
    let messages = [
      PromptMessage(.system, "Be kind."), PromptMessage(.user, "When?"),
      PromptMessage(
        role: .assistant, parts: [.text("I "), .text("look."), .toolCall(call), .text("And wait.")]),
      PromptMessage(role: .tool, parts: results), PromptMessage(.user, ""),
      PromptMessage(.system, "Be brief."),
    ]
    let json = try await sent(GenerationRequest(purpose: .answer, messages: messages))
    #expect(
      json["input"] == [
        [
          "type": "message", "role": "system", "content": [["type": "input_text", "text": "Be kind."]],
        ],
        ["type": "message", "role": "user", "content": [["type": "input_text", "text": "When?"]]],
        [
          "type": "message", "role": "assistant", "content": [["type": "output_text", "text": "I look."]],
        ],
        ["type": "function_call", "call_id": "c1", "name": "now", "arguments": "{}"],
        [
          "type": "message", "role": "assistant", "content": [["type": "output_text", "text": "And wait."]],
        ],
        ["type": "function_call_output", "call_id": "c1", "output": "noon"],
        ["type": "function_call_output", "call_id": "c2", "output": "noon"],
        [
          "type": "message", "role": "system", "content": [["type": "input_text", "text": "Be brief."]],
        ],
      ])
  }

  @Test func `a number that JSON does not have is the request's fault`() async throws {
    var request = ResponsesModelUnderTest.question
    request.temperature = .infinity
    let failure = await #expect(throws: ProviderFailure.self) { try await sent(request) }
    #expect(failure?.kind == .invalidRequest)
  }

  @Test(arguments: [
    ("https://me.openai.azure.com", nil, "/openai/v1/responses"),
    ("https://me.openai.azure.com/openai/v1/", nil, "/openai/v1/responses"),
    ("https://me.openai.azure.com/", "preview", "/openai/v1/responses?api-version=preview"),
    (
      "https://me.openai.azure.com/openai/v1?api-version=preview", "2025-04-01-preview",
      "/openai/v1/responses?api-version=preview"
    ),
    (
      "https://me.cognitiveservices.azure.com", "2025-04-01-preview",
      "/openai/responses?api-version=2025-04-01-preview"
    ),
    (
      "https://me.openai.azure.com/openai/responses?api-version=2025-04-01-preview", nil,
      "/openai/responses?api-version=2025-04-01-preview"
    ),
    ("https://me.services.ai.azure.com?a=%2B", "latest", "/openai/v1/responses?a=%2B&api-version=latest"),
  ])
  func `Azure has its own paths and versions, and its own header for the key`(
    _ address: String, _ version: String?, _ expected: String
  ) async throws {
    let url = try #require(URL(string: address))
    let test = try ResponsesModelUnderTest(
      at: url, key: .provided { "secret-key" }, version: version, answering: answer)
    _ = try await test.model.generate(ResponsesModelUnderTest.question)
    let request = try #require(test.requests.first)
    #expect(request.path == expected)
    #expect(request.headers["api-key"] == "secret-key")
    #expect(request.headers["authorization"] == nil)
    #expect(test.model.identity == ModelIdentity(provider: "azure.ai.openai", model: "m"))
  }

  @Test func `OpenAI is sent the key as a bearer token`() async throws {
    let url = try #require(URL(string: "https://api.openai.com"))
    let test = try ResponsesModelUnderTest(at: url, key: .provided { "secret-key" }, answering: answer)
    _ = try await test.model.generate(ResponsesModelUnderTest.question)
    let request = try #require(test.requests.first)
    #expect(request.path == "/v1/responses")
    #expect(request.headers["authorization"] == "Bearer secret-key")
    #expect(test.model.identity.provider == "openai")
  }

  @Test func `an answer about another job is none`() async throws {
    let url = try #require(URL(string: "https://api.openai.com"))
    let test = try ResponsesModelUnderTest(at: url, key: .provided { "secret-key" }, answering: answer)
    let job = try #require(ProviderJobID(rawValue: "resp_2"))
    for ask in [{ _ = try await test.model.poll(job) }, { _ = try await test.model.fetch(job) }] {
      let failure = await #expect(throws: ProviderFailure.self) { try await ask() }
      #expect(failure?.kind == .malformedResponse)
    }
  }

  @Test func `a job has its path below the others, and a query stays a query`() async throws {
    let address = try #require(
      URL(string: "https://me.openai.azure.com/openai?api-version=2025-04-01-preview"))
    let test = try ResponsesModelUnderTest(at: address, key: .provided { "secret-key" }) {
      request, connection in
      if request.path.contains("stream=true") {
        return try connection.stream(ResponsesScript.stream(text: "a"))
      }
      try connection.respond(200, [:], ResponsesScript.answer(text: "a", id: "resp/ä?#%2F.."))
    }
    let job = try #require(ProviderJobID(rawValue: "resp/ä?#%2F.."))
    _ = try await test.model.poll(job)
    _ = try await test.model.fetch(job)
    try await test.model.cancel(job)
    for try await _ in try await test.model.stream(job, startingAfter: 42) {}
    for try await _ in try await test.model.stream(job, startingAfter: nil) {}
    let path = "/openai/responses/resp%2F%C3%A4%3F%23%252F.."
    let query = "api-version=2025-04-01-preview"
    #expect(
      test.requests.map { "\($0.method) \($0.path)" } == [
        "GET \(path)?\(query)", "GET \(path)?\(query)", "POST \(path)/cancel?\(query)",
        "GET \(path)?\(query)&stream=true&starting_after=42", "GET \(path)?\(query)&stream=true",
      ])
    #expect(test.requests.allSatisfy { $0.headers["api-key"] == "secret-key" })
    #expect(test.requests.allSatisfy { $0.body.isEmpty })
  }

  @Test(arguments: [".", ".."])
  func `a job whose name leads elsewhere is not asked for`(_ name: String) async throws {
    let job = try #require(ProviderJobID(rawValue: name))
    let test = try ResponsesModelUnderTest(answering: answer)
    let failure = await failureOf { () throws(ProviderFailure) in _ = try await test.model.poll(job) }
    #expect(failure?.kind == .invalidRequest)
    #expect(test.requests.isEmpty)
  }
}
