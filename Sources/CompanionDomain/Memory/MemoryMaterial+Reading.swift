import FoundationEssentials

extension MemoryMaterial {
  /// Reads what ``messages`` has written, as a model does that works by rule; `nil` for anything else.
  ///
  /// Times are read to the minute. What is not written is not read: conversations, places in them, and the
  /// locale.
  package init?(_ messages: [PromptMessage]) {
    guard let text = messages.last(where: { $0.role == .user })?.text else { return nil }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.count >= 4, let work = lines[0].behind("Task: ").map(String.init).flatMap(Work.init),
      let (now, calendar) = lines[1].behind("Now: ").flatMap(Self.now),
      let scope = lines[2].behind("About: ").map(String.init).flatMap({ MemoryScope($0) }),
      let limit = lines[3].behind("Limit: ")?.split(separator: " ").first.flatMap({ Int($0) })
    else { return nil }
    self.init(work: work, scope: scope, now: now, calendar: calendar, tokenLimit: limit)
    read(lines.dropFirst(4))
  }

  private static func now(_ text: Substring) -> (Timestamp, MemoryCalendar)? {
    // The zone is needed to read the time that stands before it.
    guard text.last == ")", let opening = text.lastIndex(of: "("),
      let zone = TimeZone(identifier: String(text[text.index(after: opening)...].dropLast()))
    else { return nil }
    let calendar = MemoryCalendar(timeZone: zone)
    guard let (time, _) = MemoryClock(zone).time(in: text) else { return nil }
    return (time, calendar)
  }

  private mutating func read(_ lines: ArraySlice<Substring>) {
    let clock = MemoryClock(calendar.timeZone)
    var block: MemoryBlock?
    var title = ""
    var content: [Substring] = []
    for line in lines {
      guard let open = block else {
        (block, title) = Self.opening(line)
        content = []
        continue
      }
      guard line == open.closing else {
        content.append(line)
        continue
      }
      block = nil
      switch open {
      case .memory: previous = MemoryBlock.text(of: content)
      case .newer: merged.append(Merged(title: title, text: MemoryBlock.text(of: content)))
      case .messages:
        self.lines = content.compactMap {
          $0.unnumbered.flatMap { MemoryLine(told: $0.text, $0.number, clock) }
        }
      case .corrections: corrections = Self.corrections(content, clock)
      case .known: knownFacts = content.compactMap { $0.unnumbered.map { String($0.text) } }
      case .new: newFacts = content.compactMap { $0.unnumbered.map { String($0.text) } }
      }
    }
  }

  private static func opening(_ line: Substring) -> (MemoryBlock?, title: String) {
    guard line.first == "<", line.last == ">" else { return (nil, "") }
    let name = line.dropFirst().prefix { $0.isLetter }
    let title = line.behind("<\(name) title=\"")?.dropLast(2) ?? ""
    return (MemoryBlock(rawValue: String(name)), String(title))
  }

  private static func corrections(_ lines: [Substring], _ clock: MemoryClock) -> [MemoryCorrection] {
    var corrections: [MemoryCorrection] = []
    for line in lines {
      guard let (number, text) = line.unnumbered else { continue }
      if let before = text.behind("before: ") {
        guard var line = MemoryLine(told: before, number, clock) else { continue }
        let old = line.text
        line.text = ""
        corrections.append(MemoryCorrection(line: line, old: old))
      } else if let now = text.behind("now says: "), !corrections.isEmpty {
        corrections[corrections.count - 1].line.text = String(now)
      }
    }
    return corrections
  }
}

extension MemoryLine {
  /// Reads a line that was told; it is of no conversation that is known.
  fileprivate init?(told text: Substring, _ number: Int, _ clock: MemoryClock) {
    guard let (time, rest) = clock.time(in: text) else { return nil }
    var speaker: UserID?
    let said: Substring
    if let ofCompanion = rest.behind("\(Self.companion): ") {
      said = ofCompanion
    } else {
      // No name has a space, but it may have a colon.
      guard let space = rest.unicodeScalars.firstIndex(of: " ") else { return nil }
      let name = rest[..<space]
      guard name.unicodeScalars.last == ":",
        let user = UserID(rawValue: String(name.unicodeScalars.dropLast()))
      else { return nil }
      speaker = user
      said = rest[rest.unicodeScalars.index(after: space)...]
    }
    self.init(
      session: SessionID(bits: 0), sequence: SequenceNumber(rawValue: Int64(number)), time: time,
      speaker: speaker, text: String(said))
  }
}

extension Substring {
  /// What stands behind a beginning; `nil` where it begins otherwise.
  ///
  /// By bytes, since a mark at the beginning of content joins the character before it.
  fileprivate func behind(_ beginning: String) -> Substring? {
    guard utf8.starts(with: beginning.utf8) else { return nil }
    return self[utf8.index(startIndex, offsetBy: beginning.utf8.count)...]
  }

  /// The number in brackets at the beginning, and what stands behind it and a space.
  fileprivate var unnumbered: (number: Int, text: Substring)? {
    guard let digits = behind("[")?.prefix(while: \.isNumber), let number = Int(digits) else { return nil }
    return behind("[\(digits)] ").map { (number, $0) }
  }
}
