import CompanionDomain
import Foundation
import Testing

struct CronExpressionTests {
  // MARK: Times

  /// Each expression with its zone, a time, and the occurrences that follow it.
  @Test(arguments: [
    ("30 7 * * MON-FRI", "UTC", "2026-03-06T07:29:59Z", ["2026-03-06T07:30:00Z", "2026-03-09T07:30:00Z"]),
    ("30 7 * * mon-fri", "UTC", "2026-03-06T07:30:00Z", ["2026-03-09T07:30:00Z"]),
    ("*/20 * * * *", "UTC", "2026-03-06T23:39:59Z", ["2026-03-06T23:40:00Z", "2026-03-07T00:00:00Z"]),
    (
      "10-30/10,45 3 * * *", "UTC", "2026-03-06T03:05:00Z",
      ["2026-03-06T03:10:00Z", "2026-03-06T03:20:00Z", "2026-03-06T03:30:00Z", "2026-03-06T03:45:00Z"]
    ),
    ("  0\t12  *  * 7 ", "UTC", "2026-03-06T00:00:00Z", ["2026-03-08T12:00:00Z", "2026-03-15T12:00:00Z"]),
    ("0 12 * * 0", "UTC", "2026-03-06T00:00:00Z", ["2026-03-08T12:00:00Z"]),
    ("0 12 * * Sun", "UTC", "2026-03-06T00:00:00Z", ["2026-03-08T12:00:00Z"]),
    ("0 0 * * FRI-SUN", "UTC", "2026-03-05T00:00:00Z", ["2026-03-06T00:00:00Z", "2026-03-07T00:00:00Z"]),
    ("0 0 * * 6-7", "UTC", "2026-03-06T00:00:00Z", ["2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z"]),
    ("0 0 1 JAN,jul *", "UTC", "2026-03-06T00:00:00Z", ["2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    // Both day fields: the 13th, or any Friday.
    (
      "0 0 13 * FRI", "UTC", "2026-04-01T00:00:00Z",
      ["2026-04-03T00:00:00Z", "2026-04-10T00:00:00Z", "2026-04-13T00:00:00Z", "2026-04-17T00:00:00Z"]
    ),
    // A star restricts nothing by itself: odd days that are Mondays.
    ("0 0 */2 * MON", "UTC", "2026-03-01T00:00:00Z", ["2026-03-09T00:00:00Z", "2026-03-23T00:00:00Z"]),
    ("0 0 30 2 MON", "UTC", "2026-02-23T00:00:00Z", ["2027-02-01T00:00:00Z"]),
    // Leap years.
    ("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
    ("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", ["2104-02-29T00:00:00Z"]),
    ("0 0 29 2 *", "UTC", "1999-01-01T00:00:00Z", ["2000-02-29T00:00:00Z"]),
    ("0 0 29 2 */7", "UTC", "2004-03-01T00:00:00Z", ["2032-02-29T00:00:00Z"]),
    ("0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]),
    ("59 23 31 12 *", "UTC", "1969-12-31T23:58:59Z", ["1969-12-31T23:59:00Z", "1970-12-31T23:59:00Z"]),
    ("0 0 1 1 *", "UTC", "1700-06-01T00:00:00Z", ["1701-01-01T00:00:00Z"]),
    // Nicknames.
    ("@hourly", "UTC", "2026-03-06T07:00:00Z", ["2026-03-06T08:00:00Z"]),
    ("@daily", "UTC", "2026-03-06T07:00:00Z", ["2026-03-07T00:00:00Z"]),
    ("@weekly", "UTC", "2026-03-06T07:00:00Z", ["2026-03-08T00:00:00Z"]),
    ("@monthly", "UTC", "2026-03-06T07:00:00Z", ["2026-04-01T00:00:00Z"]),
    (" @Yearly ", "UTC", "2026-03-06T07:00:00Z", ["2027-01-01T00:00:00Z"]),
    // Zones with and without daylight saving time, and with odd offsets.
    ("0 9 * * *", "Asia/Tokyo", "2026-03-06T00:00:00Z", ["2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z"]),
    ("0 0 * * *", "Asia/Kathmandu", "2026-03-06T00:00:00Z", ["2026-03-06T18:15:00Z"]),
    ("0 9 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"]),
    ("0 9 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", ["2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"]),
    // 02:00 to 03:00 does not exist: the first instant after it.
    (
      "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
      ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    ),
    (
      "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
      ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]
    ),
    ("17 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z"]),
    ("59 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00:00Z"]),
    // All that fall into the gap, and what comes right after it, are one.
    (
      "*/20 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z",
      ["2026-03-29T00:40:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z"]
    ),
    // A whole day was left out.
    (
      "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
      ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]
    ),
    // 02:00 to 03:00 comes twice: the first time only.
    (
      "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
      ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    ),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", ["2026-10-26T01:30:00Z"]),
    (
      "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
      ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]
    ),
    (
      "*/20 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z",
      ["2026-10-25T00:40:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:20:00Z"]
    ),
    // Half an hour of daylight saving time.
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", ["2026-10-03T15:30:00Z"]),
  ])
  func `an expression comes at the times that it names`(
    text: String, zone: String, start: String, expected: [String]
  ) throws {
    let expression = try CronExpression(text, timeZone: zone)
    var time = try timestamp(start)
    for next in expected {
      let found = try #require(expression.next(after: time))
      #expect(found == (try timestamp(next)), "\(text) after \(time): \(found)")
      time = found
    }
  }

  @Test func `an occurrence is strictly after the time, to the nanosecond`() throws {
    let expression = try CronExpression("0 0 * * *")
    let midnight = try timestamp("2026-03-06T00:00:00Z")
    #expect(expression.next(after: midnight.advanced(by: .nanoseconds(-1))) == midnight)
    #expect(expression.next(after: midnight) == midnight.advanced(by: .seconds(86_400)))
    #expect(
      expression.next(after: midnight.advanced(by: .nanoseconds(1)))
        == midnight.advanced(by: .seconds(86_400)))
    let justBefore1970 = Timestamp(nanosecondsSinceEpoch: -1)
    #expect(expression.next(after: justBefore1970) == .epoch)
  }

  @Test(arguments: ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/New_York"])
  func `there is an occurrence from the first representable time, and none after the last`(
    zone: String
  ) throws {
    let first = Timestamp(nanosecondsSinceEpoch: .min)
    for text in ["* * * * *", "0 0 29 2 *", "@yearly"] {
      let expression = try CronExpression(text, timeZone: zone)
      #expect(try #require(expression.next(after: first)) > first)
      #expect(expression.next(after: .distantFuture) == nil)
      #expect(expression.next(after: .distantFuture.advanced(by: .seconds(-1))) == nil)
    }
    let last = try timestamp("2262-04-11T23:47:00Z")
    #expect(try CronExpression("* * * * *", timeZone: zone).next(after: last) == nil)
    #expect(
      try CronExpression("* * * * *", timeZone: zone).next(after: last.advanced(by: .seconds(-1))) == last)
  }

  /// A search through the minutes, or the days, of decades would not end in time.
  @Test(.timeLimit(.minutes(1))) func `what is rare is found at once`() throws {
    let expression = try CronExpression("0 0 29 2 */7", timeZone: "Europe/Berlin")
    for offset in 0..<2000 {
      let start = try timestamp("2033-01-01T00:00:00Z").advanced(by: .seconds(offset))
      #expect(expression.next(after: start) == (try timestamp("2060-02-28T23:00:00Z")))
    }
  }

  // MARK: Against a naive reading

  /// An independent reading of an expression, as sets of numbers. Sunday is 1, as a calendar has it.
  private struct Naive {
    var text: String
    var minutes = Set(0...59)
    var hours = Set(0...23)
    var days = Set(1...31)
    var months = Set(1...12)
    var weekdays = Set(1...7)
    var either = false

    func matches(_ local: DateComponents) -> Bool {
      let isDay = local.day.map(days.contains) ?? false
      let isWeekday = local.weekday.map(weekdays.contains) ?? false
      return (local.minute.map(minutes.contains) ?? false) && (local.hour.map(hours.contains) ?? false)
        && (local.month.map(months.contains) ?? false)
        && (either ? isDay || isWeekday : isDay && isWeekday)
    }
  }

  private let readings = [
    Naive(text: "* * * * *"),
    Naive(text: "*/7 */5 * * *", minutes: Set(stride(from: 0, to: 60, by: 7)), hours: [0, 5, 10, 15, 20]),
    Naive(text: "15,45 0-3 * * *", minutes: [15, 45], hours: [0, 1, 2, 3]),
    Naive(text: "0 2 * * 0", minutes: [0], hours: [2], weekdays: [1]),
    Naive(
      text: "59 23 1,15 * TUE-THU", minutes: [59], hours: [23], days: [1, 15], weekdays: [3, 4, 5],
      either: true),
    Naive(text: "5 4 * MAR,OCT 1-5/2", minutes: [5], hours: [4], months: [3, 10], weekdays: [2, 4, 6]),
    Naive(text: "30 2 */3 * *", minutes: [30], hours: [2], days: Set(stride(from: 1, through: 31, by: 3))),
  ]

  /// Looks at the clocks of every minute: it brings what they show for the first time, and what they leave out.
  @Test(arguments: [
    ("UTC", "2026-02-20T00:00:00Z"), ("Europe/Berlin", "2026-03-15T00:00:00Z"),
    ("Europe/Berlin", "2026-10-15T00:00:00Z"), ("America/New_York", "2026-02-25T00:00:00Z"),
    ("America/New_York", "2026-10-20T00:00:00Z"), ("Asia/Tokyo", "2027-12-20T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-03-25T00:00:00Z"),
  ])
  func `over weeks of minutes an expression comes when a naive reading says`(
    zone: String, from: String
  ) throws {
    let start = try timestamp(from)
    let clocks = try #require(TimeZone(identifier: zone))
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let minutes = 21 * 1440
    var expected = [[Timestamp]](repeating: [], count: readings.count)
    var latestShown = -Double.infinity
    for minute in 0..<minutes {
      let time = start.advanced(by: .seconds(minute * 60))
      let seconds = Double(time.nanosecondsSinceEpoch / 1_000_000_000)
      let local = seconds + Double(clocks.secondsFromGMT(for: Date(timeIntervalSince1970: seconds)))
      let earliestNew = latestShown.isFinite ? latestShown + 60 : local
      latestShown = max(latestShown, local)
      let new = stride(from: earliestNew, through: local, by: 60).map {
        calendar.dateComponents(
          [.month, .day, .hour, .minute, .weekday], from: Date(timeIntervalSince1970: $0))
      }
      for (index, reading) in readings.enumerated() where new.contains(where: reading.matches) {
        expected[index].append(time)
      }
    }
    for (reading, expected) in zip(readings, expected) {
      let expression = try CronExpression(reading.text, timeZone: zone)
      var found: [Timestamp] = []
      var time = start.advanced(by: .nanoseconds(-1))
      while let next = expression.next(after: time), next < start.advanced(by: .seconds(minutes * 60)) {
        found.append(next)
        time = next
      }
      #expect(found == expected, "\(reading.text) in \(zone)")
    }
  }

  // MARK: Errors

  @Test(
    arguments: [
      ("", .fieldCount(0)), ("* * * *", .fieldCount(4)), ("* * * * * *", .fieldCount(6)),
      ("@reboot", .unknownNickname("@reboot")), ("@", .unknownNickname("@")),
      ("@daily 5", .fieldCount(2)),
      ("60 * * * *", .invalidValue("60", in: .minute)), ("-1 * * * *", .invalidValue("-1", in: .minute)),
      ("+1 * * * *", .invalidValue("+1", in: .minute)), ("1,,2 * * * *", .invalidValue("", in: .minute)),
      (", * * * *", .invalidValue("", in: .minute)), ("١ * * * *", .invalidValue("١", in: .minute)),
      ("99999999999999999999 * * * *", .invalidValue("99999999999999999999", in: .minute)),
      ("* 24 * * *", .invalidValue("24", in: .hour)), ("* * 0 * *", .invalidValue("0", in: .dayOfMonth)),
      ("* * 32 * *", .invalidValue("32", in: .dayOfMonth)),
      ("* * L * *", .invalidValue("L", in: .dayOfMonth)),
      ("* * ? * *", .invalidValue("?", in: .dayOfMonth)), ("* * * 13 *", .invalidValue("13", in: .month)),
      ("* * * 0 *", .invalidValue("0", in: .month)), ("* * * MON *", .invalidValue("MON", in: .month)),
      ("* * * JANUARY *", .invalidValue("JANUARY", in: .month)),
      ("* * * * 8", .invalidValue("8", in: .dayOfWeek)),
      ("* * * * JAN", .invalidValue("JAN", in: .dayOfWeek)),
      ("* * * * 1-9", .invalidValue("1-9", in: .dayOfWeek)),
      ("1-2-3 * * * *", .invalidValue("1-2-3", in: .minute)),
      ("*-5 * * * *", .invalidValue("*-5", in: .minute)),
      ("** * * * *", .invalidValue("**", in: .minute)),
      ("30-10 * * * *", .reversedRange("30-10", in: .minute)),
      ("* 22-6 * * *", .reversedRange("22-6", in: .hour)),
      ("* * * * FRI-MON", .reversedRange("FRI-MON", in: .dayOfWeek)),
      ("* * * * 5-0", .reversedRange("5-0", in: .dayOfWeek)),
      ("*/0 * * * *", .invalidStep("*/0", in: .minute)), ("*/60 * * * *", .invalidStep("*/60", in: .minute)),
      ("*/ * * * *", .invalidStep("*/", in: .minute)), ("*/2/3 * * * *", .invalidStep("*/2/3", in: .minute)),
      ("5/15 * * * *", .invalidStep("5/15", in: .minute)), ("* */-1 * * *", .invalidStep("*/-1", in: .hour)),
      ("0 0 30 2 *", .neverMatches("0 0 30 2 *")), ("0 0 31 4,6,9,11 *", .neverMatches("0 0 31 4,6,9,11 *")),
      ("0 0 30-31 FEB */2", .neverMatches("0 0 30-31 FEB */2")),
    ] as [(String, CronError)])
  func `what is no expression is refused by field`(text: String, error: CronError) {
    #expect(throws: error) { try CronExpression(text) }
  }

  @Test(arguments: ["Nowhere/Land", "", "../../etc/passwd"])
  func `a time zone that nobody knows is refused`(name: String) {
    #expect(throws: CronError.unknownTimeZone(name)) { try CronExpression("@daily", timeZone: name) }
  }

  @Test func `an error names the field and what is allowed there`() {
    #expect(
      CronError.invalidValue("24", in: .hour).description
        == "\"24\" is not allowed in the hour field. Allowed are * and 0 to 23, ranges and lists of them.")
    #expect(CronError.reversedRange("5-1", in: .dayOfWeek).description.contains("SUN MON TUE"))
    #expect(CronError.invalidStep("*/99", in: .dayOfMonth).description.contains("1 to 31"))
    for error: CronError in [
      .fieldCount(3), .unknownNickname("@x"), .unknownTimeZone("x"), .neverMatches("0 0 30 2 *"),
    ] {
      #expect(error.description.hasSuffix("."))
    }
  }

  @Test func `an expression is described by its text and its zone`() throws {
    let expression = try CronExpression("0 9 * * MON", timeZone: "Asia/Tokyo")
    #expect(expression.description == "0 9 * * MON")
    #expect(expression.timeZone == "Asia/Tokyo")
    #expect(try CronExpression("@daily").timeZone == "UTC")
    #expect(try CronExpression("@daily") == CronExpression("@daily"))
    #expect(try CronExpression("@daily") != CronExpression("@daily", timeZone: "Asia/Tokyo"))
  }
}

/// The timestamp that a text in ISO 8601 names.
func timestamp(_ text: String) throws -> Timestamp {
  let date = try Date(text, strategy: .iso8601)
  return Timestamp(nanosecondsSinceEpoch: Int64(date.timeIntervalSince1970) * 1_000_000_000)
}
