import CompanionDomain
import CompanionPorts

extension ChatTurn {
  var keepUnderstanding: KeepUnderstanding {
    KeepUnderstanding(environment: environment, context: context, session: log.session)
  }

  /// What the message asks for. It is found out once: by whoever answers the message first, unless no model could say.
  func intent(
    of message: ChatMessage, in conversation: Conversation, _ memory: inout TurnMemory
  ) async -> Intent {
    if let understood = memory.understood?.intent(of: message) { return understood }
    // What came behind it, such as the result of a task, is not what is to be understood.
    let window = conversation.hot.prefix { $0.sequence <= message.sequence }
    let intent = await understand(message.text, window: window)
    memory.understood = UnderstoodMessage(message, intent)
    // Whoever has it all from rules or a classifier finds it again without a call.
    if intent.method == .model {
      await Unstructured.shielded { [keepUnderstanding] in await keepUnderstanding(intent, of: message) }
    }
    return intent
  }

  /// The intent; by rules at once when the reply is interrupted meanwhile.
  private func understand(_ text: String, window: ArraySlice<ChatMessage>) async -> Intent {
    let understand = UnderstandIntent(
      environment: environment, method: reply.settlement == nil ? nil : .rules)
    // What surrounds a message helps to understand it; without it, it is understood from what was said.
    let shared = try? await SessionStates(environment).context(of: log.session).value
    return await withTaskGroup(of: Intent?.self) { group in
      group.addTask { await understand(text, window: window, shared: shared, context: context) }
      group.addTask {
        _ = await reply.settled()
        return nil
      }
      while let finished = await group.next() {
        group.cancelAll()
        if let intent = finished { return intent }
      }
      return IntentRules.intent(of: text)
    }
  }
}
