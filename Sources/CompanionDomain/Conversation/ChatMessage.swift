/// One message of a conversation's log.
///
/// The log only grows: a message keeps its place, and what is changed about it is an event of the log; see
/// ``LogEvent``.
public struct ChatMessage: Hashable, Sendable, Codable {
  /// Who speaks.
  @nonexhaustive
  public enum Role: String, Hashable, Sendable, Codable {
    /// The person.
    case user
    /// The companion.
    case assistant
    /// A tool, answering the companion.
    case tool
  }

  /// Whether the message is whole.
  @nonexhaustive
  public enum Completion: Hashable, Sendable, Codable {
    case complete
    /// Only what was delivered before the interruption is kept.
    case interrupted(InterruptionReason)
  }

  /// Where the text comes from.
  @nonexhaustive
  public enum Origin: Hashable, Sendable, Codable {
    /// A person wrote it.
    case person
    /// A model wrote it, in answer to the turn's message.
    case model
    /// The engine wrote it: it announces the task that the turn's message became.
    case announcement(of: TaskID)
    /// A background task brought it back.
    case task(TaskID)
    /// The engine wrote it to keep the log well-formed, such as the result of an interrupted tool call.
    case repair
  }

  /// What was done to the message since it came.
  @nonexhaustive
  public enum Change: Hashable, Sendable, Codable {
    /// It was edited, the last time then.
    case edited(Timestamp)
    /// It was deleted, and has no parts any more.
    case deleted(Timestamp)
  }

  /// The message's place in its log.
  public var sequence: SequenceNumber
  /// The turn that it belongs to.
  public var turn: TurnID
  /// Who speaks.
  public var role: Role
  /// What is said, in order.
  public var parts: [MessagePart]
  /// When it was made.
  public var time: Timestamp
  /// Whether it is whole.
  public var completion: Completion
  /// Where its text comes from.
  public var origin: Origin
  /// Who wrote it, of several people; `nil` for the session's own ``ChatSession/user``, and for what no person
  /// wrote.
  public var speaker: UserID?
  /// What was done to it since it came; `nil` for nothing.
  public var change: Change?
  /// Whether the companion was reminded of memories when it wrote this. It may repeat them, so that no memory is
  /// derived from it.
  public var isReminded: Bool

  /// A message of these parts, whole unless said otherwise.
  public init(
    sequence: SequenceNumber,
    turn: TurnID,
    role: Role,
    parts: [MessagePart],
    time: Timestamp,
    completion: Completion = .complete,
    origin: Origin,
    speaker: UserID? = nil,
    change: Change? = nil,
    isReminded: Bool = false
  ) {
    self.sequence = sequence
    self.turn = turn
    self.role = role
    self.parts = parts
    self.time = time
    self.completion = completion
    self.origin = origin
    self.speaker = speaker
    self.change = change
    self.isReminded = isReminded
  }

  /// Whether it is one that may be amended so: only what a person wrote may be edited, to other words, and what
  /// belongs to a tool's call is not deleted without it.
  public func mayBeAmended(by amendment: MessageAmendment) -> Bool {
    switch amendment {
    case .edit(let parts):
      origin == .person && !parts.isEmpty
        && parts.allSatisfy { part in
          if case .text(let text) = part { !text.isEmpty } else { false }
        }
    case .delete: toolCalls.isEmpty && toolResults.isEmpty
    }
  }

  /// The message with an amendment; `nil` when it has been deleted.
  public func amended(by amendment: MessageAmendment, at time: Timestamp) -> ChatMessage? {
    if case .deleted = change { return nil }
    var amended = self
    amended.change = amendment.change(at: time)
    if case .edit(let parts) = amendment { amended.parts = parts } else { amended.parts = [] }
    return amended
  }

  /// The message as a deleted one, without what it says and who said it. It keeps its place.
  public func erased(at time: Timestamp) -> ChatMessage {
    var erased = self
    erased.parts = []
    erased.speaker = nil
    erased.change = .deleted(time)
    return erased
  }

  /// Whether it has been deleted.
  public var isDeleted: Bool { if case .deleted = change { true } else { false } }

  /// Whether it is found again: calls of tools and their results, announcements and what was deleted are no part
  /// of the talk.
  var isPartOfTalk: Bool {
    switch origin {
    case .person, .model, .task: role != .tool && !isDeleted
    case .announcement, .repair: false
    }
  }

  /// The text parts, joined.
  public var text: String { MessagePart.text(of: parts) }

  /// The tool calls, in order.
  public var toolCalls: [ToolCall] {
    parts.compactMap { part in
      if case .toolCall(let call) = part { call } else { nil }
    }
  }

  /// The tool results, in order.
  public var toolResults: [ToolResult] {
    parts.compactMap { part in
      if case .toolResult(let result) = part { result } else { nil }
    }
  }
}

/// Why an answer ended before it was whole.
@nonexhaustive
public enum InterruptionReason: String, Hashable, Sendable, Codable {
  /// The person stopped it.
  case stopped
  /// The person's next message came.
  case superseded
  /// The host let go of the answer.
  case abandoned
  /// The model failed midway.
  case failed
  /// The model reached its limit on tokens.
  case tokenLimit
  /// The turn's deadline passed.
  case deadline
  /// The process ended, and the answer was found when the session was loaded again; or another process closed the
  /// conversation meanwhile.
  case crashed
  /// The companion was stopped.
  case shutdown
}
