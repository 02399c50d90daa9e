/// A text that the host has given to be found: a note, a page, a profile.
public struct Document: Hashable, Sendable, Codable {
  /// Whether it is in use.
  public enum Status: String, Hashable, Sendable, Codable {
    /// It is found.
    case normal
    /// It is kept, and not found.
    case archived
  }

  /// The document's name.
  public var id: DocumentID
  /// Who may see it.
  public var scope: MemoryScope
  /// Whose it is; `nil` where it is nobody's. It goes when its owner is forgotten.
  public var owner: UserID?
  /// What it is called; it is found by that, too.
  public var title: String
  /// What it says.
  public var text: String
  /// Whether it is in use.
  public var status: Status
  /// Whether it comes before others that fit as well.
  public var isPinned: Bool
  /// Whatever else the host keeps with it. No word of it is searched for, but a ``RecallFilter`` goes by it.
  public var metadata: [String: String]
  /// When it was made.
  public var createdAt: Timestamp
  /// When it was changed last.
  public var updatedAt: Timestamp

  /// A document of these parts.
  public init(
    id: DocumentID, scope: MemoryScope, owner: UserID? = nil, title: String = "", text: String,
    status: Status = .normal, isPinned: Bool = false, metadata: [String: String] = [:],
    createdAt: Timestamp, updatedAt: Timestamp? = nil
  ) {
    self.id = id
    self.scope = scope
    self.owner = owner
    self.title = title
    self.text = text
    self.status = status
    self.isPinned = isPinned
    self.metadata = metadata
    self.createdAt = createdAt
    self.updatedAt = updatedAt ?? createdAt
  }
}

/// Names one document.
public struct DocumentID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}
