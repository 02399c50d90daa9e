/// Why a conversation was not begun, or not closed; nothing has changed.
@nonexhaustive
public enum SessionRefusal: Error, Hashable, Sendable {
  /// What it is about has more bytes than ``SessionDetails/maximumItemBytes``.
  case itemTooLong(bytes: Int, limit: Int)
  /// What it is about has control characters, such as line breaks or NUL.
  case itemHasControlCharacters
  /// A limit is below 1: no message would be taken.
  case limitTooLow(SessionLimit)
  /// The reason has more bytes than ``SessionClosing/maximumReasonBytes``.
  case reasonTooLong(bytes: Int, limit: Int)
}

extension SessionRefusal: CustomStringConvertible {
  /// One line for a person: what stands in the way, and what to do.
  public var description: String {
    switch self {
    case .itemTooLong(let bytes, let limit):
      "What the conversation is about has \(bytes) bytes; at most \(limit) are kept. Name it in fewer words."
    case .itemHasControlCharacters:
      "What the conversation is about has control characters, such as line breaks. Name it in one plain line."
    case .limitTooLow(let limit):
      "A limit of \(limit) leaves no room for a message. Give at least 1, or no limit."
    case .reasonTooLong(let bytes, let limit):
      "The reason has \(bytes) bytes; at most \(limit) are kept. Say it in fewer words."
    }
  }
}

extension SessionDetails {
  /// The most bytes of UTF-8 that ``item`` may have.
  public static let maximumItemBytes = 1_000

  /// Checks what a host says of a conversation.
  package func check() throws(SessionRefusal) {
    if let item {
      let bytes = item.utf8.count
      guard bytes <= Self.maximumItemBytes else {
        throw .itemTooLong(bytes: bytes, limit: Self.maximumItemBytes)
      }
      guard !item.unicodeScalars.contains(where: Self.isControl) else { throw .itemHasControlCharacters }
    }
    if let messages = limits.messages, messages < 1 { throw .limitTooLow(.messages(messages)) }
    if let tokens = limits.tokens, tokens < 1 { throw .limitTooLow(.tokens(tokens)) }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension SessionClosing {
  /// The most bytes of UTF-8 that ``reason`` may have.
  public static let maximumReasonBytes = 1_000

  /// Checks why a conversation is to be closed.
  package static func check(reason: String) throws(SessionRefusal) {
    let bytes = reason.utf8.count
    guard bytes <= maximumReasonBytes else {
      throw .reasonTooLong(bytes: bytes, limit: maximumReasonBytes)
    }
  }
}
