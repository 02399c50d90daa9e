import FoundationEssentials

extension Timestamp: CustomStringConvertible {
  /// The timestamp in ISO 8601, in UTC, to the millisecond before: `2026-03-01T09:30:00.250Z`.
  public var description: String {
    // By hand, since a floating-point date may come out a millisecond early.
    let (quotient, remainder) = nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000_000)
    let seconds = remainder < 0 ? quotient - 1 : quotient
    let milliseconds = (remainder < 0 ? remainder + 1_000_000_000 : remainder) / 1_000_000
    let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    let date = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    return "\(date.dropLast()).\(padding)\(milliseconds)Z"
  }
}
