/// A message's place in its conversation: 1 for the first, and one more for each that follows.
///
/// Numbers never repeat and never leave a gap, so "after number n" is a cursor that misses nothing.
public struct SequenceNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The place as a number; 0 before the first message.
  public let rawValue: Int64

  /// The place of this number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// The place before the first message.
  public static let zero = SequenceNumber(rawValue: 0)

  /// The place after this one.
  public var next: SequenceNumber { SequenceNumber(rawValue: rawValue + 1) }

  /// Whether the left place comes earlier in the log.
  public static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
    left.rawValue < right.rawValue
  }

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
