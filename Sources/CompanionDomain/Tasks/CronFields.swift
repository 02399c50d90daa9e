/// What the five fields of a ``CronExpression`` say, as sets of numbers, without a time zone.
struct CronFields: Hashable, Sendable {
  private var minutes: BitSet
  private var hours: BitSet
  private var daysOfMonth: BitSet
  private var months: BitSet
  private var daysOfWeek: BitSet
  /// Whether a day matches already when one of the two day fields does.
  private var eitherDayMatches: Bool

  /// Parses five fields, separated by white space, or a nickname such as `@daily`.
  init(_ text: String) throws(CronError) {
    let fields = try Self.expanded(text).split(whereSeparator: \.isWhitespace)
    guard fields.count == CronField.allCases.count else { throw .fieldCount(fields.count) }
    minutes = try BitSet(fields[0], of: .minute)
    hours = try BitSet(fields[1], of: .hour)
    daysOfMonth = try BitSet(fields[2], of: .dayOfMonth)
    months = try BitSet(fields[3], of: .month)
    daysOfWeek = try BitSet(fields[4], of: .dayOfWeek)
    // As crontab(5) has it: a field with a star restricts nothing by itself.
    eitherDayMatches = !fields[2].contains("*") && !fields[4].contains("*")
    // Every date that exists falls on every day of the week in some year.
    let longest = (1...12).filter(months.contains).map { CivilDate.length(ofMonth: $0, inYear: 2000) }.max()
    guard eitherDayMatches || daysOfMonth.first(from: 1, through: longest ?? 0) != nil else {
      throw .neverMatches(text)
    }
  }

  /// The first minute after another one that matches, both in local minutes since 1970-01-01T00:00; `nil`
  /// when there is none up to a year.
  ///
  /// Complexity: a step for each day of a month that matches, and for each month in between.
  func firstMatch(after minute: Int, throughYear lastYear: Int) -> Int? {
    let start = minute + 1
    let startDay = start.dividedRoundingDown(by: 1440)
    var date = CivilDate(daysSinceEpoch: startDay)
    if matches(date), let found = firstMinuteOfDay(from: start - startDay * 1440) {
      return startDay * 1440 + found
    }
    date.day += 1
    guard let first = firstMinuteOfDay(from: 0), let day = firstDay(from: date, throughYear: lastYear) else {
      return nil
    }
    return day.daysSinceEpoch * 1440 + first
  }

  private func firstMinuteOfDay(from minute: Int) -> Int? {
    guard minute < 1440 else { return nil }
    if hours.contains(minute / 60), let found = minutes.first(from: minute % 60, through: 59) {
      return minute / 60 * 60 + found
    }
    guard let hour = hours.first(from: minute / 60 + 1, through: 23),
      let first = minutes.first(from: 0, through: 59)
    else { return nil }
    return hour * 60 + first
  }

  /// The first day that matches; the day of the start may be the one after the last of its month.
  private func firstDay(from start: CivilDate, throughYear lastYear: Int) -> CivilDate? {
    var date = start
    while date.year <= lastYear {
      if months.contains(date.month) {
        while date.day <= CivilDate.length(ofMonth: date.month, inYear: date.year) {
          if matches(date) { return date }
          date.day += 1
        }
      }
      date = CivilDate(
        year: date.month == 12 ? date.year + 1 : date.year, month: date.month % 12 + 1, day: 1)
    }
    return nil
  }

  private func matches(_ date: CivilDate) -> Bool {
    guard months.contains(date.month) else { return false }
    let isDayOfMonth = daysOfMonth.contains(date.day)
    let isDayOfWeek = daysOfWeek.contains(date.dayOfWeek)
    return eitherDayMatches ? isDayOfMonth || isDayOfWeek : isDayOfMonth && isDayOfWeek
  }

  private static func expanded(_ text: String) throws(CronError) -> String {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let name = words.first, name.hasPrefix("@") else { return text }
    switch name.lowercased() {
    case "@hourly": return "0 * * * *"
    case "@daily": return "0 0 * * *"
    case "@weekly": return "0 0 * * 0"
    case "@monthly": return "0 0 1 * *"
    case "@yearly": return "0 0 1 1 *"
    default: throw .unknownNickname(String(name))
    }
  }
}

/// A set of numbers from 0 to 63.
private struct BitSet: Hashable {
  private var bits: UInt64 = 0

  /// Parses one field.
  init(_ text: Substring, of field: CronField) throws(CronError) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      for number in try Self.numbers(in: part, of: field) {
        bits |= 1 << UInt64(field == .dayOfWeek ? number % 7 : number)
      }
    }
  }

  func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }

  func first(from lowest: Int, through highest: Int) -> Int? {
    guard lowest <= highest else { return nil }
    let found = (bits >> UInt64(lowest)).trailingZeroBitCount + lowest
    return found <= highest ? found : nil
  }

  private static func numbers(
    in part: Substring, of field: CronField
  ) throws(CronError) -> StrideThrough<Int> {
    let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let span = pieces[0]
    let range = try range(span, of: field)
    guard pieces.count == 2 else {
      return stride(from: range.lowerBound, through: range.upperBound, by: 1)
    }
    guard span == "*" || span.contains("-"), let step = number(pieces[1]), step > 0,
      step <= field.allowed.upperBound
    else { throw .invalidStep(String(part), in: field) }
    return stride(from: range.lowerBound, through: range.upperBound, by: step)
  }

  private static func range(_ span: Substring, of field: CronField) throws(CronError) -> ClosedRange<Int> {
    // Sunday once only, so that steps start over each week.
    if span == "*" { return field == .dayOfWeek ? 0...6 : field.allowed }
    let ends = span.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let low = try value(ends[0], in: span, of: field)
    guard ends.count == 2 else { return low...low }
    var high = try value(ends[1], in: span, of: field)
    // A week that ends on Sunday: FRI-SUN.
    if field == .dayOfWeek, high == 0, ends[1] != "0" { high = 7 }
    guard low <= high else { throw .reversedRange(String(span), in: field) }
    return low...high
  }

  private static func value(
    _ text: Substring, in span: Substring, of field: CronField
  ) throws(CronError) -> Int {
    if let index = field.names.firstIndex(of: text.uppercased()) { return index + field.allowed.lowerBound }
    guard let number = number(text), field.allowed.contains(number) else {
      throw .invalidValue(String(span), in: field)
    }
    return number
  }

  /// Digits only: no sign, and few enough that none overflows.
  private static func number(_ text: Substring) -> Int? {
    guard (1...4).contains(text.utf8.count),
      text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    else { return nil }
    return Int(text)
  }
}
