import Testing

@testable import CompanionDomain

struct PromptStabilityTests {
  private static let persona = String(
    repeating: "You are Mio, a careful companion who answers briefly and warmly. ", count: 20)
  private static let tools = (1...6).map { place in
    ToolDescription(
      name: "tool_\(place)",
      summary: "Reads, lists, searches or writes files of the workspace, number \(place).",
      parameters: ["type": "object", "properties": ["path": ["type": "string", "description": "where"]]])
  }

  /// What stands before the volatile block, as bytes, without the newest messages.
  private func beginning(_ prompt: CompiledPrompt, without new: Int = 0) -> [UInt8] {
    let tools = prompt.tools.map { $0.name + $0.summary + $0.parameters.plainText }
    let messages = prompt.messages.dropLast(1 + new).map { message in
      message.role.rawValue + "\n" + "\(message.parts)"
    }
    return Array((tools + messages).joined(separator: "\n").utf8)
  }

  /// The part of the bytes before the end of the history that stays the same from turn to turn, over a conversation.
  private func identicalPart(turns: Int, limit: Int, words: Int, policy: HistoryPolicy) throws -> Double {
    var random = SplitMix64(seed: 7)
    var log: [ChatMessage] = []
    var last: [UInt8] = []
    var summary: ConversationSummary?
    var (bytes, identical) = (0, 0)
    func say(_ role: ChatMessage.Role) {
      let count = Int.random(in: words / 2...words * 3 / 2, using: &random)
      let text = (0..<count).map { _ in "word\(Int.random(in: 0...99, using: &random))" }
      log.append(PromptScene.message(log.count + 1, role, text.joined(separator: " ")))
    }
    for turn in 0..<turns {
      let anchor = policy.anchor(last: SequenceNumber(rawValue: Int64(log.count)))
      if let material = SummaryMaterial(previous: summary, messages: log.filter { $0.sequence < anchor }) {
        summary = material.summary(answer: "So far they have said \(anchor.rawValue) words.")
      }
      var context = PromptContext(persona: Self.persona, message: "question \(turn)", tools: Self.tools)
      context.summary = summary
      context.history = log.filter { $0.sequence >= anchor }
      context.time = Timestamp(nanosecondsSinceEpoch: Int64(turn) * 60_000_000_000)
      context.recalled = (0..<Int.random(in: 0...5, using: &random)).map {
        PromptExcerpt(source: "memory \($0)", text: SeededTexts.text(30, &random))
      }
      context.tasks = turn.isMultiple(of: 3) ? [] : [PromptExcerpt(source: "task", text: "\(turn) % done")]
      context.files =
        turn.isMultiple(of: 4) ? [PromptExcerpt(source: "f", text: SeededTexts.text(300, &random))] : []
      if turn.isMultiple(of: 11) { context.failure = PromptFailure("timeout \(turn)", retries: 1) }
      let prompt = try PromptScene.compiled(context, limit: limit)
      #expect(prompt.tokens <= limit)
      let now = beginning(prompt)
      if !last.isEmpty {
        // Of what was sent before as well, what stands at the same place behind the same beginning.
        let known = beginning(prompt, without: 2)
        bytes += known.count
        identical += zip(last, known).prefix { $0 == $1 }.count
      }
      last = now
      say(.user)
      say(.assistant)
    }
    return Double(identical) / Double(bytes)
  }

  @Test func `over 200 turns, 95 of 100 bytes before the history's end stay the same`() throws {
    let part = try identicalPart(turns: 200, limit: 8_000, words: 30, policy: .standard)
    print("prefix_identical, a history that fits: \(part)")
    #expect(part >= 0.95)
  }

  @Test func `so they do where the history does not fit`() throws {
    let policy = try #require(HistoryPolicy(hot: 500, trimmed: 400, sent: 150))
    let part = try identicalPart(turns: 200, limit: 8_000, words: 30, policy: policy)
    print("prefix_identical, a history that does not fit: \(part)")
    #expect(part >= 0.95)
  }
}
