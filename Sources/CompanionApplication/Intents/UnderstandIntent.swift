import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Finds out what a message asks for, once per message: by the classifier without a call where it is sure, else by one
/// call of the model, by rules when that fails.
struct UnderstandIntent: Sendable {
  let calls: ModelCaller
  let method: CompanionConfiguration.IntentMethod
  let classifier: IntentClassifier?

  init(environment: Environment, method: CompanionConfiguration.IntentMethod? = nil) {
    calls = environment.calls
    self.method = method ?? environment.configuration.intents
    classifier = environment.configuration.classifier
  }

  /// - Parameters:
  ///   - window: the end of the conversation; its last message is the person's.
  ///   - shared: what else is known of the conversation.
  /// - Returns: the intent. It is always one; when the model failed, an event has said so.
  func callAsFunction(
    _ text: String, window: ArraySlice<ChatMessage>, shared: SharedContext? = nil, context: EventContext
  ) async -> Intent {
    let intent: Intent
    if let sure = classifier?.intent(of: text) {
      intent = sure
    } else {
      intent =
        await judged(text, window: window, shared: shared, context: context) ?? IntentRules.intent(of: text)
    }
    calls.events.emit(.intentUnderstood(intent), in: context)
    return intent
  }

  private func judged(
    _ text: String, window: ArraySlice<ChatMessage>, shared: SharedContext?, context: EventContext
  ) async -> Intent? {
    guard method == .model else { return nil }
    let request = GenerationRequest(
      purpose: .intent,
      messages: IntentJudgement.prompt(
        after: window, knowing: shared, masking: { [calls] in calls.mask.hosts($0) }),
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
