import Foundation

extension MemoryCalendar {
  /// The day that a time is on for the person, such as `2026-11-20`.
  package func day(of time: Timestamp) -> String { MemoryClock(timeZone).day(of: time) }

  /// The day and the time of day that a time is for the person, such as `2026-11-20 23:10`.
  package func dayAndTime(of time: Timestamp) -> String {
    MemoryClock(timeZone).text(of: time)
  }

  /// The beginning of a day of the person; `nil` for no date of the calendar.
  package func start(ofYear year: Int, month: Int, day: Int) -> Timestamp? {
    guard (1678...2261).contains(year), (1...12).contains(month),
      (1...CivilDate.length(ofMonth: month, inYear: year)).contains(day)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    return MemoryClock(timeZone).time(minutes: date.daysSinceEpoch * 1440)
  }
}

/// Tells times as a person reads them from the wall, and reads them back, to the minute.
struct MemoryClock {
  private let timeZone: TimeZone
  /// From Sunday; none where weekdays are not told.
  private let weekdays: [String]

  /// A clock that tells no weekdays: their names take longer to find than hundreds of times to tell.
  init(_ timeZone: TimeZone) {
    self.timeZone = timeZone
    weekdays = []
  }

  init(_ calendar: MemoryCalendar) {
    timeZone = calendar.timeZone
    var gregorian = Calendar(identifier: .gregorian)
    gregorian.locale = calendar.locale
    weekdays = gregorian.weekdaySymbols
  }

  /// Such as `2026-11-20`.
  func day(of time: Timestamp) -> String {
    Self.text(CivilDate(daysSinceEpoch: minutes(at: time).dividedRoundingDown(by: 1440)))
  }

  /// Such as `2026-11-20 Friday 23:10`; `2026-11-20 23:10` without weekdays.
  func text(of time: Timestamp) -> String {
    let minutes = minutes(at: time)
    let days = minutes.dividedRoundingDown(by: 1440)
    let date = CivilDate(daysSinceEpoch: days)
    let minute = minutes - days * 1440
    let weekday = weekdays.count == 7 ? weekdays[date.dayOfWeek] + " " : ""
    return "\(Self.text(date)) \(weekday)\(Self.padded(minute / 60)):\(Self.padded(minute % 60))"
  }

  /// Reads what ``text(of:)`` has written, in whatever language, at the beginning of a text.
  ///
  /// - Returns: the time, and what stands behind it and a space.
  func time(in text: Substring) -> (time: Timestamp, rest: Substring)? {
    // By scalars, since a mark at the beginning of what follows joins the space before it.
    var reader = DigitReader(text.unicodeScalars)
    guard let year = reader.number(of: 4), reader.take("-"), let month = reader.number(of: 2),
      reader.take("-"),
      let day = reader.number(of: 2), reader.take(" "), let (hour, minute) = Self.timeOfDay(&reader),
      hour < 24, minute < 60, (1...12).contains(month),
      (1...CivilDate.length(ofMonth: month, inYear: year)).contains(day)
    else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    return (time(minutes: days * 1440 + hour * 60 + minute), Substring(reader.rest))
  }

  /// Reads a time of day, with a weekday before it in a language that has no digits in it, or none.
  private static func timeOfDay(_ reader: inout DigitReader) -> (hour: Int, minute: Int)? {
    while true {
      var attempt = reader
      if let hour = attempt.number(of: 2), attempt.take(":"), let minute = attempt.number(of: 2),
        attempt.rest.isEmpty || attempt.take(" ")
      {
        reader = attempt
        return (hour, minute)
      }
      while let next = reader.rest.first, next != " " {
        guard !DigitReader.isDigit(next) else { return nil }
        reader.rest.removeFirst()
      }
      guard reader.take(" ") else { return nil }
    }
  }

  /// The time at which the wall shows so many minutes since 1970; the first, where it shows them twice.
  func time(minutes: Int) -> Timestamp {
    // The offset a day before and a day after: a change between them is one of these two.
    let shown = Self.timestamp(minutes: minutes)
    let offsets = [Duration.seconds(-86_400), .seconds(86_400)]
      .map { timeZone.secondsFromGMT(for: Self.date(shown.advanced(by: $0))) }
    let times = offsets.map { shown.advanced(by: .seconds(-$0)) }
    return times.filter { self.minutes(at: $0) == minutes }.min() ?? times[0]
  }

  private func minutes(at time: Timestamp) -> Int {
    let seconds = time.nanosecondsSinceEpoch.dividedRoundingDown(by: 1_000_000_000)
    return (Int(seconds) + timeZone.secondsFromGMT(for: Self.date(time))).dividedRoundingDown(by: 60)
  }

  private static func timestamp(minutes: Int) -> Timestamp {
    Timestamp.epoch.advanced(by: .seconds(minutes.multipliedReportingOverflow(by: 60).partialValue))
  }

  private static func date(_ time: Timestamp) -> Date {
    Date(timeIntervalSince1970: Double(time.nanosecondsSinceEpoch.dividedRoundingDown(by: 1_000_000_000)))
  }

  private static func text(_ date: CivilDate) -> String {
    "\(padded(date.year, to: 4))-\(padded(date.month))-\(padded(date.day))"
  }

  private static func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
