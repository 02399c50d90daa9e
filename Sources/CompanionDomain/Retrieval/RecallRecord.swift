/// What a source is, as it is stored.
public enum RecallRecord: Hashable, Sendable {
  /// A message, and the session that it is in.
  case message(ChatMessage, in: ChatSession)
  /// A memory.
  case memory(MemoryRecord)
  /// A fact.
  case fact(Fact)
  /// A document of the host's.
  case document(Document)
}

extension RecallRecord {
  /// What it is.
  public var kind: RecallSource.Kind {
    switch self {
    case .message: .message
    case .memory: .memory
    case .fact: .fact
    case .document: .document
    }
  }

  /// When it is from: when a message was said, since when a fact holds or else when it was stored, when a memory or
  /// a document was changed last.
  public var time: Timestamp {
    switch self {
    case .message(let message, _): message.time
    case .memory(let memory): memory.updatedAt
    case .fact(let fact): fact.validFrom ?? fact.createdAt
    case .document(let document): document.updatedAt
    }
  }

  /// What the host keeps with a document; nothing with anything else.
  public var metadata: [String: String] {
    if case .document(let document) = self { document.metadata } else { [:] }
  }
}
