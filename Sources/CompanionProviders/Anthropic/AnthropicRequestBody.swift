import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// The body of a Messages request.
struct AnthropicRequestBody {
  /// The tool whose arguments are the answer, where that is how JSON is asked for.
  let answerTool: String?
  private let json: JSONValue

  /// The tokens of an answer where the request sets no limit, those of its thoughts apart.
  static let usualMaximumTokens = 8192

  /// - Throws: `invalidRequest` for a prompt without a word, or a temperature that is no number.
  init(
    model: String, dialect: AnthropicDialect, request: GenerationRequest, isStreaming: Bool
  ) throws(ProviderFailure) {
    let prompt = AnthropicPrompt(request.messages)
    guard !prompt.messages.isEmpty else {
      throw ProviderFailure(.invalidRequest, message: "the prompt is empty")
    }
    var body: [String: JSONValue] = [
      "model": .string(model), "stream": .bool(isStreaming), "messages": .array(prompt.messages),
    ]
    if !prompt.system.isEmpty { body["system"] = .string(prompt.system) }

    var output: [String: JSONValue] = [:]
    var tools = request.tools.map(Self.tool)
    let answerTool = Self.answerTool(for: request, dialect)
    if case .json(let schema, _) = request.format {
      if let answerTool {
        tools.append([
          "name": .string(answerTool), "description": "Gives the answer.", "input_schema": schema,
        ])
        body["tool_choice"] =
          request.tools.isEmpty
          ? ["type": "tool", "name": .string(answerTool), "disable_parallel_tool_use": true]
          : ["type": "any", "disable_parallel_tool_use": true]
      } else {
        output["format"] = ["type": "json_schema", "schema": AnthropicSchema.closed(schema)]
      }
    }
    if request.tools.isEmpty, !prompt.calledTools.isEmpty {
      // The API refuses a prompt with calls in it unless some tool is there.
      tools += prompt.calledTools.sorted().filter { $0 != answerTool }.map(Self.formerTool)
      if answerTool == nil { body["tool_choice"] = ["type": "none"] }
    }
    if !tools.isEmpty { body["tools"] = .array(tools) }

    let thoughts = Self.thoughts(for: request, dialect, in: prompt, forcesTool: answerTool != nil)
    body["thinking"] = thoughts.thinking
    output["effort"] = thoughts.effort
    body["max_tokens"] = .integer(
      Int64(request.maximumOutputTokens ?? Self.usualMaximumTokens + thoughts.allowance))
    if let temperature = request.temperature {
      guard temperature.isFinite else {
        throw ProviderFailure(.invalidRequest, message: "the temperature is not a number")
      }
      if dialect.takesTemperature, thoughts.thinking == nil {
        body["temperature"] = .number(min(max(temperature, 0), 1))
      }
    }
    if !output.isEmpty { body["output_config"] = .object(output) }
    self.answerTool = answerTool
    json = .object(body)
  }

  /// The body as JSON, the same for the same request.
  func data() throws(ProviderFailure) -> Data { try ProviderExchange.body(json) }

  private static func tool(_ tool: ToolDescription) -> JSONValue {
    [
      "name": .string(tool.name), "description": .string(tool.summary), "input_schema": tool.parameters,
    ]
  }

  private static func formerTool(_ name: String) -> JSONValue {
    ["name": .string(name), "input_schema": ["type": "object"]]
  }

  /// The name of the tool that takes the answer: the format's, in the characters that the API takes, and like
  /// no other tool's.
  private static func answerTool(for request: GenerationRequest, _ dialect: AnthropicDialect) -> String? {
    guard case .json(_, let name) = request.format, !dialect.hasStructuredOutputs else { return nil }
    let scalars = name.unicodeScalars.filter { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") }
    var tool = String(String.UnicodeScalarView(scalars.prefix(48)))
    if tool.isEmpty { tool = "answer" }
    while request.tools.contains(where: { $0.name == tool }) { tool += "_" }
    return tool
  }

  /// How the model is asked to think, and the tokens that this may take.
  private static func thoughts(
    for request: GenerationRequest, _ dialect: AnthropicDialect, in prompt: AnthropicPrompt, forcesTool: Bool
  ) -> (thinking: JSONValue?, effort: JSONValue?, allowance: Int) {
    guard let effort = request.reasoningEffort else {
      return (nil, nil, dialect.thinksUnasked ? budget(of: .medium) : 0)
    }
    switch dialect.thinking {
    case .none: return (nil, nil, 0)
    case .adaptive: return (["type": "adaptive"], .string(effort.rawValue), budget(of: effort))
    case .budget:
      // The API takes a budget of 1,024 and more, beside which something has to be left to answer with. It
      // refuses one beside a forced tool, and where the thoughts before a call are missing: they are not kept.
      let limit = request.maximumOutputTokens.map { $0 / 2 } ?? .max
      guard !forcesTool, !prompt.endsWithCall, limit >= 1024 else { return (nil, nil, 0) }
      let budget = min(budget(of: effort), limit)
      return (["type": "enabled", "budget_tokens": .integer(Int64(budget))], nil, budget)
    }
  }

  private static func budget(of effort: GenerationRequest.ReasoningEffort) -> Int {
    switch effort {
    case .low: 2048
    case .medium: 8192
    case .high: 16_384
    }
  }
}
