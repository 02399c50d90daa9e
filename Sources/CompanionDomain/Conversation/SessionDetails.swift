/// What is known of a conversation besides its log: what it is about, what it may cost, and how it ended.
public struct SessionDetails: Hashable, Sendable, Codable {
  /// What the conversation is about, by the host's name for it, such as that of an article: one line, at most
  /// ``maximumItemBytes`` bytes. Models are told of it in enhanced mode. `nil` for nothing special.
  public var item: String?
  /// What it may come to.
  public var limits: SessionLimits
  /// The conversation that it was forked from; `nil` for one that was not.
  public var fork: SessionFork?
  /// How it ended; `nil` while messages are taken.
  public var closing: SessionClosing?

  /// The details of a conversation; without any, one about nothing special and without limits.
  public init(item: String? = nil, limits: SessionLimits = SessionLimits(), fork: SessionFork? = nil) {
    self.item = item
    self.limits = limits
    self.fork = fork
  }

  /// What is left when something of the conversation is forgotten: all but the words of whoever began and closed it.
  package var withoutWords: SessionDetails {
    var details = self
    details.item = nil
    details.closing?.reason = ""
    return details
  }
}

/// What a conversation may come to, at least 1 of each. A message beyond is refused.
public struct SessionLimits: Hashable, Sendable, Codable {
  /// The most messages of its log; `nil` for any number.
  public var messages: Int?
  /// The most tokens of all calls for it, its tasks included; `nil` for any number. The call that goes beyond is made.
  public var tokens: Int?

  /// Limits; what is not given is not limited.
  public init(messages: Int? = nil, tokens: Int? = nil) {
    self.messages = messages
    self.tokens = tokens
  }
}

/// A limit that a conversation has reached.
@nonexhaustive
public enum SessionLimit: Hashable, Sendable, CustomStringConvertible {
  /// So many messages are in its log.
  case messages(Int)
  /// So many tokens were used for it.
  case tokens(Int)

  /// For a person, such as `1000 messages`.
  public var description: String {
    switch self {
    case .messages(let count): "\(count) messages"
    case .tokens(let count): "\(count) tokens"
    }
  }
}

/// Where a conversation was forked from.
public struct SessionFork: Hashable, Sendable, Codable {
  /// The conversation.
  public var session: SessionID
  /// The last message that both have.
  public var through: SequenceNumber

  /// A fork of a conversation behind a message.
  public init(of session: SessionID, through: SequenceNumber) {
    self.session = session
    self.through = through
  }
}

/// How a conversation ended.
public struct SessionClosing: Hashable, Sendable, Codable {
  /// Why, in the words of whoever closed it: at most ``maximumReasonBytes`` bytes.
  public var reason: String
  /// When.
  public var time: Timestamp
  /// What it came to until then.
  public var statistics: SessionStatistics

  /// The end of a conversation.
  public init(reason: String, time: Timestamp, statistics: SessionStatistics) {
    self.reason = reason
    self.time = time
    self.statistics = statistics
  }
}

/// What a conversation has come to.
public struct SessionStatistics: Hashable, Sendable, Codable {
  /// The messages of its log, of whomever.
  public var messages: Int64
  /// The background tasks that it has asked for, and that are kept.
  public var tasks: Int
  /// The calls of models for it, and for its tasks, as far as the ledger reaches back.
  public var calls: Int
  /// The tokens of these calls; `nil` where no provider has told of any.
  public var usage: TokenUsage?
  /// What they cost, by currency.
  public var costs: [Cost]
  /// From its beginning until the last message, or until it was closed.
  public var duration: Duration

  /// Statistics of these parts.
  public init(
    messages: Int64, tasks: Int, calls: Int, usage: TokenUsage?, costs: [Cost], duration: Duration
  ) {
    self.messages = messages
    self.tasks = tasks
    self.calls = calls
    self.usage = usage
    self.costs = costs
    self.duration = duration
  }
}
