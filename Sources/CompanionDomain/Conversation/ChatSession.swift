/// One conversation between a person and the companion, without its messages.
public struct ChatSession: Hashable, Sendable, Codable {
  public var id: SessionID
  public var createdAt: Timestamp
  /// The time of the last message, or of the creation.
  public var updatedAt: Timestamp
  /// The place of the last message; ``SequenceNumber/zero`` while there is none.
  public var lastSequence: SequenceNumber

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
  public var turn: TurnID
  /// When the answer began.
  public var startedAt: Timestamp
  /// What the person has been given so far.
  public var text: String

  public init(turn: TurnID, startedAt: Timestamp, text: String) {
    self.turn = turn
    self.startedAt = startedAt
    self.text = text
  }
}
