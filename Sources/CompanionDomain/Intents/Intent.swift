/// What a person's message asks for.
public struct Intent: Hashable, Sendable, Codable {
  /// Which way the message takes through the engine.
  @nonexhaustive
  public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
    /// Answered at once, as a stream.
    case directResponse
    /// Reads or changes files, in the background.
    case fileOperation
    /// Runs code, in the background.
    case codeExecution
    /// Takes several steps, in the background.
    case multiStepTask
  }

  /// What kind of help is wanted.
  @nonexhaustive
  public enum Profile: String, Hashable, Sendable, Codable, CaseIterable {
    /// A fact, a chat, something said before.
    case information
    /// Study, comparison, summary.
    case analysis
    /// A new text or thing.
    case creation
    /// A change to something that exists.
    case modification
    /// Looking through material.
    case search
    /// Advice, or how to do something.
    case guidance
  }

  /// How much work it is.
  @nonexhaustive
  public enum Complexity: String, Hashable, Sendable, Codable, CaseIterable {
    /// One short reply is enough.
    case low
    /// More than a short reply.
    case medium
    /// Many steps.
    case high
  }

  /// How the intent was reached.
  @nonexhaustive
  public enum Method: String, Hashable, Sendable, Codable {
    /// A language model's judgement.
    case model
    /// Keyword rules.
    case rules
    /// A classifier that the host has trained.
    case classifier
  }

  /// Which way the message takes.
  public var action: Action
  /// What kind of help is wanted above all.
  public var profile: Profile
  /// How much work it is.
  public var complexity: Complexity
  /// 0 to 1.
  public var confidence: Double
  /// The files that the message names.
  public var files: [String]
  /// What else the message is about: names, quoted words.
  public var entities: [String]
  /// Further kinds of help that the message asks for.
  public var secondary: [Profile]
  /// How this was reached.
  public var method: Method

  /// An intent of these parts.
  public init(
    action: Action,
    profile: Profile,
    complexity: Complexity,
    confidence: Double,
    files: [String] = [],
    entities: [String] = [],
    secondary: [Profile] = [],
    method: Method
  ) {
    self.action = action
    self.profile = profile
    self.complexity = complexity
    self.confidence = confidence
    self.files = files
    self.entities = entities
    self.secondary = secondary
    self.method = method
  }
}
