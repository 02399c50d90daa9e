/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// It covers the years 1678 to 2262. Arithmetic saturates at both ends, so that a deadline computed from
/// any input stays a deadline.
public struct Timestamp: InstantProtocol, Hashable, Sendable {
  /// Nanoseconds since the Unix epoch.
  public let nanosecondsSinceEpoch: Int64

  /// A timestamp so many nanoseconds after the Unix epoch.
  public init(nanosecondsSinceEpoch: Int64) {
    self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
  }

  /// 1970-01-01T00:00:00Z.
  public static let epoch = Timestamp(nanosecondsSinceEpoch: 0)

  /// The last instant that can be represented.
  public static let distantFuture = Timestamp(nanosecondsSinceEpoch: .max)

  /// The time so much later, or earlier by a negative duration; at the ends of the range, the end.
  public func advanced(by duration: Duration) -> Timestamp {
    let (sum, overflow) = nanosecondsSinceEpoch.addingReportingOverflow(duration.nanoseconds)
    guard overflow else { return Timestamp(nanosecondsSinceEpoch: sum) }
    return Timestamp(nanosecondsSinceEpoch: duration < .zero ? .min : .max)
  }

  /// How long it is from this time to another; negative when the other is earlier.
  public func duration(to other: Timestamp) -> Duration {
    let (difference, overflow) =
      other.nanosecondsSinceEpoch.subtractingReportingOverflow(nanosecondsSinceEpoch)
    guard overflow else { return .nanoseconds(difference) }
    return .nanoseconds(other < self ? Int64.min : Int64.max)
  }

  /// Whether the left time is earlier.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
  }
}

extension Timestamp: Codable {
  /// Decodes the nanoseconds as a bare number.
  public init(from decoder: any Decoder) throws {
    self.init(nanosecondsSinceEpoch: try decoder.singleValueContainer().decode(Int64.self))
  }

  /// Encodes the nanoseconds as a bare number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(nanosecondsSinceEpoch)
  }
}

extension Duration {
  /// The whole nanoseconds of this duration, saturated to what an `Int64` holds (some 292 years).
  package var nanoseconds: Int64 {
    // Asked for its components, a duration beyond what they hold would trap.
    guard self < .nanoseconds(Int64.max) else { return .max }
    guard self > .nanoseconds(Int64.min) else { return .min }
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  /// This duration in milliseconds.
  package var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}
