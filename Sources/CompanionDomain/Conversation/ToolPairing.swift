/// The rule that every tool call has exactly one result.
///
/// Providers refuse a conversation that breaks it, and with it every later turn of the session.
public enum ToolPairing {
  /// What the model is told about a call that has no result.
  static let interruptedContent = "Interrupted: this call has no result. It may or may not have taken effect."

  /// Results for those calls among `messages` that have none, in the order of the calls.
  public static func missingResults(in messages: some Sequence<ChatMessage>) -> [ToolResult] {
    var open: [ToolCall] = []
    for message in messages {
      let answered = Set(message.toolResults.map(\.callID))
      open.removeAll { answered.contains($0.id) }
      open += message.toolCalls
    }
    return open.map { interrupted($0) }
  }

  /// The same messages with exactly one result for every call, right behind the message that calls.
  ///
  /// Results that answer no open call, and second results for the same call, are left out; a call without
  /// a result gets an interrupted one. A message that has nothing left is left out. The rule is total: any
  /// log comes out well-formed, and a well-formed one comes out as it was.
  public static func repaired(_ messages: [PromptMessage]) -> [PromptMessage] {
    repairedWithPlaces(messages).map(\.message)
  }

  /// The same, each with the place of the message that it comes of; a result has that of its call.
  static func repairedWithPlaces(_ messages: [PromptMessage]) -> [(place: Int, message: PromptMessage)] {
    var repaired: [(place: Int, message: PromptMessage)] = []
    var index = messages.startIndex
    while index < messages.endIndex {
      let place = index
      let message = messages[index]
      index += 1
      var seen: Set<String> = []
      let parts = message.parts.filter { part in
        switch part {
        case .toolResult: false
        case .toolCall(let call): message.role == .assistant && seen.insert(call.id).inserted
        default: true
        }
      }
      guard !parts.isEmpty else { continue }
      repaired.append((place, PromptMessage(role: message.role, parts: parts)))

      let calls = parts.compactMap { part in
        if case .toolCall(let call) = part { call } else { nil as ToolCall? }
      }
      guard !calls.isEmpty else { continue }
      let results = firstResults(after: index, in: messages)
      repaired += calls.map { call in
        (place, PromptMessage(role: .tool, parts: [.toolResult(results[call.id] ?? interrupted(call))]))
      }
    }
    return repaired
  }

  /// The results from `start` up to the next message that calls tools, the first one for each call.
  private static func firstResults(after start: Int, in messages: [PromptMessage]) -> [String: ToolResult] {
    var results: [String: ToolResult] = [:]
    for message in messages[start...] {
      for part in message.parts {
        switch part {
        case .toolCall: return results
        case .toolResult(let result) where results[result.callID] == nil: results[result.callID] = result
        default: continue
        }
      }
    }
    return results
  }

  static func interrupted(_ call: ToolCall) -> ToolResult {
    ToolResult(callID: call.id, outcome: .interrupted, content: interruptedContent)
  }
}
