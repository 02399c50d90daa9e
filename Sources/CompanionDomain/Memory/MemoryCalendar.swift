public import Foundation

/// How times are told in memories: in a person's time zone and language, never in the machine's.
public struct MemoryCalendar: Hashable, Sendable {
  /// Where the person is.
  public var timeZone: TimeZone
  /// How the person writes weekdays.
  public var locale: Locale

  /// A calendar; UTC and English unless said otherwise.
  public init(timeZone: TimeZone = .gmt, locale: Locale = Locale(identifier: "en_US_POSIX")) {
    self.timeZone = timeZone
    self.locale = locale
  }
}
