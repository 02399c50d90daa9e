import FoundationEssentials

extension MemoryMaterial {
  /// The request for a model: what it shall do, which is the same for all material, and the material.
  ///
  /// Content cannot look like the beginning or the end of a block: what was said is flattened to a line behind
  /// its number, and lines of memories that begin with `<` are escaped.
  ///
  /// Complexity: linear in the content.
  package var messages: [PromptMessage] {
    [PromptMessage(.system, work.instructions), PromptMessage(.user, text)]
  }

  private var text: String {
    let clock = MemoryClock(calendar)
    var text = """
      Task: \(work.rawValue)
      Now: \(clock.text(of: now)) (\(calendar.timeZone.identifier))
      About: \(scope)
      Limit: \(tokenLimit) tokens
      """
    func add(_ block: MemoryBlock, title: String? = nil, _ lines: [String]) {
      guard !lines.isEmpty else { return }
      text += "\n\n" + ([block.opening(title: title)] + lines + [block.closing]).joined(separator: "\n")
    }
    if !previous.isEmpty { add(.memory, MemoryBlock.lines(of: previous)) }
    for memory in merged { add(.newer, title: memory.title, MemoryBlock.lines(of: memory.text)) }
    add(.messages, lines.enumerated().map { "[\($0 + 1)] " + $1.told(by: clock) })
    add(.corrections, corrections.enumerated().flatMap { $1.told(as: $0 + 1, by: clock) })
    add(.known, Self.numbered(knownFacts))
    add(.new, Self.numbered(newFacts))
    return text
  }

  private static func numbered(_ facts: [String]) -> [String] {
    facts.enumerated().map { "[\($0 + 1)] " + MemoryBlock.flattened($1) }
  }
}

/// A part of the material that stands between two marks.
enum MemoryBlock: String, CaseIterable {
  case memory, newer, messages, corrections, known, new

  func opening(title: String? = nil) -> String {
    title.map { "<\(rawValue) title=\"\(Self.quotable($0))\">" } ?? "<\(rawValue)>"
  }

  var closing: String { "</\(rawValue)>" }

  /// The lines of a text that has several, so that none looks like a mark.
  static func lines(of text: String) -> [String] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      looksLikeMark(line) ? #"\"# + line : String(line)
    }
  }

  /// Reads what ``lines(of:)`` has written.
  static func text(of lines: some Sequence<Substring>) -> String {
    lines.map { String($0.unicodeScalars.first == #"\"# ? $0.unicodeScalars.dropFirst() : $0.unicodeScalars) }
      .joined(separator: "\n")
  }

  /// What was said, as one line.
  static func flattened(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// Whether the first thing to be seen in a line is that of a mark, or of an escape.
  private static func looksLikeMark(_ line: Substring) -> Bool {
    let first = line.unicodeScalars.first { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .nonspacingMark, .enclosingMark: false
      default: !scalar.properties.isWhitespace
      }
    }
    return first == "<" || first == #"\"#
  }

  private static func quotable(_ title: String) -> String {
    String(
      flattened(title).map { character -> Character in
        switch character {
        case "\"": "'"
        case "<": "("
        case ">": ")"
        default: character
        }
      })
  }
}

extension MemoryLine {
  /// Who speaks, as no identifier can be: it has a space.
  static let companion = "the companion"

  fileprivate func told(by clock: MemoryClock) -> String {
    "\(clock.text(of: time)) \(speaker?.rawValue ?? Self.companion): \(MemoryBlock.flattened(text))"
  }
}

extension MemoryCorrection {
  fileprivate func told(as number: Int, by clock: MemoryClock) -> [String] {
    var before = line
    before.text = old
    let now = MemoryBlock.flattened(line.text)
    return [
      "[\(number)] before: " + before.told(by: clock),
      "[\(number)] " + (now.isEmpty ? "now: deleted" : "now says: \(now)"),
    ]
  }
}
