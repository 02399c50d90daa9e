/// One statement that is held to be true, and where it comes from.
///
/// A fact is not overwritten: a newer one supersedes it.
public struct Fact: Hashable, Sendable, Codable {
  /// The fact's name.
  public var id: FactID
  /// Where it is known.
  public var scope: MemoryScope
  /// Who or what it is about, such as a person's name.
  public var subject: String
  /// The statement: a sentence that can be understood by itself.
  public var statement: String
  /// Since when it holds; `nil` where that was not said.
  public var validFrom: Timestamp?
  /// Until when it held, or will; `nil` where no end is known.
  public var validTo: Timestamp?
  /// How sure it is, 0 to 1.
  public var confidence: Double
  /// Where it comes from.
  public var source: FactSource
  /// When it was stored.
  public var createdAt: Timestamp
  /// The fact that took its place; `nil` while it holds.
  public var supersededBy: FactID?
  /// What derived it; `nil` for what a person has stated outright.
  public var origin: MemoryOrigin?

  /// A fact of these parts.
  public init(
    id: FactID, scope: MemoryScope, subject: String, statement: String, validFrom: Timestamp? = nil,
    validTo: Timestamp? = nil, confidence: Double = 1, source: FactSource, createdAt: Timestamp,
    supersededBy: FactID? = nil, origin: MemoryOrigin? = nil
  ) {
    self.id = id
    self.scope = scope
    self.subject = subject
    self.statement = statement
    self.validFrom = validFrom
    self.validTo = validTo
    self.confidence = confidence
    self.source = source
    self.createdAt = createdAt
    self.supersededBy = supersededBy
    self.origin = origin
  }

  /// Whether it holds at a time, as far as is known.
  public func holds(at time: Timestamp) -> Bool {
    supersededBy == nil && (validTo.map { time < $0 } ?? true)
  }
}

/// Where a fact comes from.
public enum FactSource: Hashable, Sendable, Codable {
  /// Words of a message.
  case message(MessageQuote)
  /// A person who stated it outright; where they did, if it was in a conversation.
  case statement(by: UserID, in: SessionID?)

  /// The conversation that it comes from.
  public var session: SessionID? {
    switch self {
    case .message(let quote): quote.session
    case .statement(_, let session): session
    }
  }

  /// The message that it comes from, where it quotes one.
  package var sequence: SequenceNumber? {
    if case .message(let quote) = self { quote.sequence } else { nil }
  }
}

/// Words of a message.
public struct MessageQuote: Hashable, Sendable, Codable {
  /// The conversation.
  public var session: SessionID
  /// The message's place in it.
  public var sequence: SequenceNumber
  /// The words, as they stand in it.
  public var text: String

  /// Words of a message.
  public init(session: SessionID, sequence: SequenceNumber, text: String) {
    self.session = session
    self.sequence = sequence
    self.text = text
  }

  /// Whether a message has these words: without them a fact has no source.
  public func isFound(in message: ChatMessage) -> Bool {
    guard message.sequence == sequence, !text.isEmpty else { return false }
    return message.text.utf8.firstRange(of: text.utf8) != nil
  }
}

/// Names one fact.
public struct FactID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}
