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
    var reader = DigitReader(line.unicodeScalars)
    while let first = reader.rest.first, first.properties.isWhitespace { reader.rest.removeFirst() }
    guard reader.take("-"), reader.take(" "), let year = reader.number(of: 4), reader.take("-"),
      let month = reader.number(of: 2), reader.take("-"), let day = reader.number(of: 2), reader.take(" "),
      let start = calendar.start(ofYear: year, month: month, day: day)
    else { return nil }
    let minutes = Self.timeOfDay(&reader)
    guard !reader.rest.isEmpty else { return nil }
    time = start.advanced(by: .seconds((minutes ?? 0) * 60))
    tellsTime = minutes != nil
    text = String(reader.rest)
    // A name has no space.
    let name = reader.rest.prefix { !$0.properties.isWhitespace }
    let said = reader.rest.dropFirst(name.count)
    if name.count > 1, name.last == ":", said.count > 1, said.first == " " {
      speaker = String(name.dropLast())
      words = String(said.dropFirst())
    } else {
      words = text
    }
  }

  /// Reads a time of day and the space behind it, if they come next: the minutes since midnight.
  private static func timeOfDay(_ reader: inout DigitReader) -> Int? {
    var attempt = reader
    guard let hour = attempt.number(of: 2), attempt.take(":"), let minute = attempt.number(of: 2),
      attempt.take(" "), !attempt.rest.isEmpty
    else { return nil }
    reader = attempt
    return hour * 60 + minute
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

extension [RememberedLine] {
  /// As many of them as have a number of tokens together, at least one.
  ///
  /// - Parameter order: in which order they are left out, by their places.
  func dropping(_ order: [Int], toTokens limit: Int, in calendar: MemoryCalendar) -> [RememberedLine] {
    let estimator = TokenEstimator()
    let texts = map { $0.description(in: calendar) }
    func kept(without count: Int) -> [Int] {
      let gone = Set(order.prefix(count))
      return indices.filter { !gone.contains($0) }
    }
    // Less text never has more tokens: the fewest that have to go are found by halving.
    var (fits, tooMany) = (0, Swift.max(count - 1, 0))
    while fits < tooMany {
      let middle = (fits + tooMany) / 2
      let text = kept(without: middle).map { texts[$0] }.joined(separator: "\n")
      if estimator.tokens(in: text) > limit { fits = middle + 1 } else { tooMany = middle }
    }
    return kept(without: fits).map { self[$0] }
  }
}
