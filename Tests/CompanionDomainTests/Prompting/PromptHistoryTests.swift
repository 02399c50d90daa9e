import Testing

@testable import CompanionDomain

struct PromptHistoryTests {
  private let measure = PromptMeasure(overhead: 4) { $0.utf8.count / 4 }

  private func history(_ messages: [ChatMessage], room: Int) -> PromptHistory {
    PromptHistory(messages, room: room, measure) { "[\($0) left out]" }
  }

  @Test func `all of it is sent where it fits, and otherwise some of what fits`() {
    let talk = PromptScene.talk(1...100)
    let total = history(talk, room: 1_000_000).units.reduce(0) { $0 + $1.tokens }
    #expect(history(talk, room: total).start == 0)
    for room in stride(from: 300, to: total, by: 97) {
      let history = history(talk, room: room)
      let kept = history.units[history.start...].reduce(0) { $0 + $1.tokens }
      #expect((room / 3 - 120...room).contains(kept), "\(room)")
      #expect(history.units[history.start].message.role == .user)
    }
    #expect(history(talk, room: 0).start == 100)
    #expect(history(talk, room: -5).start == 100)
  }

  @Test func `as the log grows, the start moves seldom and never back`() {
    var starts: [SequenceNumber] = []
    for count in stride(from: 40, through: 400, by: 2) {
      let history = history(PromptScene.talk(1...count), room: 2_500)
      starts.append(history.units[history.start].message.sequence)
    }
    #expect(starts == starts.sorted())
    // Some 47 messages fit, of which 31 make room at once.
    #expect(Set(starts).count <= 13)
  }

  @Test func `a call and its results are one unit`() {
    let history = history(
      [
        PromptScene.message(1, .user, "go"),
        PromptScene.message(
          2, .assistant,
          [
            .toolCall(ToolCall(id: "a", name: "x", arguments: "{}")),
            .toolCall(ToolCall(id: "b", name: "y", arguments: "{}")),
          ]),
        PromptScene.message(
          3, .tool, [.toolResult(ToolResult(callID: "b", outcome: .succeeded, content: "1"))]),
        PromptScene.message(4, .assistant, "done").erased(at: .epoch),
        PromptScene.message(5, .assistant, "ok"),
      ], room: 10_000)
    #expect(history.units.map(\.messages.count) == [1, 3, 1])
    #expect(history.units.map(\.message.sequence.rawValue) == [1, 2, 5])
  }

  @Test func `what is too long for the history is sent without its middle, which the report tells`() throws {
    let content = "BEGIN " + String(repeating: "a line of a log\n", count: 20_000) + "THE END"
    let arguments = "{\"text\":\"" + String(repeating: "word ", count: 20_000) + "\"}"
    var context = PromptContext(message: "and now?")
    context.history = [
      PromptScene.message(1, .user, "read it"),
      PromptScene.message(
        2, .assistant, [.toolCall(ToolCall(id: "1", name: "write", arguments: arguments))]),
      PromptScene.message(
        3, .tool, [.toolResult(ToolResult(callID: "1", outcome: .succeeded, content: content))]),
      PromptScene.message(4, .assistant, "I have read it."),
    ]
    let prompt = try PromptScene.compiled(context)
    #expect(prompt.tokens <= 8_000)
    let calls = prompt.messages.flatMap(\.parts)
    let result = try #require(
      calls.compactMap { if case .toolResult(let result) = $0 { result.content } else { nil } }.first)
    #expect(result.contains("\nBEGIN a line"))
    #expect(result.contains("\n[… "))
    #expect(result.contains("bytes are left out here …]\n"))
    #expect(result.contains("THE END\n</data-"))
    let call = try #require(
      calls.compactMap { if case .toolCall(let call) = $0 { call.arguments } else { nil } }.first)
    #expect(call.hasPrefix("{\"shortened\":\"{\\\"text\\\":"))
    #expect(call.hasSuffix("\"}"))
    let section = try #require(prompt.report["history"])
    #expect(section.cut?.items.isEmpty == true)
    #expect(section.cut?.shortened == [1])
    #expect(section.fullTokens > section.tokens)
    #expect("\(section)".contains("3 of 3 items, 1 of them in part"))
    #expect(prompt.unsummarized.isEmpty)
  }

  @Test func `a summary is asked for before anything is cut, and taken when the history has no room`() throws
  {
    var context = PromptContext(message: "hi")
    var (asked, cut): (Int?, Int?)
    var count = 2
    while cut == nil, count < 300 {
      context.history = PromptScene.talk(1...count)
      let prompt = try PromptScene.compiled(context, limit: 4_000)
      if asked == nil, prompt.summaryDue != nil { asked = count }
      if !prompt.unsummarized.isEmpty { cut = count }
      count += 2
    }
    let (first, last) = (try #require(asked), try #require(cut))
    #expect(first + 4 <= last)

    context.history = PromptScene.talk(1...first)
    let before = try PromptScene.compiled(context, limit: 4_000)
    let due = try #require(before.summaryDue)
    let material = try #require(
      SummaryMaterial(previous: nil, messages: context.history.filter { $0.sequence <= due }))
    context.summary = material.summary(answer: "They talked.")
    // Not yet: the beginning stays as it is.
    let standingBy = try PromptScene.compiled(context, limit: 4_000)
    #expect(standingBy.messages == before.messages)
    #expect(standingBy.summaryDue == nil)
    context.history = PromptScene.talk(1...last)
    let after = try PromptScene.compiled(context, limit: 4_000)
    #expect(after.unsummarized.isEmpty)
    #expect(after.messages[0].text.contains("They talked."))
    #expect(after.messages[1].text.hasPrefix("\(due.rawValue + 1): "))
    // A window that does not reach back to the earlier one has no gap.
    context.history = PromptScene.talk(5...first)
    #expect(try PromptScene.compiled(context, limit: 4_000).messages[0].text.contains("They talked."))
  }

  @Test func `however much room there is, a summary is asked for when there are many messages`() throws {
    func due(_ count: Int) throws -> SequenceNumber? {
      var context = PromptContext(message: "hi")
      context.history = PromptScene.talk(1...count)
      return try PromptScene.compiled(context, limit: 1_000_000).summaryDue
    }
    #expect(try due(64) == nil)
    #expect(try due(66)?.rawValue == 60)
    #expect(try due(100)?.rawValue == 60)
  }

  @Test func `what is cut is covered by beginnings, and its corrections stay word for word`() throws {
    var context = PromptContext(message: "hi")
    context.history = PromptScene.talk(1...60, words: 60)
    let correction = "No, my sister is called Mio, not Mia."
    context.history[4] = PromptScene.message(5, .user, "Hm. \(correction) And so on.")
    context.summary = ConversationSummary(text: "They met.", through: SequenceNumber(rawValue: 3))
    let prompt = try PromptScene.compiled(context, limit: 4_000)
    let history = try #require(prompt.report["history"])
    let cut = try #require(history.cut)
    #expect(cut.items.lowerBound == 0)
    // The places are those of what no summary covers, from message 4 on.
    let first = 4 + cut.items.count
    #expect(prompt.unsummarized.map(\.rawValue) == Array(4..<Int64(first)))
    let system = try #require(prompt.messages.first).text
    #expect(system.contains("- [person] \(correction)"))
    #expect(system.contains("They met."))
    #expect(system.contains("] \(first - 1): word0"))
    #expect(prompt.messages[1].text.hasPrefix("\(first): "))
  }
}
