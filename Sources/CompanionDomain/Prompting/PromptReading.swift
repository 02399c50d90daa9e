/// A compiled prompt as it is read back: what the person says, what was said before, what the app has added, and what
/// was done for it already.
package struct PromptReading: Hashable, Sendable {
  /// The person's words; empty where nobody says anything.
  package let message: String
  /// What was said before, without what the app has added.
  package let history: [PromptMessage]
  /// What the app has brought in: in the fixed beginning, and beside the person's words.
  package let blocks: [FencedBlock]
  /// The calls of tools that were made for the message, with their results.
  package let work: [PromptMessage]

  /// Reads a prompt, one that was not compiled as well: what the app has added is known by its marks, and by the words
  /// that stand behind all of it.
  package init(_ messages: [PromptMessage]) {
    let place = Self.place(ofMessageIn: messages)
    let said = place.map { messages[$0].texts } ?? []
    let added = said.dropLast().filter(Self.isAdded)
    let before = said.dropLast().filter { !Self.isAdded($0) }.map { PromptMessage(.user, $0) }
    message = said.last ?? ""
    history = messages[..<(place ?? messages.endIndex)].filter { $0.role != .system } + before
    blocks =
      messages.filter { $0.role == .system }.flatMap { FencedBlock.all(in: $0.text) }
      + added.flatMap { FencedBlock.all(in: $0) }
    work = place.map { Array(messages[($0 + 1)...]) } ?? []
  }

  /// Where the person speaks last. What stands behind results of tools is the app's.
  private static func place(ofMessageIn messages: [PromptMessage]) -> Int? {
    messages.indices.last { place in
      messages[place].role == .user && (place == 0 || messages[place - 1].role != .tool)
    }
  }

  private static func isAdded(_ text: String) -> Bool {
    let words = PromptHeading.message
    let end = text.split(separator: "\n").last { !$0.isEmpty }
    return [words.english, words.japanese, words.chinese].contains { end == $0[...] }
  }
}

extension PromptMessage {
  fileprivate var texts: [String] {
    parts.compactMap { part in
      if case .text(let text) = part { text } else { nil }
    }
  }
}
