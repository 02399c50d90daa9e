/// One conversation between a person and the companion, without its messages.
public struct ChatSession: Hashable, Sendable, Codable {
  /// The session's name.
  public var id: SessionID
  /// When the session was started.
  public var createdAt: Timestamp
  /// The time of the last message, or of the creation.
  public var updatedAt: Timestamp
  /// The place of the last message; ``SequenceNumber/zero`` while there is none.
  public var lastSequence: SequenceNumber

  /// A session; without more than its name and time, a new one.
  public init(
    id: SessionID, createdAt: Timestamp, updatedAt: Timestamp? = nil, lastSequence: SequenceNumber = .zero
  ) {
    self.id = id
    self.createdAt = createdAt
    self.updatedAt = updatedAt ?? createdAt
    self.lastSequence = lastSequence
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
