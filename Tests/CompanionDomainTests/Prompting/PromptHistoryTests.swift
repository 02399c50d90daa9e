import Testing

@testable import CompanionDomain

struct PromptHistoryTests {
  private let measure = PromptMeasure(overhead: 4) { $0.utf8.count / 4 }

  @Test func `all of it is sent where it fits, and otherwise between a quarter and all of what fits`() {
    let history = PromptHistory(PromptScene.talk(1...100), measure)
    let total = history.units.reduce(0) { $0 + $1.tokens }
    #expect(history.start(within: total) == 0)
    for room in stride(from: 200, to: total, by: 97) {
      let kept = history.units[history.start(within: room)...].reduce(0) { $0 + $1.tokens }
      #expect((room / 4...room).contains(kept))
    }
    #expect(history.start(within: 0) == 100)
    #expect(history.start(within: -5) == 100)
  }

  @Test func `as the log grows, the start moves seldom and never back`() {
    var starts: [SequenceNumber] = []
    for count in stride(from: 40, through: 400, by: 2) {
      let history = PromptHistory(PromptScene.talk(1...count), measure)
      starts.append(history.units[history.start(within: 2_500)].message.sequence)
    }
    #expect(starts == starts.sorted())
    // Some 47 messages fit.
    #expect(Set(starts).count <= 14)
  }

  @Test func `a call and its results are one unit`() {
    let history = PromptHistory(
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
      ], measure)
    #expect(history.units.map(\.messages.count) == [1, 3, 1])
    #expect(history.units.map(\.message.sequence.rawValue) == [1, 2, 5])
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
    #expect(prompt.unsummarized.map(\.rawValue) == Array(4...Int64(cut.items.count)))
    let system = try #require(prompt.messages.first).text
    #expect(system.contains("- [person] \(correction)"))
    #expect(system.contains("They met."))
    #expect(system.contains("] \(cut.items.count): word0"))
    #expect(prompt.messages[1].text.hasPrefix("\(cut.items.count + 1): "))
  }
}
