import CompanionDomain

/// What a prompt says that people have said, beside the conversation itself: memories, what was found, what was said
/// before, and what is known of the conversation.
struct OfflineKnowledge {
  /// The texts, the oldest first.
  let texts: [String]

  init(_ blocks: [FencedBlock]) {
    func excerpts(_ kind: String) -> [PromptExcerpt] {
      blocks.filter { $0.kind == kind }.flatMap(\.excerpts)
    }
    let summaries = blocks.filter { $0.kind == "summary" }.map(\.content)
    let beginnings = excerpts("digest").filter { $0.source != Self.companion }.map(\.text)
    let situation = excerpts("situation").reversed().map(Self.statement)
    texts =
      (summaries + beginnings).map(Self.withoutCut)
      + Self.remembered(excerpts("profile") + excerpts("recalled"))
      + excerpts("corrections").map(\.text) + situation
  }

  /// What the companion is called, to itself.
  private static let companion = "you"

  /// What people are remembered to have said, the oldest first.
  private static func remembered(_ excerpts: [PromptExcerpt]) -> [String] {
    let calendar = MemoryCalendar()
    let items = excerpts.filter { !$0.source.hasPrefix("said by \(companion), ") }.map { excerpt in
      // A line of a memory has its day and its speaker in front.
      let lines = excerpt.text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
        guard let read = RememberedLine(line, in: calendar) else { return String(line) }
        return OfflineMemoryPhrases.isTopics(read.text) ? nil : read.words
      }
      let day = excerpt.source.firstMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/).map { String($0.output) } ?? ""
      let isSaid = excerpt.source.hasPrefix("said by ")
      return (order: day + (isSaid ? " said" : " known"), text: lines.joined(separator: "\n"))
    }
    // What fits best comes first of a day, and is to count as what was said last. Words are better than what is
    // known of them.
    return items.enumerated().sorted { ($0.element.order, $1.offset) < ($1.element.order, $0.offset) }
      .map(\.element.text)
  }

  /// An entry of what is known of the conversation: what it is named, and what it says.
  private static func statement(_ excerpt: PromptExcerpt) -> String {
    let key = excerpt.source.split(separator: ", ").first.map(String.init) ?? ""
    return key.isEmpty ? excerpt.text : "\(key): \(excerpt.text)"
  }

  private static func withoutCut(_ text: String) -> String {
    text.hasSuffix(" […]") ? String(text.dropLast(4)) : text
  }
}
