/// How often something has happened to a log: 0 for a new one.
///
/// Revisions never repeat and never leave a gap, so "after revision n" is a cursor that misses neither a message
/// nor an amendment.
public struct LogRevision: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The number of events.
  public let rawValue: Int64

  /// The revision of this number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Before the first event.
  public static let zero = LogRevision(rawValue: 0)

  /// Whether the left revision is the earlier one.
  public static func < (left: LogRevision, right: LogRevision) -> Bool { left.rawValue < right.rawValue }

  /// Decodes a bare number.
  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(Int64.self)
  }

  /// Encodes a bare number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// What is changed about a message that is in the log.
@nonexhaustive
public enum MessageAmendment: Hashable, Sendable {
  /// It says something else from now on.
  case edit([MessagePart])
  /// It says nothing any more. It keeps its place, without parts.
  case delete

  /// How a message tells of it.
  package func change(at time: Timestamp) -> ChatMessage.Change {
    switch self {
    case .edit: .edited(time)
    case .delete: .deleted(time)
    }
  }
}

/// Something that has happened to a log.
public struct LogEvent: Hashable, Sendable {
  /// What has happened.
  @nonexhaustive
  public enum Kind: Hashable, Sendable {
    /// The message came.
    case appended
    /// It says something else; what it said before.
    case edited(from: [MessagePart])
    /// It says nothing any more; what it said before.
    case deleted([MessagePart])

    /// The same, of a message that has been erased: without what it said before.
    public var erased: Kind {
      switch self {
      case .appended: .appended
      case .edited: .edited(from: [])
      case .deleted: .deleted([])
      }
    }

    /// What the message said before.
    package var oldParts: [MessagePart] {
      switch self {
      case .appended: []
      case .edited(let old), .deleted(let old): old
      }
    }
  }

  /// The log's revision since then.
  public var revision: LogRevision
  /// What has happened.
  public var kind: Kind
  /// The message as it is now, whatever has happened to it since.
  public var message: ChatMessage

  /// An event of these parts.
  public init(revision: LogRevision, kind: Kind, message: ChatMessage) {
    self.revision = revision
    self.kind = kind
    self.message = message
  }
}
