extension Timestamp {
  /// Reads a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`, or in one of the obsolete forms that every
  /// recipient accepts, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
  ///
  /// Source: RFC 9110, 5.6.7.
  ///
  /// - Parameter now: tells the century of a year with two digits: it is at most 50 years ahead.
  init?(httpDate text: String, now: Timestamp) {
    let words = text.split(separator: " ").map(String.init)
    switch words.count {
    case 6 where words[5] == "GMT":
      self.init(day: words[1], month: words[2], year: Int(words[3]), time: words[4])
    case 4 where words[3] == "GMT":
      let date = words[1].split(separator: "-").map(String.init)
      guard date.count == 3, date[2].count == 2, let short = Int(date[2]) else { return nil }
      let latest = 1970 + Int(now.nanosecondsSinceEpoch / 31_556_952_000_000_000) + 50
      let year = latest - (latest - short) % 100
      self.init(day: date[0], month: date[1], year: year, time: words[2])
    case 5: self.init(day: words[2], month: words[1], year: Int(words[4]), time: words[3])
    default: return nil
    }
  }

  private init?(day: String, month: String, year: Int?, time: String) {
    guard let month = Self.months.firstIndex(of: month), let day = Int(day), let year,
      let time = Self.secondOfDay(time)
    else { return nil }
    self.init(year: year, month: month + 1, day: day, secondOfDay: time, offset: 0)
  }

  /// Reads a time in the form of RFC 3339: `2026-03-01T09:30:00Z`, with or without fractions or an offset.
  init?(rfc3339 text: String) {
    let halves = text.uppercased().split(separator: "T")
    guard halves.count == 2 else { return nil }
    let date = halves[0].split(separator: "-")
    guard date.count == 3, let year = Int(date[0]), let month = Int(date[1]), let day = Int(date[2]) else {
      return nil
    }
    let clock = halves[1].prefix { $0.isNumber || $0 == ":" || $0 == "." }
    let zone = halves[1][clock.endIndex...]
    guard let time = Self.secondOfDay(clock.prefix { $0 != "." }), let offset = Self.offset(zone) else {
      return nil
    }
    self.init(year: year, month: month, day: day, secondOfDay: time, offset: offset)
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func secondOfDay(_ text: some StringProtocol) -> Int? {
    let parts = text.split(separator: ":").map { Int($0) ?? -1 }
    guard parts.count == 3, (0..<24).contains(parts[0]), (0..<60).contains(parts[1]),
      (0...60).contains(parts[2])
    else { return nil }
    return parts[0] * 3600 + parts[1] * 60 + parts[2]
  }

  /// The seconds of `Z`, `+02:00` or `-07:30`.
  private static func offset(_ text: some StringProtocol) -> Int? {
    if text == "Z" { return 0 }
    guard let sign = text.first, "+-".contains(sign),
      let seconds = secondOfDay(String(text.dropFirst()) + ":00")
    else { return nil }
    return sign == "-" ? -seconds : seconds
  }

  /// Counts days by years that begin in March, so that a leap day is a year's last.
  private init?(year: Int, month: Int, day: Int, secondOfDay: Int, offset: Int) {
    // Later than that no time can be told: it is as far away as any.
    if (2262...9999).contains(year), (1...12).contains(month), (1...31).contains(day) {
      self = .distantFuture
      return
    }
    guard (1970..<2262).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    let shiftedYear = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    let leapDays = shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400
    let days = shiftedYear * 365 + leapDays + (monthFromMarch * 153 + 2) / 5 + day - 719_469
    self.init(nanosecondsSinceEpoch: Int64(days * 86_400 + secondOfDay - offset) * 1_000_000_000)
  }
}
