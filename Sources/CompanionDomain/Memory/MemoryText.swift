/// What is taken of a model's answer as a memory: its lines, without repetitions, within a limit.
package struct MemoryText: Hashable, Sendable {
  /// The memory; empty where nothing is to be remembered. Each of its lines begins with `- `.
  package let text: String
  /// How many lines were left out, or cut, to keep to the limit.
  package let cut: Int

  /// Reads an answer.
  ///
  /// Of what is too long, whole lines go: first those without a date, the last one first, then the oldest. A
  /// single line of more than half of the limit is cut in itself, so that it drives out no others.
  ///
  /// - Parameters:
  ///   - limit: the tokens that the memory has at most.
  ///   - tokens: counts them.
  ///
  /// Complexity: the square of the number of lines; counting, the logarithm of the length for each line.
  package init(answer: String, limit: Int, tokens: (String) -> Int) {
    let lines = Self.distinct(MemoryAnswer(answer).lines)
    guard tokens(lines.joined(separator: "\n")) > limit else {
      text = lines.joined(separator: "\n")
      cut = 0
      return
    }
    let most = lines.count > 1 ? limit / 2 : limit
    let cutLines = lines.map { line in
      tokens(line) > most ? TextCut.beginning(of: line, toTokens: most, tokens: tokens) : line
    }
    // What is cut to less than a word says nothing.
    var kept = zip(lines, cutLines).filter { $1.count > Self.mark.count + 1 || $0 == $1 }.map(\.1)
    var size = tokens(kept.joined(separator: "\n"))
    var allowed = max(limit, 0)
    while size > limit, !kept.isEmpty {
      kept = Self.fitting(kept, budget: allowed, tokens: tokens)
      size = tokens(kept.joined(separator: "\n"))
      // Lines together may count for more than each by itself.
      allowed -= max(1, size - limit)
    }
    text = kept.joined(separator: "\n")
    let whole = Set(kept)
    cut = lines.count { !whole.contains($0) }
  }

  static let mark = "- "

  /// The lines without those that say what one before them says.
  private static func distinct(_ lines: [String]) -> [String] {
    var wordings: [FactWording] = []
    var distinct: [String] = []
    for line in lines {
      let wording = FactWording(subject: "", statement: String(line.dropFirst(mark.count)))
      guard !wordings.contains(where: { $0.saysTheSame(as: wording) }) else { continue }
      wordings.append(wording)
      distinct.append(line)
    }
    return distinct
  }

  private static func fitting(_ lines: [String], budget: Int, tokens: (String) -> Int) -> [String] {
    let dated = lines.indices.filter { hasDate(lines[$0]) }
    let undated = lines.indices.filter { !hasDate(lines[$0]) }
    func section(_ id: String, _ places: [Int], priority: Int, dropping: PromptSection.End) -> PromptSection {
      let items = places.map { PromptSection.Item(tokens: tokens(lines[$0] + "\n")) }
      return PromptSection(id, priority: priority, content: .items(items, dropping: dropping))
    }
    let sections = [
      section("dated", dated, priority: 1, dropping: .first),
      section("undated", undated, priority: 0, dropping: .last),
    ]
    // Nothing of them is pinned, and their names differ: it has no reason to fail.
    guard let report = try? PromptBudget(limit: budget).solve(sections) else { return [] }
    let kept = zip([dated, undated], report.sections).flatMap { places, section in
      if case .items(let range) = section.kept { places[range] } else { places[0..<0] }
    }
    return kept.sorted().map { lines[$0] }
  }

  /// Whether a line names a day.
  private static func hasDate(_ line: String) -> Bool {
    line.unicodeScalars.indices.contains { place in
      var reader = DigitReader(line.unicodeScalars[place...])
      guard reader.number(of: 4) != nil else { return false }
      return reader.take("年") || (reader.take("-") && reader.number(of: 2) != nil)
    }
  }
}

/// The lines of a model's answer that belong to the memory.
private struct MemoryAnswer {
  private(set) var lines: [String] = []

  init(_ answer: String) {
    let all = Self.unfenced(answer).split(whereSeparator: \.isNewline).map(String.init)
    let firstItem = all.firstIndex { Self.item($0) != nil }
    for (place, line) in all.enumerated() {
      if let item = Self.item(line) {
        append(item)
      } else if let firstItem {
        // Before the list stands chatter; in it, what an item goes on with; a word behind it is to whoever
        // asked.
        if place > firstItem, line.first?.isWhitespace == true, !lines.isEmpty {
          lines[lines.count - 1] += " " + line.trimmed
        } else if Self.isDated(line) {
          append(line.trimmed)
        }
      } else if !Self.isChatter(line) {
        append(line.trimmed)
      }
    }
  }

  private mutating func append(_ item: String) {
    // A mark by itself is how a model says that there is nothing.
    guard item.contains(where: { $0.isLetter || $0.isNumber }) else { return }
    lines.append(MemoryText.mark + item)
  }

  /// What stands in the first fences, if there are any.
  private static func unfenced(_ answer: String) -> String {
    let lines = answer.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let fences = lines.indices.filter { lines[$0].drop { $0.isWhitespace }.hasPrefix("```") }
    guard let first = fences.first else { return answer }
    let end = fences.dropFirst().first ?? lines.endIndex
    let inside = lines[(first + 1)..<end].joined(separator: "\n")
    return inside.trimmed.isEmpty ? lines[..<first].joined(separator: "\n") : inside
  }

  /// What stands behind the mark of an item; `nil` where there is none.
  private static func item(_ line: String) -> String? {
    let text = line.trimmed
    if let content = behindMark(text) {
      let item = String(content).trimmed
      // Neither "---" nor "**Title**" is one.
      if text.hasPrefix("**") || text.hasPrefix("--") { return nil }
      return item
    }
    return text == "-" ? "" : nil
  }

  /// What stands behind a bullet, or a number with a dot or a bracket.
  private static func behindMark(_ text: String) -> Substring? {
    if let first = text.first, "-*•–・".contains(first) { return text.dropFirst() }
    let number = text.prefix { $0.isASCII && $0.isNumber }
    let rest = text[number.endIndex...]
    guard (1...3).contains(number.count), rest.hasPrefix(". ") || rest.hasPrefix(") ") else { return nil }
    return rest.dropFirst()
  }

  private static func isDated(_ line: String) -> Bool {
    let trimmed = line.trimmed
    var reader = DigitReader(trimmed.unicodeScalars[...])
    return reader.number(of: 4) != nil && reader.take("-") && reader.number(of: 2) != nil && reader.take("-")
      && reader.number(of: 2) != nil
  }

  /// Whether a line is no content: a heading, a mark of a block, words to whoever asked.
  private static func isChatter(_ line: String) -> Bool {
    let text = line.trimmed.lowercased()
    guard let first = text.first, let last = text.last else { return true }
    if first == "#" || first == "<" || last == ":" || last == "：" || text.hasPrefix("**")
      || text.hasPrefix("--")
    {
      return true
    }
    return openings.contains { text.hasPrefix($0) }
  }

  private static let openings = [
    "here is", "here's", "here are", "sure", "certainly", "of course", "let me know", "i have ", "i've ",
    "updated memory", "no new", "nothing", "none", "(empty", "(none", "以下", "承知", "かしこまり", "更新", "好的",
    "没有", "特になし", "なし", "无",
  ]
}
