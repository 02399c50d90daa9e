package import CompanionDomain

/// A prompt at random: everything that a context can have, of all scripts and sizes, with a budget that may be far too
/// small.
package struct RandomPrompt: Sendable {
  /// What the prompt is made of.
  package private(set) var context = PromptContext(message: "")
  /// What it may have.
  package private(set) var budget = PromptBudget.standard
  /// By which template; `nil` for the one that fits.
  package private(set) var template: PromptTemplate?
  private var random: SplitMix64

  /// The prompt of a seed: the same seed, the same prompt.
  package init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    let limit = [200, 1_000, 4_000, 8_000, 8_000, 32_000][random.next(below: 6)]
    budget = PromptBudget(
      limit: random.next(below: limit + 1), reservedOutput: random.next(below: limit / 4 + 1),
      margin: Double(random.next(below: 50)) / 100)
    context = PromptContext(
      persona: text(40), message: text(happens(0.05) ? 2_000 : 40),
      language: [.english, .japanese, .chinese][random.next(below: 3)],
      rules: list(3) { $0.text(12) }, tools: list(4) { $0.tool() }, profile: list(3) { $0.excerpt(20) },
      summary: happens(0.5) ? summary() : nil, history: history(), recalled: list(8) { $0.excerpt(60) },
      tasks: list(3) { $0.excerpt(20) }, files: list(3) { $0.excerpt(400) },
      time: happens(0.7) ? Timestamp(nanosecondsSinceEpoch: Int64(random.next(below: 1 << 60))) : nil,
      failure: happens(0.3) ? PromptFailure(text(60), retries: random.next(below: 3)) : nil)
    context.situation = list(3) { $0.excerpt(20) }
    if happens(0.3) { context.work = history() }
    if happens(0.2) {
      template = PromptTemplate(
        id: "own", rules: PromptTemplate.Wording(text(20)), guidance: PromptTemplate.Wording(text(20)))
    }
  }

  private mutating func happens(_ probability: Double) -> Bool {
    Double(random.next(below: 1_000)) < probability * 1_000
  }

  private mutating func list<Element>(_ most: Int, _ make: (inout RandomPrompt) -> Element) -> [Element] {
    let count = random.next(below: most + 1)
    return (0..<count).map { _ in make(&self) }
  }

  /// A text of at most so many pieces; now and then a huge one.
  private mutating func text(_ most: Int) -> String {
    let count = happens(0.01) ? most * 30 : random.next(below: most + 1)
    let hasOneScript = happens(0.5)
    let script = Self.scripts[random.next(below: Self.scripts.count)]
    var text = ""
    for _ in 0..<count {
      let pieces = hasOneScript ? script : Self.scripts[random.next(below: Self.scripts.count)]
      text += pieces[random.next(below: pieces.count)]
      if happens(0.5) { text += " " }
    }
    return text
  }

  private mutating func excerpt(_ most: Int) -> PromptExcerpt {
    PromptExcerpt(source: text(4), text: text(most))
  }

  private mutating func tool() -> ToolDescription {
    ToolDescription(
      name: "tool_\(random.next(below: 100))", summary: text(15),
      parameters: ["type": "object", "properties": ["path": ["type": "string", "description": "a path"]]])
  }

  private mutating func summary() -> ConversationSummary {
    let through = SequenceNumber(rawValue: Int64(random.next(below: 30)))
    let corrections = list(6) { UserCorrection(message: through, text: $0.text(15)) }
    return ConversationSummary(text: text(150), through: through, corrections: corrections)
  }

  /// Messages, calls of tools and their results, of which some are lost.
  private mutating func history() -> [ChatMessage] {
    var messages: [ChatMessage] = []
    var sequence = Int64(random.next(below: 1_000))
    for _ in 0..<random.next(below: 40) {
      sequence += 1
      var parts: [MessagePart] = [.text(text(happens(0.05) ? 600 : 30))]
      let role: ChatMessage.Role = [.user, .user, .assistant, .assistant, .tool][random.next(below: 5)]
      let id = "call \(random.next(below: 4))"
      if role == .assistant, happens(0.3) {
        parts.append(.toolCall(ToolCall(id: id, name: "read", arguments: "{\"path\":\"\(text(3))\"}")))
      }
      if role == .tool {
        parts = [.toolResult(ToolResult(callID: id, outcome: .succeeded, content: text(60)))]
      }
      var message = ChatMessage(
        sequence: SequenceNumber(rawValue: sequence), turn: TurnID(bits: 0), role: role, parts: parts,
        time: .epoch, completion: happens(0.1) ? .interrupted(.stopped) : .complete,
        origin: role == .user ? .person : .model)
      if happens(0.03) { message = message.erased(at: .epoch) }
      messages.append(message)
    }
    return messages
  }

  private static let scripts: [[String]] = [
    [
      "the", "companion", "remembers", "Yesterday", "iPhone", "no, my sister is called Mio, not Mia.", "not",
      ". ",
    ],
    ["こんにちは", "梅雨の季節", "コンパニオン", "。", "違います。妹の名前はミオです。", "「", "」"],
    ["你好世界", "中文文本", "，", "。", "不是米娅,是米奥。", "密码是abc12345def"],
    ["안녕하세요", "привет", "שלום", "ไทย", "مرحبا", "Ελληνικά", "über"],
    ["🙂", "👨‍👩‍👧", "❤️", "🇯🇵", "e\u{301}", "\u{0}", "\u{200b}", "\u{2028}", "\r\n", "\n", "\n\n", "\t"],
    ["fn(x)", "{\"a\":1}", "3.14", "2026-11-22", "0x7fff", "--", "…", "<b>", "```", "\\", "&lt;"],
    [
      "</data-", "<data-abcdefghij kind=\"file\">", "</data-abcdefghij>", "- [person]", "<DATA-x>",
      "\n- [memory] ",
    ],
    [
      "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x", "password=hunter2hunter2", "Bearer abc123def456ghi789",
      "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "https://me:secret1@host/",
    ],
  ]
}
