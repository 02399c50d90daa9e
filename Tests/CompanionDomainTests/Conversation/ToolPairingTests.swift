import CompanionDomain
import Testing

struct ToolPairingTests {
  private static func call(_ id: String) -> MessagePart {
    .toolCall(ToolCall(id: id, name: "look", arguments: "{}"))
  }

  private static func result(_ id: String, _ content: String = "ok") -> MessagePart {
    .toolResult(ToolResult(callID: id, outcome: .succeeded, content: content))
  }

  @Test func `a well-formed prompt comes out as it was`() {
    let messages = [
      PromptMessage(.system, "s"), PromptMessage(.user, "u"),
      PromptMessage(role: .assistant, parts: [.text("t"), Self.call("a"), Self.call("b")]),
      PromptMessage(role: .tool, parts: [Self.result("a")]),
      PromptMessage(role: .tool, parts: [Self.result("b")]),
      PromptMessage(.assistant, "done"),
    ]
    #expect(ToolPairing.repaired(messages) == messages)
  }

  /// Every sequence of up to six of these messages, 8⁶ at the longest.
  @Test func `any log comes out with exactly one result behind each call`() {
    let pieces: [PromptMessage] = [
      PromptMessage(.user, "u"),
      PromptMessage(.assistant, "t"),
      PromptMessage(role: .assistant, parts: [Self.call("a")]),
      PromptMessage(role: .assistant, parts: [Self.call("a"), Self.call("b"), Self.call("a")]),
      PromptMessage(role: .tool, parts: [Self.result("a")]),
      PromptMessage(role: .tool, parts: [Self.result("b"), Self.result("b", "again")]),
      PromptMessage(role: .user, parts: [Self.call("a"), Self.result("a")]),
      PromptMessage(role: .tool, parts: []),
    ]
    var violations = 0
    for length in 0...6 {
      var indices = [Int](repeating: 0, count: length)
      while true {
        let repaired = ToolPairing.repaired(indices.map { pieces[$0] })
        if !isWellFormed(repaired) || ToolPairing.repaired(repaired) != repaired { violations += 1 }
        var position = 0
        while position < length, indices[position] == pieces.count - 1 {
          indices[position] = 0
          position += 1
        }
        guard position < length else { break }
        indices[position] += 1
      }
    }
    #expect(violations == 0)
  }

  private func isWellFormed(_ messages: [PromptMessage]) -> Bool {
    var open: [String] = []
    for message in messages {
      if message.role == .tool {
        guard case .toolResult(let result)? = message.parts.first, message.parts.count == 1,
          open.first == result.callID
        else { return false }
        open.removeFirst()
        continue
      }
      guard open.isEmpty, !message.parts.isEmpty else { return false }
      for part in message.parts {
        if case .toolResult = part { return false }
        if case .toolCall(let call) = part {
          guard message.role == .assistant, !open.contains(call.id) else { return false }
          open.append(call.id)
        }
      }
    }
    return open.isEmpty
  }
}
