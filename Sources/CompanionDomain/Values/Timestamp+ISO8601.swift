import FoundationEssentials

extension Timestamp: CustomStringConvertible {
  /// The timestamp in ISO 8601, in UTC, to the millisecond: `2026-03-01T09:30:00.250Z`.
  public var description: String {
    Date(timeIntervalSince1970: Double(nanosecondsSinceEpoch / 1_000_000) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
