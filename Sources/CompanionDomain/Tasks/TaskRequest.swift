/// What a task is to do, for whom, and when: what does not change while the task lives.
public struct TaskRequest: Hashable, Sendable, Codable {
  /// Which handler does it.
  public var kind: TaskKind
  /// What that handler is given.
  public var payload: TaskPayload
  /// Who asked for it.
  public var requester: TaskRequester
  /// How urgent it is beside other tasks.
  public var priority: GenerationTask.Priority
  /// The host's own notes on it. The engine keeps them, and never reads them.
  public var metadata: [String: String]
  /// A name for the wish itself: asking twice under the same key gives the same task.
  public var idempotencyKey: String?
  /// It does not start before; `nil` for at once.
  public var notBefore: Timestamp?
  /// When it is of no use any more, done or not; `nil` for never.
  public var deadline: Timestamp?

  /// A request; what is not given is the usual.
  public init(
    kind: TaskKind,
    payload: TaskPayload,
    requester: TaskRequester,
    priority: GenerationTask.Priority = .normal,
    metadata: [String: String] = [:],
    idempotencyKey: String? = nil,
    notBefore: Timestamp? = nil,
    deadline: Timestamp? = nil
  ) {
    self.kind = kind
    self.payload = payload
    self.requester = requester
    self.priority = priority
    self.metadata = metadata
    self.idempotencyKey = idempotencyKey
    self.notBefore = notBefore
    self.deadline = deadline
  }
}

/// Names a kind of task, and so the handler that does it.
public struct TaskKind: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }

  /// A person's message that became background work.
  public static let conversation: TaskKind = "conversation"
  /// A text for a prompt.
  public static let textGeneration: TaskKind = "text_generation"
  /// A picture for a prompt.
  public static let imageGeneration: TaskKind = "image_generation"
  /// The next message of a conversation that the request brings along.
  public static let chatCompletion: TaskKind = "chat_completion"
  /// An answer that takes long thought.
  public static let reasoning: TaskKind = "reasoning"
}

extension TaskKind: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

/// Who asked for a task.
@nonexhaustive
public enum TaskRequester: Hashable, Sendable, Codable {
  /// A conversation, in one of its turns. It is told the result.
  case conversation(SessionID, TurnID)
  /// Somebody whom the host knows by this name.
  case named(RequesterID)
}

/// A host's name for who asks for tasks: a user, a feature, a device.
public struct RequesterID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

extension RequesterID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}
