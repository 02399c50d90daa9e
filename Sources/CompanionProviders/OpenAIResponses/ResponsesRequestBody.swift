import CompanionDomain
import CompanionPorts

/// The body of a request to the Responses API.
///
/// Everything that is said is an item of `input`, in the order of the prompt. Also what the host says is, with
/// the role `system`, and not `instructions`: those have one place, before everything else.
struct ResponsesRequestBody: Encodable {
  var model: String
  var request: GenerationRequest
  var isStreaming: Bool
  /// Whether the provider is to run it as a job, which it also has to store.
  var isInBackground: Bool

  private enum Key: String, CodingKey {
    case model, input, tools, text, temperature, reasoning, stream, background, store
    case maximumOutputTokens = "max_output_tokens"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(model, forKey: .model)
    try container.encode(request.messages.flatMap(Self.items), forKey: .input)
    if !request.tools.isEmpty { try container.encode(request.tools.map(Self.tool), forKey: .tools) }
    if case .json(let schema, let name) = request.format {
      try container.encode(["format": Self.format(schema: schema, name: name)], forKey: .text)
    }
    try container.encodeIfPresent(request.temperature, forKey: .temperature)
    try container.encodeIfPresent(request.maximumOutputTokens, forKey: .maximumOutputTokens)
    if let effort = request.reasoningEffort {
      try container.encode(["effort": effort.rawValue], forKey: .reasoning)
    }
    try container.encode(isStreaming, forKey: .stream)
    if isInBackground { try container.encode(true, forKey: .background) }
    try container.encode(isInBackground, forKey: .store)
  }

  /// A message as the items that it is made of. Its texts are one item up to the next call or result; where it
  /// says nothing there is none.
  private static func items(of message: PromptMessage) -> [JSONValue] {
    var items: [JSONValue] = []
    var text = ""
    func endText() {
      if !text.isEmpty { items.append(item(saying: text, as: message.role)) }
      text = ""
    }
    for part in message.parts {
      switch part {
      case .text(let more): text += more
      case .toolCall(let call):
        endText()
        items.append([
          "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
          "arguments": .string(call.arguments),
        ])
      case .toolResult(let result):
        endText()
        items.append([
          "type": "function_call_output", "call_id": .string(result.callID),
          "output": .string(result.content),
        ])
      }
    }
    endText()
    return items
  }

  private static func item(saying text: String, as role: PromptMessage.Role) -> JSONValue {
    let (name, type) =
      switch role {
      case .system: ("system", "input_text")
      // The API has no words of tools but results of calls; their weight is that of a person's words.
      case .user, .tool: ("user", "input_text")
      case .assistant: ("assistant", "output_text")
      }
    return [
      "type": "message", "role": .string(name),
      "content": [["type": .string(type), "text": .string(text)]],
    ]
  }

  private static func tool(_ tool: ToolDescription) -> JSONValue {
    [
      "type": "function", "name": .string(tool.name), "description": .string(tool.summary),
      "parameters": tool.parameters, "strict": .bool(tool.parameters.isStrictSchema),
    ]
  }

  private static func format(schema: JSONValue, name: String) -> JSONValue {
    [
      "type": "json_schema", "name": .string(name), "schema": schema, "strict": .bool(schema.isStrictSchema),
    ]
  }
}
