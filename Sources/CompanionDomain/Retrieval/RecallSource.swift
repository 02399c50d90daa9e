/// Something that can be found.
public enum RecallSource: Hashable, Sendable, Codable {
  /// A message, word for word.
  case message(SessionID, SequenceNumber)
  /// A memory.
  case memory(MemoryKey)
  /// A fact.
  case fact(FactID)
  /// A document of the host's.
  case document(DocumentID)

  /// What it is.
  public enum Kind: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    case message, memory, fact, document

    /// By their names.
    public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
  }

  /// What it is.
  public var kind: Kind {
    switch self {
    case .message: .message
    case .memory: .memory
    case .fact: .fact
    case .document: .document
    }
  }
}

extension RecallSource: Comparable, CustomStringConvertible {
  /// One line that names it, such as `message 01jd2… 17`.
  public var description: String {
    switch self {
    case .message(let session, let sequence): "message \(session) \(sequence.rawValue)"
    case .memory(let key): "memory \(key.kind.rawValue) \(key.scope)"
    case .fact(let id): "fact \(id)"
    case .document(let id): "document \(id)"
    }
  }

  /// By kind, then by name; messages of a conversation by their places.
  public static func < (left: RecallSource, right: RecallSource) -> Bool {
    switch (left, right) {
    case (.message(let left, let place), .message(let right, let other)):
      left == right ? place < other : left < right
    case (.memory(let left), .memory(let right)): left < right
    case (.fact(let left), .fact(let right)): left < right
    case (.document(let left), .document(let right)): left < right
    default: left.kind < right.kind
    }
  }
}
