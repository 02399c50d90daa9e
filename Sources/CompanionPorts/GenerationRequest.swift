public import CompanionDomain

/// What a model is asked.
public struct GenerationRequest: Hashable, Sendable, Codable {
  /// The form that the answer has.
  @nonexhaustive
  public enum ResponseFormat: Hashable, Sendable, Codable {
    /// Text in whatever form the model chooses.
    case text
    /// JSON that follows a schema.
    case json(schema: JSONValue, name: String)
  }

  /// How much a reasoning model thinks before it answers.
  @nonexhaustive
  public enum ReasoningEffort: String, Hashable, Sendable, Codable {
    case low, medium, high
  }

  /// What the answer is for.
  public var purpose: CallPurpose
  /// The prompt, oldest message first. Every tool call in it has exactly one result.
  public var messages: [PromptMessage]
  /// The tools that the model may ask for.
  public var tools: [ToolDescription]
  /// The form that the answer shall have.
  public var format: ResponseFormat
  /// 0 to 2; `nil` for the model's own default.
  public var temperature: Double?
  /// The most tokens of the answer; `nil` for the model's own limit.
  public var maximumOutputTokens: Int?
  /// `nil` for the model's own default, or where it does not reason.
  public var reasoningEffort: ReasoningEffort?

  /// A request; what is not given is left to the model.
  public init(
    purpose: CallPurpose,
    messages: [PromptMessage],
    tools: [ToolDescription] = [],
    format: ResponseFormat = .text,
    temperature: Double? = nil,
    maximumOutputTokens: Int? = nil,
    reasoningEffort: ReasoningEffort? = nil
  ) {
    self.purpose = purpose
    self.messages = messages
    self.tools = tools
    self.format = format
    self.temperature = temperature
    self.maximumOutputTokens = maximumOutputTokens
    self.reasoningEffort = reasoningEffort
  }
}
