/// What a person states outright, checked: not empty, no NUL, at most 2,000 characters.
public struct FactStatement: Hashable, Sendable {
  /// The most Unicode scalars that a statement may have.
  public static let maximumLength = 2_000

  /// The statement, without white space at its ends.
  public let string: String

  /// Checks a statement.
  public init(_ string: String) throws(StatementRefusal) {
    // A text of any length may come in; only one that may be kept is copied.
    guard let start = string.firstIndex(where: { !$0.isWhitespace }),
      let end = string.lastIndex(where: { !$0.isWhitespace })
    else { throw .empty }
    let trimmed = string[start...end]
    let length = trimmed.unicodeScalars.count
    guard length <= Self.maximumLength else { throw .tooLong(length, limit: Self.maximumLength) }
    guard !trimmed.utf8.contains(0) else { throw .containsNUL }
    self.string = String(trimmed)
  }
}

/// Why a statement was not taken.
@nonexhaustive
public enum StatementRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is nothing in it but white space.
  case empty
  /// It has so many Unicode scalars.
  case tooLong(Int, limit: Int)
  /// It contains a NUL character.
  case containsNUL

  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .empty: "The statement is empty. Write what is to be remembered."
    case .tooLong(let length, let limit):
      "The statement has \(length) characters; at most \(limit) are taken. Make several of it."
    case .containsNUL: "The statement contains a NUL character, which text cannot hold. Remove it."
    }
  }
}
