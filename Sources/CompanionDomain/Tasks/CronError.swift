/// A field of a ``CronExpression``, in the order in which they are written.
public enum CronField: Hashable, Sendable, CaseIterable {
  case minute, hour, dayOfMonth, month, dayOfWeek

  /// The numbers that may be written. Both 0 and 7 are Sunday.
  public var allowed: ClosedRange<Int> {
    switch self {
    case .minute: 0...59
    case .hour: 0...23
    case .dayOfMonth: 1...31
    case .month: 1...12
    case .dayOfWeek: 0...7
    }
  }

  /// The names that may be written in the place of numbers, the first for the lowest number.
  public var names: [String] {
    switch self {
    case .minute, .hour, .dayOfMonth: []
    case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
    }
  }
}

extension CronField: CustomStringConvertible {
  /// The field's name in a sentence: `day of month`.
  public var description: String {
    switch self {
    case .minute: "minute"
    case .hour: "hour"
    case .dayOfMonth: "day of month"
    case .month: "month"
    case .dayOfWeek: "day of week"
    }
  }
}

/// Why a text is no ``CronExpression``.
@nonexhaustive
public enum CronError: Error, Hashable, Sendable {
  /// It has so many fields instead of five.
  case fieldCount(Int)
  /// It starts with `@`, and what follows is not known.
  case unknownNickname(String)
  /// Something in a field is no number or name that is allowed there, and no `*` or range of them.
  case invalidValue(String, in: CronField)
  /// A range that ends before it begins.
  case reversedRange(String, in: CronField)
  /// What follows `/` is no number from 1 to the highest of the field, or what precedes it no `*` or range.
  case invalidStep(String, in: CronField)
  /// The system knows no time zone of this name.
  case unknownTimeZone(String)
  /// No date is ever like this, such as the 30th of February.
  case neverMatches(String)
}

extension CronError: CustomStringConvertible {
  /// One line for a person: what is wrong, and what is allowed.
  public var description: String {
    switch self {
    case .fieldCount(let count):
      "A cron expression has 5 fields (minute, hour, day of month, month, day of week), not \(count)."
    case .unknownNickname(let name):
      "\(name) is not known. Use @hourly, @daily, @weekly, @monthly, @yearly, or five fields."
    case .invalidValue(let text, let field):
      "\"\(text)\" is not allowed in the \(field) field. \(Self.allowance(of: field))"
    case .reversedRange(let text, let field):
      "The range \"\(text)\" in the \(field) field ends before it begins. \(Self.allowance(of: field))"
    case .invalidStep(let text, let field):
      "The step \"\(text)\" in the \(field) field is not allowed. Write * or a range, then / and a number from 1"
        + " to \(field.allowed.upperBound)."
    case .unknownTimeZone(let name):
      "\"\(name)\" is no time zone that this system knows. Use a name such as Europe/Berlin."
    case .neverMatches(let text):
      "No date ever matches \"\(text)\": none of its months has one of its days."
    }
  }

  private static func allowance(of field: CronField) -> String {
    let numbers = "\(field.allowed.lowerBound) to \(field.allowed.upperBound)"
    let names = field.names.isEmpty ? "" : ", the names \(field.names.joined(separator: " "))"
    return "Allowed are * and \(numbers)\(names), ranges and lists of them."
  }
}
