/// One piece of a message.
@nonexhaustive
public enum MessagePart: Hashable, Sendable {
  /// Text that is shown to the person.
  case text(String)
  /// The companion's wish to have a tool called.
  case toolCall(ToolCall)
  /// A tool's answer to a call of an earlier message.
  case toolResult(ToolResult)
}

/// A model's wish to have a tool called.
public struct ToolCall: Hashable, Sendable, Codable {
  /// The provider's name for this call; the result carries the same.
  public var id: String
  /// The tool's name.
  public var name: String
  /// The arguments as the model wrote them: JSON text, which may be malformed.
  public var arguments: String

  /// A call of these parts.
  public init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// What came of a tool call.
public struct ToolResult: Hashable, Sendable, Codable {
  /// How a tool call ended.
  @nonexhaustive
  public enum Outcome: String, Hashable, Sendable, Codable {
    /// The tool ran and returned.
    case succeeded
    /// The tool ran and failed, or refused its arguments.
    case failed
    /// The tool was stopped, or never started.
    case interrupted
  }

  /// The call that this answers: ``ToolCall/id``.
  public var callID: String
  /// How the call ended.
  public var outcome: Outcome
  /// What the model is told.
  public var content: String

  /// A result of these parts.
  public init(callID: String, outcome: Outcome, content: String) {
    self.callID = callID
    self.outcome = outcome
    self.content = content
  }
}

extension MessagePart: Codable {
  private enum Key: String, CodingKey { case type, text, call, result }
  private enum Kind: String, Codable { case text, toolCall, toolResult }

  /// Decodes what ``encode(to:)`` has written.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .type) {
    case .text: self = .text(try container.decode(String.self, forKey: .text))
    case .toolCall: self = .toolCall(try container.decode(ToolCall.self, forKey: .call))
    case .toolResult: self = .toolResult(try container.decode(ToolResult.self, forKey: .result))
    }
  }

  /// Encodes an object whose `type` says which part it is.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .text(let text):
      try container.encode(Kind.text, forKey: .type)
      try container.encode(text, forKey: .text)
    case .toolCall(let call):
      try container.encode(Kind.toolCall, forKey: .type)
      try container.encode(call, forKey: .call)
    case .toolResult(let result):
      try container.encode(Kind.toolResult, forKey: .type)
      try container.encode(result, forKey: .result)
    }
  }
}
