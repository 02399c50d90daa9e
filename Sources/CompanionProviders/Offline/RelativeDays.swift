import CompanionDomain

/// Names of days that depend on when they are said.
struct RelativeDays {
  private let calendar: MemoryCalendar

  init(_ calendar: MemoryCalendar) { self.calendar = calendar }

  private static let english = [("today", 0), ("tonight", 0), ("yesterday", -1), ("tomorrow", 1)]
  private static let others = [
    ("明後日", 2), ("あさって", 2), ("一昨日", -2), ("おととい", -2), ("明日", 1), ("昨日", -1), ("今日", 0), ("后天", 2),
    ("前天", -2),
    ("明天", 1), ("昨天", -1), ("今天", 0),
  ]

  /// A sentence with days in place of "tomorrow" and the like.
  func resolved(_ sentence: String, saidAt time: Timestamp) -> String {
    var sentence = sentence
    func day(_ offset: Int) -> String { calendar.day(of: time.advanced(by: .seconds(offset * 86_400))) }
    for (word, offset) in Self.others where sentence.contains(word) {
      sentence = sentence.replacing(word, with: day(offset))
    }
    guard sentence.lowercased().contains(/\b(?:today|tonight|yesterday|tomorrow)\b/) else { return sentence }
    for (word, offset) in Self.english {
      guard let regex = try? Regex("\\b\(word)\\b").ignoresCase() else { continue }
      sentence = sentence.replacing(regex, with: "on \(day(offset))")
    }
    // "By tomorrow" has its preposition already.
    return sentence.replacing(/\b(on|by|until|since|before|after|from|for) on ([0-9])/) { "\($0.1) \($0.2)" }
  }
}
