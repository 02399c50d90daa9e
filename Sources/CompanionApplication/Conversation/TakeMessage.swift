package import CompanionDomain
import CompanionPorts

/// A message that comes, with what holds for its turn.
package struct IncomingMessage: Sendable {
  var text: UserText
  var speaker: UserID?
  var options: TurnOptions
  /// What is known from now on, before anybody asks what the message means.
  var update: ContextUpdate?

  package init(
    _ text: UserText, from speaker: UserID? = nil, options: TurnOptions = TurnOptions(),
    update: ContextUpdate? = nil
  ) {
    self.text = text
    self.speaker = speaker
    self.options = options
    self.update = update
  }
}

/// Stores a person's message, together with what is to be known from then on, if the conversation takes it.
struct TakeMessage: Sendable {
  let environment: Environment
  let log: SessionLog
  let context: EventContext

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// - Parameters:
  ///   - details: what was known of the conversation the last time; `nil` for nothing yet. It is brought up to date.
  ///   - message: the message in the conversation as it is.
  /// - Returns: the message as it is stored.
  /// - Throws: `ChatFailure`; nothing is stored then, unless the store does not know.
  func callAsFunction(
    _ update: ContextUpdate?, in conversation: inout Conversation,
    _ details: inout Versioned<SessionDetails>?,
    _ message: (Conversation) -> ChatMessage
  ) async throws(ChatFailure) -> ChatMessage? {
    let session = log.session
    for _ in 1...Self.attempts {
      let known: Versioned<SessionDetails>
      if let details {
        known = details
      } else {
        known = try await SessionStates(environment).details(of: session)
      }
      let isKnownForLong = details != nil
      details = known
      do throws(ChatFailure) {
        try await check(known.value, conversation)
      } catch {
        guard isKnownForLong else { throw error }
        // It may have been opened again since, or its limits changed.
        details = nil
        continue
      }
      var changes = [ChangeSet.Change.expectState(.details(of: session), version: known.version)]
      var version: Int64?
      if let update {
        let next = try await SessionStates(environment).applying(update, in: session)
        changes.append(next.change)
        version = next.context.version
      }
      do throws(StoreFailure) {
        let stored = try await log.append(to: &conversation, with: changes) { [message($0)] }.messages
        if let version { environment.events.emit(.contextUpdated(version: version), in: context) }
        return stored.first
      } catch {
        guard error == .conflict(.stateMoved) else { throw ChatFailure(error, in: session) }
        details = nil
      }
    }
    throw .store(.conflict(.stateMoved))
  }

  /// Finds out whether the conversation takes one more message.
  private func check(_ details: SessionDetails, _ conversation: Conversation) async throws(ChatFailure) {
    let session = log.session
    if let closing = details.closing { throw .sessionClosed(session, reason: closing.reason) }
    if let limit = details.limits.messages, conversation.lastSequence.rawValue >= Int64(limit) {
      throw .limitReached(session, .messages(limit))
    }
    guard let limit = details.limits.tokens else { return }
    do throws(StoreFailure) {
      let usage = try await SessionTotals(environment: environment)(of: session).usage?.counted
      guard let usage, usage.input.saturatingSum(usage.output) >= limit else { return }
    } catch {
      throw .store(error)
    }
    throw .limitReached(session, .tokens(limit))
  }
}
