public import CompanionDomain

/// What a host may decide about a companion. The defaults serve an app with one user.
public struct CompanionConfiguration: Sendable {
  /// How messages are understood.
  @nonexhaustive
  public enum IntentMethod: Hashable, Sendable {
    /// One call of the model for each message, and rules when it fails.
    case model
    /// Keyword rules alone: no model call, and no waiting for one.
    case rules
  }

  /// Who the companion is, and its rules: the first message of every prompt.
  public var persona: String
  /// How much of a conversation is kept at hand and sent.
  public var history: HistoryPolicy
  /// How messages are understood that the classifier does not understand.
  public var intents: IntentMethod
  /// Understands messages without a call of a model, as the host has taught it; `nil` for none. Where it is sure, nobody
  /// else is asked.
  public var classifier: IntentClassifier?
  /// What answers are given with, until it is changed.
  public var mode: ChatMode
  /// How prompts are made.
  public var prompts: PromptConfiguration
  /// How background tasks are worked on that come from a conversation.
  public var work: WorkConfiguration
  /// How conversations are kept in memory.
  public var sessions: SessionConfiguration
  /// The longest that an answer may take, from the accepted message to its last piece.
  public var answerDeadline: Duration
  /// How often the delivered part of an answer is stored while it streams. A crash loses at most this much,
  /// and the time of one commit. At least 1 ms; less counts as that.
  public var checkpointInterval: Duration
  /// The most messages of one session that wait behind the one being answered. At least 1; less counts as
  /// that.
  public var waitingMessages: Int
  /// How background tasks are worked on.
  public var tasks: TaskConfiguration
  /// How calls find their provider, where there are several.
  public var routing: RoutingConfiguration
  /// How memory is formed, and what it may cost.
  public var memory: MemoryConfiguration
  /// How what is stored is embedded, and found by that.
  public var embedding: EmbeddingConfiguration

  /// The defaults.
  public init() {
    persona = Self.standardPersona
    history = .standard
    intents = .model
    mode = .enhanced
    prompts = PromptConfiguration()
    work = WorkConfiguration()
    sessions = SessionConfiguration()
    answerDeadline = .seconds(300)
    checkpointInterval = .milliseconds(100)
    waitingMessages = 16
    tasks = TaskConfiguration()
    routing = RoutingConfiguration()
    memory = MemoryConfiguration()
    embedding = EmbeddingConfiguration()
  }

  /// The persona of a companion that has been given no other.
  public static let standardPersona = """
    You are a thoughtful companion. Answer in the language of the person you talk to, truthfully and \
    briefly. Use what they have told you in this conversation. When you do not know something, say so. \
    Long work is done in the background and its result appears in the conversation as your own message.
    """

  /// The configuration within the bounds that its properties name.
  var bounded: CompanionConfiguration {
    var bounded = self
    bounded.checkpointInterval = max(checkpointInterval, .milliseconds(1))
    bounded.waitingMessages = max(waitingMessages, 1)
    bounded.tasks = tasks.bounded
    bounded.work = work.bounded
    bounded.sessions = sessions.bounded
    bounded.memory = memory.bounded
    bounded.embedding = embedding.bounded
    return bounded
  }
}
