/// A name for one thing of one kind, such as a session or a task.
///
/// Identifiers are chosen by an `IdentifierSource` or by a host. Every one is 1 to 128 bytes of UTF-8
/// without control or format characters or white space, so that it can be printed, typed and stored as it is. Two are
/// the same when their bytes are, and they are ordered by their bytes, in memory as in every database.
public protocol Identifier: RawRepresentable, Hashable, Comparable, Sendable, Codable,
  LosslessStringConvertible
where RawValue == String {
  /// Wraps a string that is known to be valid.
  init(validated: ValidatedIdentifier)
}

/// A string that has been checked to be an identifier's; see ``Identifier``.
public struct ValidatedIdentifier: Sendable {
  let string: String

  init?(_ string: String) {
    guard (1...128).contains(string.utf8.count) else { return nil }
    // Of most identifiers a look at the bytes is enough, which takes a tenth of the time.
    let isPlain = string.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    guard isPlain || string.unicodeScalars.allSatisfy(Self.isAllowed) else { return nil }
    self.string = string
  }

  /// The string of another identifier behind a mark, cut to the length that is allowed.
  init(of identifier: some Identifier, marked mark: String) {
    var string = mark + identifier.rawValue
    while string.utf8.count > 128 { string.removeLast() }
    self.string = string
  }

  /// A string with `_` for what is not allowed in an identifier, cut to the length that is.
  init(replacingInvalid string: String) {
    let scalars = string.unicodeScalars.prefix(32).map { Self.isAllowed($0) ? $0 : "_" }
    self.string = scalars.isEmpty ? "_" : String(String.UnicodeScalarView(scalars))
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.properties.isWhitespace && ![.control, .format].contains(scalar.properties.generalCategory)
  }

  /// An identifier made of 128 bits, as 26 digits of Crockford's base 32 in lower case.
  ///
  /// The order of the strings is the order of the numbers, so identifiers that start with a time sort by it.
  public init(_ bits: UInt128) {
    var digits = [UInt8](repeating: 0, count: 26)
    var rest = bits
    for position in digits.indices.reversed() {
      digits[position] = Self.alphabet[Int(truncatingIfNeeded: rest & 31)]
      rest >>= 5
    }
    string = String(decoding: digits, as: UTF8.self)
  }

  private static let alphabet = [UInt8]("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}

extension Identifier {
  /// Checks a string; `nil` unless it is 1 to 128 bytes without control or format characters or white space.
  public init?(rawValue: String) {
    guard let validated = ValidatedIdentifier(rawValue) else { return nil }
    self.init(validated: validated)
  }

  /// Checks a string; see ``init(rawValue:)``.
  public init?(_ description: String) { self.init(rawValue: description) }

  /// An identifier of 128 bits; see ``ValidatedIdentifier/init(_:)``.
  public init(bits: UInt128) { self.init(validated: ValidatedIdentifier(bits)) }

  /// The string itself.
  public var description: String { rawValue }

  /// Whether the bytes are the same; strings that mean the same may differ in them.
  public static func == (left: Self, right: Self) -> Bool {
    left.withBytes { left in right.withBytes { right in left.isSame(as: right) } }
  }

  /// Whether the bytes come first.
  public static func < (left: Self, right: Self) -> Bool {
    left.withBytes { left in right.withBytes { right in left.comes(before: right) } }
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    withBytes { bytes in hasher.combine(bytes: bytes) }
  }

  private func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    // Identifiers are compared and hashed in every step of a store, and hardly any is not contiguous.
    if let value = rawValue.utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) {
      return value
    }
    var string = rawValue
    return string.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func isSame(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    var place = 0
    while place + 8 <= count {
      guard word(at: place) == other.word(at: place) else { return false }
      place += 8
    }
    while place < count {
      guard self[place] == other[place] else { return false }
      place += 1
    }
    return true
  }

  fileprivate func comes(before other: UnsafeRawBufferPointer) -> Bool {
    let shared = Swift.min(count, other.count)
    var place = 0
    while place + 8 <= shared, word(at: place) == other.word(at: place) { place += 8 }
    while place < shared {
      if self[place] != other[place] { return self[place] < other[place] }
      place += 1
    }
    return count < other.count
  }

  private func word(at place: Int) -> UInt64 { loadUnaligned(fromByteOffset: place, as: UInt64.self) }
}

/// Names one conversation.
public struct SessionID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

/// Names one turn: a person's message and everything that answers it.
public struct TurnID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

/// Names one background task.
public struct TaskID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

/// Names one worker: a new one for every start of a task loop, never used again.
public struct WorkerID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}
