import CompanionDomain
import CompanionTesting
import Testing

/// What is measured: of the bytes of a prompt up to the end of its history (tools, then messages in order), the part with
/// which the prompt of the next turn begins; the mean over all turns.
struct PromptStabilityTests {
  private func figures(_ conversation: PromptConversation) throws -> PromptConversation.Figures {
    let estimator = TokenEstimator()
    let figures = try conversation.run { estimator.tokens(in: $0) }
    #expect(figures.shares.count == conversation.turns - 1)
    #expect(figures.mostTokens <= conversation.budget.available)
    return figures
  }

  @Test func `over 200 turns, 95 of 100 bytes up to the history's end stay the same from turn to turn`()
    throws
  {
    let figures = try figures(PromptConversation())
    #expect(figures.mean >= 0.95, "mean \(figures.mean), minimum \(figures.minimum)")
    // Tools, persona, rules and profile stay whatever moves.
    #expect(figures.minimum >= 0.2, "mean \(figures.mean), minimum \(figures.minimum)")
    // Each summary changes the beginning once, and nothing else does; the last one may still stand by.
    #expect((figures.summaries - 1...figures.summaries).contains(figures.moves))
    #expect(figures.summaries >= 5)
  }

  @Test func `so they do where no summary is ever made, and the history does not fit`() throws {
    var conversation = PromptConversation()
    conversation.isSummarized = false
    conversation.turns = 120
    let figures = try figures(conversation)
    #expect(figures.mean >= 0.95, "mean \(figures.mean), minimum \(figures.minimum)")
    #expect(figures.moves >= 3)
  }
}
