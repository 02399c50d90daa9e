import CompanionDomain
import Testing

struct ConversationTests {
  private let now = Timestamp(nanosecondsSinceEpoch: 1_000)
  private let turn = TurnID(bits: 1)

  private func conversation(_ messages: Int, policy: HistoryPolicy = .standard) -> Conversation {
    var session = ChatSession(id: SessionID(bits: 7), createdAt: now)
    session.lastSequence = SequenceNumber(rawValue: Int64(messages))
    let log = messages == 0 ? [] : (1...messages).map { plain($0) }
    return Conversation(session: session, newest: log, policy: policy)
  }

  private func plain(_ number: Int) -> ChatMessage {
    ChatMessage(
      sequence: SequenceNumber(rawValue: Int64(number)), turn: turn,
      role: number.isMultiple(of: 2) ? .assistant : .user, parts: [.text("\(number)")], time: now,
      origin: number.isMultiple(of: 2) ? .model : .person)
  }

  private func taking(_ messages: [ChatMessage], into conversation: inout Conversation) -> Bool {
    conversation.take(messages)
  }

  @Test func `the hundred-and-first message trims the hot ones to eighty`() {
    var conversation = conversation(0)
    for number in 1...100 {
      #expect(taking([plain(number)], into: &conversation))
      #expect(conversation.hot.count == number)
    }
    #expect(taking([plain(101)], into: &conversation))
    #expect(conversation.hot.count == 80)
    #expect(conversation.hot.first?.sequence.rawValue == 22)
    #expect(conversation.hot.last?.sequence.rawValue == 101)
  }

  @Test func `what does not continue the log is not taken in`() {
    var conversation = conversation(5)
    #expect(!taking([plain(5)], into: &conversation))
    #expect(!taking([plain(7)], into: &conversation))
    #expect(!taking([plain(6), plain(8)], into: &conversation))
    #expect(conversation.hot.count == 5)
    #expect(taking([], into: &conversation))
    #expect(taking([plain(6), plain(7)], into: &conversation))
    #expect(conversation.lastSequence.rawValue == 7)
  }

  @Test func `loaded messages with a gap count only behind the gap`() {
    var session = ChatSession(id: SessionID(bits: 7), createdAt: now)
    session.lastSequence = SequenceNumber(rawValue: 5)
    let loaded = Conversation(session: session, newest: [plain(1), plain(2), plain(4), plain(5)])
    #expect(loaded.hot.map(\.sequence.rawValue) == [4, 5])
  }

  @Test func `a delivered draft becomes an interrupted message`() {
    let draft = AnswerDraft(turn: turn, startedAt: now, text: "It is")
    let repairs = conversation(3).repairs(draft: draft, at: now)
    #expect(repairs.map(\.text) == ["It is"])
    #expect(repairs.map(\.completion) == [.interrupted(.crashed)])
    #expect(repairs.map(\.sequence.rawValue) == [4])
    // It may repeat what the companion was reminded of.
    #expect(repairs.map(\.isReminded) == [true])
    #expect(conversation(3).repairs(draft: nil, at: now).isEmpty)
    let empty = AnswerDraft(turn: turn, startedAt: now, text: "")
    #expect(conversation(3).repairs(draft: empty, at: now).isEmpty)
  }

  @Test func `an open call gets its result before the draft, and a repaired log needs nothing more`() {
    var conversation = conversation(1)
    let calls = ["a", "b"].map { ToolCall(id: $0, name: "look", arguments: "{}") }
    let calling = conversation.message(
      .assistant, calls.map { .toolCall($0) }, turn: turn, origin: .model, at: now)
    let answered = conversation.message(
      .tool, [.toolResult(ToolResult(callID: "a", outcome: .succeeded, content: "1"))], turn: turn,
      origin: .model, at: now, offset: 1)
    #expect(taking([calling, answered], into: &conversation))
    let repairs = conversation.repairs(
      draft: AnswerDraft(turn: turn, startedAt: now, text: "so"), at: now)
    #expect(repairs.map(\.role) == [.tool, .assistant])
    #expect(repairs.first?.toolResults.map(\.callID) == ["b"])
    #expect(repairs.first?.toolResults.map(\.outcome) == [.interrupted])
    #expect(repairs.map(\.sequence.rawValue) == [4, 5])
    #expect(taking(repairs, into: &conversation))
    #expect(conversation.repairs(draft: nil, at: now).isEmpty)
  }

  @Test func `an interrupted answer closes its calls in the same append`() {
    let call = ToolCall(id: "c", name: "look", arguments: "{")
    let messages = conversation(1).answer(
      [.text("I look"), .toolCall(call)], turn: turn, completion: .interrupted(.stopped), at: now)
    #expect(messages.map(\.role) == [.assistant, .tool])
    #expect(messages.last?.toolResults.first?.callID == "c")
    #expect(messages.map(\.sequence.rawValue) == [2, 3])
  }

  @Test func `only a person's message at the end is unanswered`() {
    #expect(conversation(0).unanswered == nil)
    #expect(conversation(1).unanswered?.sequence.rawValue == 1)
    #expect(conversation(2).unanswered == nil)
  }
}

struct HistoryPolicyTests {
  @Test func `a policy always keeps what it sends`() {
    #expect(HistoryPolicy(hot: 100, trimmed: 80, sent: 20) == .standard)
    #expect(HistoryPolicy(hot: 100, trimmed: 101, sent: 20) == nil)
    #expect(HistoryPolicy(hot: 100, trimmed: 39, sent: 20) == nil)
    #expect(HistoryPolicy(hot: 100, trimmed: 80, sent: 0) == nil)
    #expect(HistoryPolicy(hot: .max, trimmed: .max, sent: .max) == nil)
    #expect(HistoryPolicy(hot: 2, trimmed: 2, sent: 1) != nil)
  }
}

struct UserTextTests {
  @Test func `a message is taken as it is`() throws {
    #expect(try UserText("  Grüße, 京都 \n").string == "  Grüße, 京都 \n")
    #expect(try UserText(String(repeating: "a", count: 262_144)).string.count == 262_144)
  }

  @Test(arguments: [
    ("", MessageRefusal.empty), (" \n\t　", .empty), ("a\0b", .containsNUL),
    (String(repeating: "é", count: 131_073), .tooLong(bytes: 262_146, limit: 262_144)),
  ])
  func `what cannot be taken is refused with its reason`(text: String, refusal: MessageRefusal) {
    #expect(throws: refusal) { try UserText(text) }
  }
}
