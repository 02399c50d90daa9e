import CompanionDomain

/// A line of a memory: what somebody said, and when.
struct RememberedLine {
  var time: Timestamp
  /// Whether the time of day is told beside the day.
  var tellsTime: Bool
  /// What stands behind the time: mostly a name and a sentence.
  var text: String
  /// What a person said of it; all of it where no name is in front.
  var words: String
  /// Who said it, if a name is in front.
  var speaker: String?

  init(time: Timestamp, tellsTime: Bool, speaker: String?, words: String) {
    self.time = time
    self.tellsTime = tellsTime
    self.speaker = speaker
    self.words = words
    text = speaker.map { "\($0): \(words)" } ?? words
  }

  /// Reads a line of a memory; `nil` where it has no date in front.
  init?(_ line: Substring, in calendar: MemoryCalendar) {
    let told = /\s*- ([0-9]{4})-([0-9]{2})-([0-9]{2})(?: ([0-9]{2}):([0-9]{2}))? (.+)/
    guard let match = line.wholeMatch(of: told), let year = Int(match.1), let month = Int(match.2),
      let day = Int(match.3), let start = calendar.start(ofYear: year, month: month, day: day)
    else { return nil }
    let minutes = match.4.flatMap { Int($0) }.map { $0 * 60 + (match.5.flatMap { Int($0) } ?? 0) }
    time = start.advanced(by: .seconds((minutes ?? 0) * 60))
    tellsTime = minutes != nil
    text = String(match.6)
    // A name has no space.
    if let said = text.wholeMatch(of: /(\S+): (.+)/) {
      speaker = String(said.1)
      words = String(said.2)
    } else {
      words = text
    }
  }

  /// The lines of a memory, without those that have no date.
  static func lines(of memory: String, in calendar: MemoryCalendar) -> [RememberedLine] {
    memory.split(whereSeparator: \.isNewline).compactMap { RememberedLine($0, in: calendar) }
  }

  func description(in calendar: MemoryCalendar) -> String {
    let date = tellsTime ? calendar.dayAndTime(of: time) : calendar.day(of: time)
    return "- \(date) \(text)"
  }

  /// Whether it may come from words that were said, and have been changed or deleted since.
  func stems(from correction: MemoryCorrection, _ calendar: MemoryCalendar) -> Bool {
    if let speaker, speaker != correction.line.speaker?.rawValue { return false }
    let old = RelativeDays(calendar).resolved(correction.old, saidAt: correction.line.time)
    let said = Set(TextAnalysis.terms(of: old))
    let own = Set(TextAnalysis.terms(of: words))
    guard !own.isEmpty else { return false }
    return 4 * own.intersection(said).count >= 3 * own.count
  }

  /// Without those that say what another does; of these the first stays.
  static func distinct(_ lines: [RememberedLine]) -> [RememberedLine] {
    var wordings: [FactWording] = []
    return lines.filter { line in
      let wording = FactWording(subject: line.speaker ?? "", statement: line.words)
      guard !wordings.contains(where: { $0.saysTheSame(as: wording) }) else { return false }
      wordings.append(wording)
      return true
    }
  }
}
