/// The prompt of a turn: the persona, then the conversation, oldest first.
///
/// The persona and the older messages come first and do not change from turn to turn, so that providers
/// can reuse what they have computed for them.
public enum ChatPrompt {
  /// Marks what the person never heard the end of.
  static let interruptedMark = "[interrupted here]"

  /// The messages of a prompt.
  ///
  /// Neighbouring messages of one speaker become one, as many chat templates demand; every tool call has
  /// exactly one result.
  ///
  /// - Parameter reminder: what the companion is reminded of for this turn alone. It stands before the last message
  ///   of the person, behind everything that stays the same from turn to turn.
  public static func messages(
    persona: String, window: some Sequence<ChatMessage>, reminder: String = ""
  ) -> [PromptMessage] {
    var messages: [PromptMessage] = persona.isEmpty ? [] : [PromptMessage(.system, persona)]
    messages += ToolPairing.repaired(merged(window.compactMap { promptMessage($0) }))
    if !reminder.isEmpty {
      let place = messages.lastIndex { $0.role == .user } ?? messages.count
      messages.insert(PromptMessage(.system, reminder), at: place)
    }
    return messages
  }

  /// A message as a model sees it; `nil` for one that was deleted.
  static func promptMessage(_ message: ChatMessage) -> PromptMessage? {
    if case .deleted = message.change { return nil }
    let role: PromptMessage.Role =
      switch message.role {
      case .user: .user
      case .assistant: .assistant
      case .tool: .tool
      }
    var parts = message.parts
    if case .interrupted = message.completion { parts.append(.text(" \(interruptedMark)")) }
    return PromptMessage(role: role, parts: parts)
  }

  /// The same messages, neighbours of one speaker as one.
  static func merged(_ messages: [PromptMessage]) -> [PromptMessage] {
    messages.reduce(into: []) { merged, message in
      guard let last = merged.last, last.role == message.role, message.role != .tool,
        isTextOnly(last), isTextOnly(message)
      else { return merged.append(message) }
      merged[merged.count - 1] = PromptMessage(message.role, last.text + "\n\n" + message.text)
    }
  }

  private static func isTextOnly(_ message: PromptMessage) -> Bool {
    message.parts.allSatisfy { part in
      if case .text = part { true } else { false }
    }
  }
}
