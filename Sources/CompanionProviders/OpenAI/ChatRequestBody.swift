import CompanionDomain
import CompanionPorts

/// The body of a Chat Completions request.
struct ChatRequestBody: Encodable {
  var model: String
  var request: GenerationRequest
  var isStreaming: Bool
  var usesMaximumCompletionTokens: Bool

  private enum Key: String, CodingKey {
    case model, messages, tools, temperature, stream
    case maximumTokens = "max_tokens"
    case maximumCompletionTokens = "max_completion_tokens"
    case reasoningEffort = "reasoning_effort"
    case responseFormat = "response_format"
    case streamOptions = "stream_options"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(model, forKey: .model)
    try container.encode(request.messages.flatMap(ChatRequestMessage.messages(for:)), forKey: .messages)
    if !request.tools.isEmpty { try container.encode(request.tools.map(Self.tool), forKey: .tools) }
    try container.encodeIfPresent(request.temperature, forKey: .temperature)
    try container.encodeIfPresent(
      request.maximumOutputTokens,
      forKey: usesMaximumCompletionTokens ? .maximumCompletionTokens : .maximumTokens)
    try container.encodeIfPresent(request.reasoningEffort?.rawValue, forKey: .reasoningEffort)
    if case .json(let schema, let name) = request.format {
      try container.encode(Self.format(schema: schema, name: name), forKey: .responseFormat)
    }
    try container.encode(isStreaming, forKey: .stream)
    if isStreaming { try container.encode(["include_usage": true], forKey: .streamOptions) }
  }

  private static func tool(_ tool: ToolDescription) -> JSONValue {
    [
      "type": "function",
      "function": [
        "name": .string(tool.name), "description": .string(tool.summary), "parameters": tool.parameters,
      ],
    ]
  }

  private static func format(schema: JSONValue, name: String) -> JSONValue {
    [
      "type": "json_schema",
      "json_schema": [
        "name": .string(name), "schema": schema, "strict": .bool(schema.isStrictSchema),
      ],
    ]
  }
}

/// One message as the API has it.
struct ChatRequestMessage: Encodable {
  private var role: String
  private var content: String?
  private var toolCalls: [JSONValue] = []
  private var toolCallID: String?

  /// A prompt's message as the API's: each result of a tool is a message of its own.
  static func messages(for message: PromptMessage) -> [ChatRequestMessage] {
    var calls: [JSONValue] = []
    var results: [ChatRequestMessage] = []
    for part in message.parts {
      switch part {
      case .text: break
      case .toolCall(let call): calls.append(json(for: call))
      case .toolResult(let result):
        results.append(ChatRequestMessage(role: "tool", content: result.content, toolCallID: result.callID))
      }
    }
    let text = message.text
    let isSilent = text.isEmpty && calls.isEmpty
    // A message may be empty; a message that is only results says nothing besides them.
    guard !isSilent || results.isEmpty else { return results }
    let content = text.isEmpty && !calls.isEmpty ? nil : text
    return results + [ChatRequestMessage(role: message.role.rawValue, content: content, toolCalls: calls)]
  }

  private static func json(for call: ToolCall) -> JSONValue {
    [
      "id": .string(call.id), "type": "function",
      "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
    ]
  }

  private enum Key: String, CodingKey {
    case role, content
    case toolCalls = "tool_calls"
    case toolCallID = "tool_call_id"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(role, forKey: .role)
    try container.encode(content, forKey: .content)
    if !toolCalls.isEmpty { try container.encode(toolCalls, forKey: .toolCalls) }
    try container.encodeIfPresent(toolCallID, forKey: .toolCallID)
  }
}
