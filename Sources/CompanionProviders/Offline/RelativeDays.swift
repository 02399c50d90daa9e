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

  /// One of these is in every sentence that has such a day.
  private static let names = PhraseTable((english + others).map(\.0))
  /// What stands before a day already: "by tomorrow".
  private static let prepositions: Set<String> = [
    "on", "by", "until", "since", "before", "after", "from", "for",
  ]

  /// A sentence with days in place of "tomorrow" and the like.
  func resolved(_ sentence: String, saidAt time: Timestamp) -> String {
    guard Self.names.isFound(in: ComparableText(sentence)) else { return sentence }
    var sentence = sentence
    func day(_ offset: Int) -> String { calendar.day(of: time.advanced(by: .seconds(offset * 86_400))) }
    for (word, offset) in Self.others where sentence.contains(word) {
      sentence = sentence.replacing(word, with: day(offset))
    }
    return withEnglishDays(sentence, day)
  }

  /// Replaces whole words, as many as there are.
  private func withEnglishDays(_ sentence: String, _ day: (Int) -> String) -> String {
    var resolved = ""
    var word = ""
    var before = ""
    func end() {
      let lowered = word.lowercased()
      if let (_, offset) = Self.english.first(where: { $0.0 == lowered }) {
        resolved += Self.prepositions.contains(before) ? day(offset) : "on \(day(offset))"
      } else {
        resolved += word
      }
      if !word.isEmpty { before = lowered }
      word = ""
    }
    for character in sentence {
      if character.isLetter || character.isNumber || character == "'" || character == "’" {
        word.append(character)
      } else {
        end()
        if character != " " { before = "" }
        resolved.append(character)
      }
    }
    end()
    return resolved
  }
}
