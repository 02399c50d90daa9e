import CompanionDomain
import Testing

struct ChatPromptTests {
  private func message(
    _ role: ChatMessage.Role, _ text: String, _ completion: ChatMessage.Completion = .complete
  ) -> ChatMessage {
    ChatMessage(
      sequence: .zero, turn: TurnID(bits: 0), role: role, parts: [.text(text)], time: .epoch,
      completion: completion, origin: .model)
  }

  @Test func `the persona comes first, and neighbours of one speaker become one`() {
    let prompt = ChatPrompt.messages(
      persona: "Be kind.",
      window: [
        message(.user, "a"), message(.user, "b"), message(.assistant, "c"), message(.assistant, "d"),
        message(.user, "e"),
      ])
    #expect(prompt.map(\.role) == [.system, .user, .assistant, .user])
    #expect(prompt.map(\.text) == ["Be kind.", "a\n\nb", "c\n\nd", "e"])
  }

  @Test func `an interrupted answer is marked`() {
    let prompt = ChatPrompt.messages(
      persona: "", window: [message(.assistant, "Once upon", .interrupted(.stopped))])
    #expect(prompt.map(\.text) == ["Once upon [interrupted here]"])
  }

  @Test func `a longer conversation keeps the prompt's beginning`() {
    let log = (1...30).map { message($0.isMultiple(of: 2) ? .assistant : .user, "\($0)") }
    let short = ChatPrompt.messages(persona: "p", window: log.prefix(29))
    let long = ChatPrompt.messages(persona: "p", window: log)
    #expect(Array(long.prefix(short.count)) == short)
  }
}
