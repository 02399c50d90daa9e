/// What a person said, checked: not empty, no NUL, at most 256 KiB of UTF-8.
public struct UserText: Hashable, Sendable {
  /// The most bytes that one message may have.
  public static let maximumBytes = 262_144

  /// What the person said, as it is: nothing is trimmed.
  public let string: String

  /// Checks a message.
  public init(_ string: String) throws(MessageRefusal) {
    guard !string.isBlank else { throw .empty }
    let bytes = string.utf8.count
    guard bytes <= Self.maximumBytes else { throw .tooLong(bytes: bytes, limit: Self.maximumBytes) }
    guard !string.utf8.contains(0) else { throw .containsNUL }
    self.string = string
  }
}

/// Why a person's message was not taken.
@nonexhaustive
public enum MessageRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case tooLong(bytes: Int, limit: Int)
  case containsNUL

  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .empty: "The message is empty. Write something to answer."
    case .tooLong(let bytes, let limit):
      "The message has \(bytes) bytes; at most \(limit) are taken. Send it in parts."
    case .containsNUL: "The message contains a NUL character, which text cannot hold. Remove it."
    }
  }
}
