import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIRequestTests {
  /// What the server is sent when this is asked.
  private func sent(
    _ request: GenerationRequest, path: String = "/v1", key: APIKey? = nil, isStreaming: Bool = false
  ) async throws -> (request: LoopbackRequest, json: JSONValue) {
    let seen = Mutex<LoopbackRequest?>(nil)
    let server = try LoopbackServer { request, connection in
      seen.withLock { $0 = request }
      let isStreaming = String(decoding: request.body, as: UTF8.self).contains(#""stream":true"#)
      if isStreaming { return try connection.stream(OpenAIScript.stream(text: "ok")) }
      try connection.respond(200, ["Content-Type": "application/json"], OpenAIScript.answer(text: "ok"))
    }
    let model = OpenAICompatibleModel(
      baseURL: server.url(path), model: "m", apiKey: key, transport: ModelUnderTest.transport, time: .system)
    if isStreaming {
      for try await _ in try await model.stream(request) {}
    } else {
      _ = try await model.generate(request)
    }
    let lastSeen = seen.withLock(\.self)
    let received = try #require(lastSeen)
    return (received, try JSONDecoder().decode(JSONValue.self, from: received.body))
  }

  @Test(arguments: [
    ("/v1", "/v1/chat/completions"), ("/v1/", "/v1/chat/completions"), ("", "/v1/chat/completions"),
    ("/", "/v1/chat/completions"), ("/api/v3//", "/api/v3/chat/completions"),
    ("/v1/chat/completions", "/v1/chat/completions"),
    ("/openai/v1?api-version=preview", "/openai/v1/chat/completions?api-version=preview"),
  ])
  func `the base URL may end as it likes`(_ path: String, _ expected: String) async throws {
    #expect(try await sent(ModelUnderTest.question, path: path).request.path == expected)
  }

  @Test func `a plain question is sent plainly`() async throws {
    let (request, json) = try await sent(ModelUnderTest.question)
    #expect(request.method == "POST")
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["authorization"] == nil)
    #expect(
      json == [
        "model": "m", "stream": false, "messages": [["role": "user", "content": "Hi"]],
      ])
  }

  @Test func `a stream is asked for with its usage`() async throws {
    let json = try await sent(ModelUnderTest.question, isStreaming: true).json
    #expect(json["stream"] == true)
    #expect(json["stream_options"] == ["include_usage": true])
  }

  @Test func `everything that may be asked for is sent`() async throws {
    var request = ModelUnderTest.question
    request.tools = [ToolDescription(name: "now", summary: "The time.", parameters: ["type": "object"])]
    request.temperature = 0.5
    request.maximumOutputTokens = 9
    request.reasoningEffort = .high
    let schema: JSONValue = [
      "type": "object", "properties": ["a": ["type": "integer"]], "required": ["a"],
      "additionalProperties": false,
    ]
    request.format = .json(schema: schema, name: "answer")
    let json = try await sent(request).json
    #expect(json["temperature"] == .number(0.5))
    #expect(json["max_tokens"] == 9)
    #expect(json["reasoning_effort"] == "high")
    #expect(
      json["tools"] == [
        [
          "type": "function",
          "function": ["name": "now", "description": "The time.", "parameters": ["type": "object"]],
        ]
      ])
    #expect(
      json["response_format"] == [
        "type": "json_schema", "json_schema": ["name": "answer", "schema": schema, "strict": true],
      ])
  }

  @Test func `a schema that leaves something open is not asked for strictly`() async throws {
    var request = ModelUnderTest.question
    request.format = .json(schema: ["type": "object", "properties": ["a": [:]]], name: "answer")
    let json = try await sent(request).json
    #expect(json["response_format"]?["json_schema"]?["strict"] == false)
  }

  @Test func `tool calls and their results are messages of the API`() async throws {
    let call = ToolCall(id: "c1", name: "now", arguments: "{}")
    let results = ["c1", "c2"].map {
      MessagePart.toolResult(ToolResult(callID: $0, outcome: .succeeded, content: "noon"))
    }
    let messages = [
      PromptMessage(.system, "Be kind."), PromptMessage(role: .assistant, parts: [.toolCall(call)]),
      PromptMessage(role: .tool, parts: results),
    ]
    let json = try await sent(GenerationRequest(purpose: .answer, messages: messages)).json
    let expectedCall: JSONValue = [
      "id": "c1", "type": "function", "function": ["name": "now", "arguments": "{}"],
    ]
    #expect(
      json["messages"] == [
        ["role": "system", "content": "Be kind."],
        ["role": "assistant", "content": nil, "tool_calls": [expectedCall]],
        ["role": "tool", "content": "noon", "tool_call_id": "c1"],
        ["role": "tool", "content": "noon", "tool_call_id": "c2"],
      ])
  }

  @Test func `a number that JSON does not have is the request's fault`() async throws {
    var request = ModelUnderTest.question
    request.temperature = .infinity
    let failure = await #expect(throws: ProviderFailure.self) { try await sent(request) }
    #expect(failure?.kind == .invalidRequest)
  }

  @Test func `providers are named as OpenTelemetry names them`() throws {
    let names = try [
      "https://api.openai.com/v1": "openai", "https://me.openai.azure.com/openai/v1": "azure.ai.openai",
      "http://localhost:11434": "localhost",
    ].map { address, name in
      let url = try #require(URL(string: address))
      let model = OpenAICompatibleModel(
        baseURL: url, model: "m", transport: ModelUnderTest.transport, time: .system)
      return model.identity == ModelIdentity(provider: name, model: "m")
    }
    #expect(names == [true, true, true])
  }

  @Test(arguments: [
    (nil, "/openai/v1/chat/completions"),
    ("preview", "/openai/v1/chat/completions?api-version=preview"),
    ("2024-10-21", "/openai/deployments/m/chat/completions?api-version=2024-10-21"),
  ])
  func `a dated version of Azure has the model in its path`(
    _ version: String?, _ path: String
  ) async throws {
    let paths = Mutex<[String]>([])
    let server = try LoopbackServer { request, connection in
      paths.withLock { $0.append(request.path) }
      try connection.respond(200, [:], #"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#)
    }
    let url = try #require(URL(string: "https://me.openai.azure.com"))
    let model = OpenAICompatibleModel(
      baseURL: url, model: "m", apiVersion: version, transport: Detour(server: server), time: .system)
    _ = try await model.generate(ModelUnderTest.question)
    #expect(paths.withLock(\.self) == [path])
  }
}
