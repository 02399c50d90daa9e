package import CompanionDomain
import CompanionPorts

/// What a model has made of a message, as it is kept with the conversation.
package struct UnderstoodMessage: Hashable, Sendable, Codable {
  /// The message's turn.
  package var turn: TurnID
  /// What was done to the message until then: what has got other words since is to be understood anew.
  package var change: ChatMessage.Change?
  /// What it asks for; `nil` where nothing is kept yet.
  package var intent: Intent?

  init(_ message: ChatMessage, _ intent: Intent?) {
    turn = message.turn
    change = message.change
    self.intent = intent
  }

  /// What a message asks for; `nil` where this is about another one, or about other words.
  func intent(of message: ChatMessage) -> Intent? {
    message.turn == turn && message.change == change ? intent : nil
  }
}

/// Keeps what a model has made of a conversation's newest message, so that whoever answers it later, in whichever
/// process, does not ask a model again.
struct KeepUnderstanding: Sendable {
  let environment: Environment
  let context: EventContext
  let session: SessionID

  private var key: StateKey { StateKey(.session(session), .understood) }
  private var store: any CompanionStore { environment.store }

  /// Each conflict means that something of the conversation was forgotten just now, or that somebody else keeps the same.
  private static let attempts = 3

  /// What is kept of a message; `nil` for nothing.
  func intent(of message: ChatMessage) async throws(StoreFailure) -> Intent? {
    guard let kept = try await store.state(key) else { return nil }
    // What another version of the library has kept is as good as nothing.
    return (try? Versioned<UnderstoodMessage>(kept))?.value.intent(of: message)
  }

  /// Keeps it in the place of what was kept before. Where the store fails, an event tells of it, and the message is
  /// answered all the same.
  func callAsFunction(_ intent: Intent, of message: ChatMessage) async {
    do throws(StoreFailure) {
      for _ in 1...Self.attempts {
        do throws(StoreFailure) {
          return try await keep(intent, of: message)
        } catch {
          guard error == .conflict(.stateMoved) else { throw error }
        }
      }
      throw StoreFailure.conflict(.stateMoved)
    } catch {
      environment.events.emit(.serviceFailed("intent", error), in: context)
    }
  }

  private func keep(_ intent: Intent, of message: ChatMessage) async throws(StoreFailure) {
    var version = try await store.state(key)?.version ?? 0
    if version == 0 {
      // Whoever forgets something of the conversation from now on takes this away, and the intent finds it gone.
      try await put(nil, of: message, after: version)
      version = 1
    }
    // What was forgotten before has no words any more.
    let stored = try await store.messages(in: session, before: message.sequence.next, limit: 1).last
    guard let stored, stored.sequence == message.sequence, stored.change == message.change else { return }
    try await put(intent, of: message, after: version)
  }

  private func put(
    _ intent: Intent?, of message: ChatMessage, after version: Int64
  ) async throws(StoreFailure) {
    let understood = UnderstoodMessage(message, intent)
    try await store.commit(
      try Versioned(value: understood, version: version)
        .putting(understood, as: key, at: environment.time.now))
  }
}
