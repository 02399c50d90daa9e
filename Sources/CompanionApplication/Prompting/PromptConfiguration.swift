public import CompanionDomain
public import CompanionPorts

/// How prompts are made: for answers, and for background tasks that come from a conversation.
public struct PromptConfiguration: Sendable {
  /// The tokens of a prompt, and of what is kept free for its answer.
  public var limit = 8_000
  /// The tokens of the limit that are kept free for the answer. A longer answer is not cut.
  public var reservedOutput = 1_000
  /// What the companion has to keep to, besides its persona. It stands in every prompt in full.
  public var rules: [String] = []
  /// The language of what the engine itself says in prompts; `nil` for that of the persona.
  public var language: WrittenLanguage?
  /// The template of every answer; `nil` for the one that fits: see ``PromptTemplate/selected(for:)``.
  public var template: PromptTemplate?
  /// Masks what only the host knows to be a secret; `nil` for nothing more than ``PromptCompiler`` does.
  public var masking: (any SecretMasking)?
  /// The most files of those that a message names that stand in its prompt.
  public var maximumFiles = 3
  /// The most bytes of each of them.
  public var maximumFileBytes = 16_384
  /// Whether what is said is summarised before it leaves the prompts, by a call of the model for some thirty turns.
  public var summarizesHistory = true
  /// The most tokens of a summary of older messages.
  public var summaryTokens = 500

  /// The defaults.
  public init() {}
}

/// What holds for one turn alone.
public struct TurnOptions: Hashable, Sendable {
  /// How the message is answered; `nil` for the companion's own mode.
  public var mode: ChatMode?
  /// Whether what fits the message is looked for; `nil` for what the mode does.
  public var recall: Bool?

  /// Options; what is not given is the usual.
  public init(mode: ChatMode? = nil, recall: Bool? = nil) {
    self.mode = mode
    self.recall = recall
  }
}
