import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AnthropicRequestTests {
  private func json(
    _ request: GenerationRequest, to name: String = "claude-opus-5", isStreaming: Bool = false
  ) async throws -> JSONValue {
    let sent = try await AnthropicUnderTest.sent(request, to: name, isStreaming: isStreaming)
    return try #require(sent).json
  }

  private func messages(_ messages: PromptMessage...) async throws -> JSONValue? {
    try await json(GenerationRequest(purpose: .answer, messages: messages))["messages"]
  }

  private func asking(_ change: (inout GenerationRequest) -> Void) -> GenerationRequest {
    var request = ModelUnderTest.question
    change(&request)
    return request
  }

  private func message(_ role: String, _ blocks: JSONValue...) -> JSONValue {
    ["role": .string(role), "content": .array(blocks)]
  }

  private func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  @Test(arguments: [
    ("", "/v1/messages"), ("/", "/v1/messages"), ("/v1", "/v1/messages"), ("/v1/", "/v1/messages"),
    ("/v1/messages", "/v1/messages"), ("/anthropic", "/anthropic/v1/messages"),
    ("/anthropic?api-version=1", "/anthropic/v1/messages?api-version=1"),
  ])
  func `the base URL may end as it likes`(_ path: String, _ expected: String) async throws {
    let sent = try await AnthropicUnderTest.sent(ModelUnderTest.question, path: path)
    #expect(sent?.request.path == expected)
  }

  @Test func `a plain question is sent plainly, with the key in its place`() async throws {
    let key = APIKey.provided { "secret-key" }
    let sent = try #require(
      try await AnthropicUnderTest.sent(ModelUnderTest.question, to: "claude-sonnet-4-5", key: key))
    #expect(sent.request.method == "POST")
    #expect(sent.request.headers["content-type"] == "application/json")
    #expect(sent.request.headers["x-api-key"] == "secret-key")
    #expect(sent.request.headers["authorization"] == nil)
    #expect(sent.request.headers["anthropic-version"] == "2023-06-01")
    #expect(
      sent.json == [
        "model": "claude-sonnet-4-5", "stream": false, "max_tokens": 8192,
        "messages": [message("user", text("Hi"))],
      ])
  }

  @Test func `a stream is asked for`() async throws {
    #expect(try await json(ModelUnderTest.question, isStreaming: true)["stream"] == true)
  }

  @Test func `without an address it is Anthropic's own`() {
    let model = AnthropicModel(model: "m", transport: ModelUnderTest.transport, time: .system)
    #expect(model.identity == ModelIdentity(provider: "anthropic", model: "m"))
  }

  @Test func `what the host says is apart, and neighbours of one role are one message`() async throws {
    let request = GenerationRequest(
      purpose: .answer,
      messages: [
        PromptMessage(.system, "Be kind."), PromptMessage(.user, "A"), PromptMessage(.user, "B"),
        PromptMessage(.system, " "), PromptMessage(.assistant, "C"), PromptMessage(.assistant, "\n"),
        PromptMessage(.system, "Be brief."), PromptMessage(.user, "D"),
      ])
    let json = try await json(request)
    #expect(json["system"] == "Be kind.\n\nBe brief.")
    #expect(
      json["messages"] == [
        message("user", text("A"), text("B")), message("assistant", text("C")), message("user", text("D")),
      ])
  }

  @Test func `the first message is a user's, whoever began`() async throws {
    let opening = message("user", text("…"))
    #expect(
      try await messages(PromptMessage(.assistant, "Hello"), PromptMessage(.user, "Hi"))
        == [opening, message("assistant", text("Hello")), message("user", text("Hi"))])
    #expect(try await messages(PromptMessage(.system, "Greet.")) == [opening])
  }

  @Test(arguments: [[], [PromptMessage(.user, " \n")]])
  func `a prompt without a word is refused without a call`(_ messages: [PromptMessage]) async throws {
    let test = try AnthropicUnderTest { _, _ in }
    let failure = await test.story(GenerationRequest(purpose: .answer, messages: messages)).failure
    #expect(failure?.kind == .invalidRequest)
    #expect(test.server.counts.requests == 0)
  }

  @Test func `calls and their results are blocks, the results first`() async throws {
    let calls = [
      ToolCall(id: "c1", name: "now", arguments: #"{"zone":"UTC"}"#),
      ToolCall(id: "c2", name: "then", arguments: ""),
    ]
    let results = [
      ToolResult(callID: "c1", outcome: .succeeded, content: "noon"),
      ToolResult(callID: "c2", outcome: .failed, content: ""),
    ]
    let sent = try await messages(
      PromptMessage(.user, "When?"),
      PromptMessage(role: .assistant, parts: [.text("Let me see.")] + calls.map { .toolCall($0) }),
      PromptMessage(role: .tool, parts: [.toolResult(results[0])]), PromptMessage(.user, "Well?"),
      PromptMessage(role: .tool, parts: [.toolResult(results[1])]))
    #expect(
      sent == [
        message("user", text("When?")),
        message(
          "assistant", text("Let me see."),
          ["type": "tool_use", "id": "c1", "name": "now", "input": ["zone": "UTC"]],
          ["type": "tool_use", "id": "c2", "name": "then", "input": [:]]),
        message(
          "user", ["type": "tool_result", "tool_use_id": "c1", "content": "noon"],
          ["type": "tool_result", "tool_use_id": "c2", "is_error": true], text("Well?")),
      ])
  }

  @Test func `calls of other providers get names that the API takes, each its own`() async throws {
    func round(_ id: String) -> [PromptMessage] {
      [
        PromptMessage(
          role: .assistant, parts: [.toolCall(ToolCall(id: id, name: "f", arguments: "{}"))]),
        PromptMessage(
          role: .tool, parts: [.toolResult(ToolResult(callID: id, outcome: .succeeded, content: "1"))]),
      ]
    }
    let request = GenerationRequest(
      purpose: .answer,
      messages: [PromptMessage(.user, "Go")] + ["call_0", "call_0", "f.g:0"].flatMap(round))
    let blocks = try await json(request)["messages"]?.array?.flatMap { $0["content"]?.array ?? [] } ?? []
    #expect(blocks.compactMap { $0["id"]?.string } == ["call_0", "call_0_", "f_g_0"])
    #expect(blocks.compactMap { $0["tool_use_id"]?.string } == ["call_0", "call_0_", "f_g_0"])
  }

  @Test(arguments: zip(["not JSON", "[1]", "7"], ["not JSON", [1], 7] as [JSONValue]))
  func `arguments that are no object go into one`(_ text: String, _ expected: JSONValue) async throws {
    let call = ToolCall(id: "c", name: "f", arguments: text)
    let sent = try await messages(
      PromptMessage(.user, "Go"), PromptMessage(role: .assistant, parts: [.toolCall(call)]))
    #expect(sent?.array?.last?["content"]?.array?.last?["input"] == ["arguments": expected])
  }

  @Test func `tools are described, and stand in where a prompt calls tools that are gone`() async throws {
    let tool = ToolDescription(name: "now", summary: "The time.", parameters: ["type": "object"])
    let described = try await json(asking { $0.tools = [tool] })
    #expect(
      described["tools"] == [
        ["name": "now", "description": "The time.", "input_schema": ["type": "object"]]
      ])
    #expect(described["tool_choice"] == nil)

    let call = PromptMessage(
      role: .assistant, parts: [.toolCall(ToolCall(id: "c", name: "now", arguments: "{}"))])
    let gone = try await json(asking { $0.messages.append(call) })
    #expect(gone["tools"] == [["name": "now", "input_schema": ["type": "object"]]])
    #expect(gone["tool_choice"] == ["type": "none"])
  }

  @Test func `a limit of the request is the limit`() async throws {
    #expect(try await json(asking { $0.maximumOutputTokens = 9 })["max_tokens"] == 9)
  }

  @Test(arguments: [
    ("claude-sonnet-4-5", 0.5, 0.5), ("claude-sonnet-4-5", 1.5, 1), ("claude-opus-4-6", -1, 0),
    ("glm-5", 2, 1),
  ])
  func `a temperature is cut to what the API takes`(
    _ model: String, _ asked: Double, _ sent: Double
  ) async throws {
    let json = try await json(asking { $0.temperature = asked }, to: model)
    #expect(json["temperature"]?.number == sent)
  }

  @Test(arguments: ["claude-opus-4-7", "claude-sonnet-5", "claude-opus-5-5", "claude-fable-5", "claude-next"])
  func `models that refuse a temperature get none`(_ model: String) async throws {
    #expect(try await json(asking { $0.temperature = 0.5 }, to: model)["temperature"] == nil)
  }

  @Test func `a temperature that is no number is the request's fault`() async throws {
    let failure = await #expect(throws: ProviderFailure.self) {
      try await AnthropicUnderTest.sent(asking { $0.temperature = .nan })
    }
    #expect(failure?.kind == .invalidRequest)
  }

  @Test(arguments: ["claude-opus-4-6", "us.anthropic.claude-sonnet-4-6-v1:0", "claude-opus-5-5"])
  func `newer models think by effort`(_ model: String) async throws {
    let request = asking {
      $0.reasoningEffort = .high
      $0.temperature = 0.5
    }
    let json = try await json(request, to: model)
    #expect(json["thinking"] == ["type": "adaptive"])
    #expect(json["output_config"] == ["effort": "high"])
    #expect(json["max_tokens"] == 24_576)
    #expect(json["temperature"] == nil)
  }

  @Test func `older models think within a budget, and a limit is shared with the answer`() async throws {
    for model in ["claude-sonnet-4-5-20250929", "claude-3-7-sonnet-20250219", "claude-opus-4-20250514"] {
      let json = try await json(
        asking {
          $0.reasoningEffort = .low
          $0.temperature = 0.5
        }, to: model)
      #expect(json["thinking"] == ["type": "enabled", "budget_tokens": 2048])
      #expect(json["max_tokens"] == 10_240)
      #expect(json["output_config"] == nil)
      #expect(json["temperature"] == nil)
    }
    let limited = asking {
      $0.reasoningEffort = .high
      $0.maximumOutputTokens = 5000
    }
    let json = try await json(limited, to: "claude-haiku-4-5")
    #expect(json["thinking"] == ["type": "enabled", "budget_tokens": 2500])
    #expect(json["max_tokens"] == 5000)
  }

  @Test func `thoughts are left out where a budget is refused`() async throws {
    let call = PromptMessage(
      role: .assistant, parts: [.toolCall(ToolCall(id: "c", name: "now", arguments: "{}"))])
    let tight = asking {
      $0.reasoningEffort = .high
      $0.maximumOutputTokens = 2000
    }
    let midway = asking {
      $0.reasoningEffort = .high
      $0.messages.append(call)
    }
    for (request, model) in [(tight, "claude-haiku-4-5"), (midway, "claude-haiku-4-5")] {
      #expect(try await json(request, to: model)["thinking"] == nil)
    }
    let old = try await json(asking { $0.reasoningEffort = .high }, to: "claude-3-5-haiku-20241022")
    #expect(old["thinking"] == nil)
    #expect(old["max_tokens"] == 8192)
    #expect(try await json(midway, to: "claude-opus-4-6")["thinking"] == ["type": "adaptive"])
  }

  @Test func `a model that thinks unasked has room for it`() async throws {
    #expect(try await json(ModelUnderTest.question, to: "claude-opus-5-5")["max_tokens"] == 16_384)
  }

  @Test func `JSON is a structured output, in the form that the API takes`() async throws {
    let schema: JSONValue = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
      "properties": [
        "age": ["type": "integer", "minimum": 0, "maximum": 150, "description": "In years."],
        "names": ["type": "array", "items": ["type": "string", "maxLength": 5], "minItems": 1],
        "mail": ["type": "string", "format": "email"], "minimum": ["type": "number"],
        "either": ["oneOf": [["type": "null"], ["type": "object", "properties": [:]]]],
      ], "required": ["age"],
    ]
    let json = try await json(asking { $0.format = .json(schema: schema, name: "answer") })
    let expected: JSONValue = [
      "type": "object", "additionalProperties": false,
      "properties": [
        "age": ["type": "integer", "description": "In years.\n\n{\"maximum\":150,\"minimum\":0}"],
        "names": [
          "type": "array", "items": ["type": "string", "description": "{\"maxLength\":5}"], "minItems": 1,
        ],
        "mail": ["type": "string", "format": "email"], "minimum": ["type": "number"],
        "either": [
          "anyOf": [["type": "null"], ["type": "object", "properties": [:], "additionalProperties": false]]
        ],
      ], "required": ["age"],
    ]
    #expect(json["output_config"] == ["format": ["type": "json_schema", "schema": expected]])
    #expect(json["tools"] == nil)
    #expect(json["tool_choice"] == nil)
  }

  @Test(arguments: ["claude-opus-4-1", "claude-sonnet-4-20250514", "qwen3"])
  func `older models and other servers are made to call a tool for JSON`(_ model: String) async throws {
    let schema: JSONValue = ["type": "object"]
    let request = asking {
      $0.format = .json(schema: schema, name: "the answer!")
      $0.reasoningEffort = .high
    }
    let json = try await json(request, to: model)
    #expect(
      json["tools"] == [
        ["name": "theanswer", "description": "Gives the answer.", "input_schema": schema]
      ])
    #expect(
      json["tool_choice"] == ["type": "tool", "name": "theanswer", "disable_parallel_tool_use": true])
    #expect(json["output_config"] == nil)
    #expect(json["thinking"] == nil)
  }

  @Test func `beside other tools any one is to be called`() async throws {
    let tool = ToolDescription(name: "answer", summary: "S", parameters: ["type": "object"])
    let request = asking {
      $0.format = .json(schema: ["type": "object"], name: "answer")
      $0.tools = [tool]
    }
    let json = try await json(request, to: "claude-opus-4-1")
    #expect(json["tools"]?.array?.map { $0["name"] } == ["answer", "answer_"])
    #expect(json["tool_choice"] == ["type": "any", "disable_parallel_tool_use": true])
  }
}
