/// A conversation as a model sees it: what it is told, then the messages, oldest first. Whether it fits is not asked; see
/// ``PromptCompiler``.
public enum ChatPrompt {
  /// Marks what the person never heard the end of.
  static let interruptedMark = "[interrupted here]"

  /// The messages of a prompt.
  ///
  /// Neighbouring messages of one speaker become one, as many chat templates demand; every tool call has
  /// exactly one result.
  public static func messages(persona: String, window: some Sequence<ChatMessage>) -> [PromptMessage] {
    let system: [PromptMessage] = persona.isEmpty ? [] : [PromptMessage(.system, persona)]
    return system + ToolPairing.repaired(merged(window.compactMap { promptMessage($0) }))
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
