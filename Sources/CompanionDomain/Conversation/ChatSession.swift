/// One conversation between a person and the companion, without its messages.
public struct ChatSession: Hashable, Sendable, Codable {
  /// The session's name.
  public var id: SessionID
  /// Where it takes place.
  public var place: ConversationPlace
  /// Who speaks where a message does not say who does.
  public var user: UserID
  /// When the session was started.
  public var createdAt: Timestamp
  /// The time of the last message, or of the creation.
  public var updatedAt: Timestamp
  /// The place of the last message; ``SequenceNumber/zero`` while there is none.
  public var lastSequence: SequenceNumber

  /// What has happened to the log: each message and each amendment counts one. See ``LogEvent``.
  public var revision: LogRevision

  /// A session; without more than its name and time, a new one in a channel of its own.
  ///
  /// - Parameter revision: `nil` for a log without amendments.
  public init(
    id: SessionID, place: ConversationPlace? = nil, user: UserID = .user, createdAt: Timestamp,
    updatedAt: Timestamp? = nil, lastSequence: SequenceNumber = .zero, revision: LogRevision? = nil
  ) {
    self.id = id
    self.place = place ?? ConversationPlace(channelOf: id)
    self.user = user
    self.createdAt = createdAt
    self.updatedAt = updatedAt ?? createdAt
    self.lastSequence = lastSequence
    self.revision = revision ?? LogRevision(rawValue: lastSequence.rawValue)
  }
}

/// The delivered part of an answer that is still being streamed, as it survives a crash.
public struct AnswerDraft: Hashable, Sendable, Codable {
  /// The turn that is being answered.
  public var turn: TurnID
  /// When the answer began.
  public var startedAt: Timestamp
  /// What the person has been given so far.
  public var text: String

  /// A draft of these parts.
  public init(turn: TurnID, startedAt: Timestamp, text: String) {
    self.turn = turn
    self.startedAt = startedAt
    self.text = text
  }
}
