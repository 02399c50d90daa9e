// The essentials alone know no time zones by their names on Linux.
import Foundation

/// Times of day, month and week, as `crontab(5)` writes them: `30 7 * * MON-FRI` is half past seven on weekdays.
///
/// The five fields are minute, hour, day of month, month and day of week. Each is `*`, a number, a name
/// (`JAN`–`DEC`, `SUN`–`SAT`, in any case), a range `1-5`, a step through a range `10-30/5` or `*/15`, or a
/// list of these with commas. Sunday is 0 and 7. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand
/// for five fields. Where neither day field has a `*` in it, a day matches when either does; else both must.
///
/// Times are local ones. Where daylight saving time skips one, it comes at the first instant after the gap;
/// one that the clocks show twice comes once, the first time. Times in the same gap come together, as one. What
/// is to come every so many minutes of real time is therefore better a ``TaskRecurrence/every(_:since:)``.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// The text, as it was given.
  public let description: String
  /// The name of the time zone whose clocks count, such as `Europe/Berlin`.
  public let timeZone: String
  private let fields: CronFields
  private let clocks: TimeZone

  /// Parses an expression.
  ///
  /// - Parameters:
  ///   - text: the five fields, or a name such as `@daily`.
  ///   - timeZone: the name of a time zone in the system's database.
  /// - Throws: what is wrong with which field, and what is allowed there.
  public init(_ text: String, timeZone: String = "UTC") throws(CronError) {
    guard let clocks = TimeZone(identifier: timeZone) else { throw .unknownTimeZone(timeZone) }
    fields = try CronFields(text)
    description = text
    self.timeZone = timeZone
    self.clocks = clocks
  }

  /// The first occurrence after a time, and not at it; `nil` when there is none before the end of time.
  ///
  /// Complexity: a step for each month until then, and for each matching minute of an hour that the clocks
  /// show for the second time. Never one for each minute in between.
  public func next(after time: Timestamp) -> Timestamp? {
    let start = Int(time.nanosecondsSinceEpoch.dividedRoundingDown(by: 1_000_000_000))
    var minute = (start + offset(at: start)).dividedRoundingDown(by: 60)
    while let found = fields.firstMatch(after: minute, throughYear: 2263) {
      let second = firstInstant(atLocal: found * 60)
      if second > start {
        let (nanoseconds, overflow) = Int64(second).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : Timestamp(nanosecondsSinceEpoch: nanoseconds)
      }
      minute = found
    }
    return nil
  }

  /// The first second, since the epoch, at which the clocks show a local one or a later one.
  private func firstInstant(atLocal local: Int) -> Int {
    // No clocks have ever been further from UTC than this.
    let reach = 16 * 3600
    let before = offset(at: local - reach)
    let after = offset(at: local + reach)
    let early = local - max(before, after)
    let late = local - min(before, after)
    if early + offset(at: early) == local { return early }
    if late + offset(at: late) == local { return late }
    // In a gap: the clocks are put forward somewhere between the two.
    var (low, high) = (early, late)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if middle + offset(at: middle) < local { low = middle } else { high = middle }
    }
    return high
  }

  /// How many seconds the clocks are ahead of UTC.
  private func offset(at second: Int) -> Int {
    clocks.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
  }
}
