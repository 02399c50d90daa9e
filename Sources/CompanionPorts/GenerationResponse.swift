public import CompanionDomain

/// A model's whole answer.
public struct GenerationResponse: Hashable, Sendable {
  /// The answer's text; empty when the model only calls tools.
  public var text: String
  /// What the model thought, where it tells.
  public var reasoning: String
  /// The tools that the model wants called, in its order.
  public var toolCalls: [ToolCall]
  /// Why the answer ended.
  public var finish: FinishReason
  /// `nil` where the provider does not report it.
  public var usage: TokenUsage?

  /// An answer of these parts.
  public init(
    text: String,
    reasoning: String = "",
    toolCalls: [ToolCall] = [],
    finish: FinishReason = .stop,
    usage: TokenUsage? = nil
  ) {
    self.text = text
    self.reasoning = reasoning
    self.toolCalls = toolCalls
    self.finish = finish
    self.usage = usage
  }
}

/// One step of a streamed answer.
@nonexhaustive
public enum GenerationEvent: Hashable, Sendable {
  /// More text of the answer.
  case text(String)
  /// More of what the model thinks.
  case reasoning(String)
  /// More of a tool call.
  case toolCall(ToolCallDelta)
  /// The tokens of the whole request; where it is reported, once, before the end.
  case usage(TokenUsage)
  /// The answer is whole. Nothing follows.
  case finished(FinishReason)
}

/// A piece of a streamed tool call. The pieces of one call share its index.
public struct ToolCallDelta: Hashable, Sendable {
  /// Which call of the answer this belongs to, from 0.
  public var index: Int
  /// In the call's first piece.
  public var id: String?
  /// In the call's first piece.
  public var name: String?
  /// To be joined in order.
  public var arguments: String

  /// A piece of these parts.
  public init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
    self.index = index
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// Why an answer ended.
///
/// A provider that filters the answer has not finished it: that is a `ProviderFailure`.
@nonexhaustive
public enum FinishReason: String, Hashable, Sendable, Codable {
  /// The model had nothing more to say.
  case stop
  /// The limit on tokens was reached: the answer is cut there.
  case length
  /// The model waits for the results of tools.
  case toolCalls
}
