import CompanionDomain
import CompanionPorts
import CompanionProviders
import Testing

struct OfflineSummaryTests {
  private func summary(
    of said: [String], after previous: String? = nil, limit: Int = 500
  ) async throws -> String {
    let messages = said.enumerated().map { place, text in
      ChatMessage(
        sequence: SequenceNumber(rawValue: Int64(place + 1)), turn: TurnID(bits: 1),
        role: text.hasPrefix("companion:") ? .assistant : .user, parts: [.text(text)],
        time: Timestamp(nanosecondsSinceEpoch: 0), origin: .person)
    }
    let material = try #require(
      SummaryMaterial(
        previous: previous.map { ConversationSummary(text: $0, through: .zero) }, messages: messages))
    let request = GenerationRequest(purpose: .summary, messages: material.prompt(limit: limit))
    return try await OfflineModel().generate(request).text
  }

  @Test func `people's sentences are picked, in order, without small talk and questions`() async throws {
    let text = try await summary(
      of: [
        "Hello!", "I live in Kyoto. Thanks!", "companion: You live in Kyoto, how nice.",
        "When do roses bloom?", "私は京都に住んでいます。", "我喜欢喝绿茶。",
      ], after: "My sister is called Yui.")
    #expect(text == "My sister is called Yui.\nI live in Kyoto.\n私は京都に住んでいます。\n我喜欢喝绿茶。")
  }

  @Test func `it has no more tokens than asked for, and what people say of themselves stays longest`()
    async throws
  {
    let talk = (1...200).map { "The train number \($0) was late again this morning." }
    let text = try await summary(of: ["I am allergic to peanuts."] + talk, limit: 60)
    #expect(text.hasPrefix("I am allergic to peanuts.\n"))
    #expect(TokenEstimator().tokens(in: text) <= 60)
    #expect(try await summary(of: ["I am allergic to peanuts."] + talk, limit: 60) == text)
  }

  @Test(arguments: [["Hello!"], ["👍"], ["Where is it?"], [String(repeating: "x", count: 5000)], [""]])
  func `there is always one, and never an instruction`(said: [String]) async throws {
    #expect(try await !summary(of: said).isEmpty)
    #expect(try await !summary(of: said, limit: 1).isEmpty)
  }
}
