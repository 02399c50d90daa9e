import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Finds out what a message asks for: once per message, by one call of the model, by rules when it fails.
struct UnderstandIntent: Sendable {
  let calls: ModelCaller
  let method: CompanionConfiguration.IntentMethod

  /// - Parameter window: the end of the conversation; its last message is the person's.
  /// - Returns: the intent. It is always one; when the model failed, an event has said so.
  func callAsFunction(
    _ text: String, window: ArraySlice<ChatMessage>, context: EventContext
  ) async -> Intent {
    let intent = await judged(text, window: window, context: context) ?? IntentRules.intent(of: text)
    calls.events.emit(.intentUnderstood(intent), in: context)
    return intent
  }

  private func judged(
    _ text: String, window: ArraySlice<ChatMessage>, context: EventContext
  ) async -> Intent? {
    guard method == .model else { return nil }
    let request = GenerationRequest(
      purpose: .intent,
      messages: ChatPrompt.messages(
        persona: IntentJudgement.instructions, window: window.suffix(IntentJudgement.historyLength)),
      format: .json(schema: IntentJudgement.schema, name: "intent"),
      temperature: 0,
      maximumOutputTokens: 300)
    do {
      let response = try await calls.generate(request, context: context)
      let answer = JSONValue(json: Data(response.text.utf8))
      if let intent = answer.flatMap({ IntentJudgement.intent(from: $0, message: text) }) { return intent }
      calls.events.emit(.intentFellBack(nil), in: context)
    } catch {
      calls.events.emit(.intentFellBack(error), in: context)
    }
    return nil
  }
}
