import CompanionDomain
import CompanionPorts

/// The summary of what was said in a conversation before what its prompts have.
struct ConversationSummaries: Sendable {
  let environment: Environment

  /// The summary that a prompt has; `nil` where there is none, or where it cannot be read, which an event tells.
  func summary(of conversation: Conversation, _ event: EventContext) async -> ConversationSummary? {
    do throws(StoreFailure) {
      let stored: Versioned<ConversationSummary>? = try await environment.store.value(
        .summary(of: conversation.id))
      return stored?.value
    } catch {
      // Without its summary the conversation is still one.
      environment.events.emit(.serviceFailed("summary", error), in: event)
      return nil
    }
  }
}

/// Takes the summary of a conversation back when what it is made from changes.
struct BlankSummary: Sendable {
  let environment: Environment

  /// - Parameter sequence: the message that changes.
  /// - Returns: what is to be committed with the change.
  func change(
    for sequence: SequenceNumber, in session: SessionID
  ) async throws(StoreFailure) -> ChangeSet.Change {
    let key = StateKey.summary(of: session)
    let known: Versioned<ConversationSummary>? = try await environment.store.value(key)
    // Where the summary does not have the message, one that is on its way may: it finds that this one has moved.
    guard let known else { return .expectState(key, version: 0) }
    return try known.putting(
      sequence <= known.value.through ? .blank : known.value, as: key, at: environment.time.now)
  }
}
