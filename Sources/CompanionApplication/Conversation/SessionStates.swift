package import CompanionDomain
package import CompanionPorts

/// What is kept of conversations besides their messages.
struct SessionStates: Sendable {
  private let environment: Environment

  init(_ environment: Environment) { self.environment = environment }

  private var store: any CompanionStore { environment.store }

  /// The details of a conversation; those of one about nothing special where none are stored.
  func details(of session: SessionID) async throws(ChatFailure) -> Versioned<SessionDetails> {
    try await value(.details(of: session)) ?? Versioned(value: SessionDetails(), version: 0)
  }

  /// The details of a conversation that takes changes.
  ///
  /// - Throws: `ChatFailure.sessionClosed`, or `ChatFailure.store`.
  func openDetails(of session: SessionID) async throws(ChatFailure) -> Versioned<SessionDetails> {
    let details = try await details(of: session)
    if let closing = details.value.closing { throw .sessionClosed(session, reason: closing.reason) }
    return details
  }

  /// What is known of a conversation.
  func context(of session: SessionID) async throws(ChatFailure) -> Versioned<SharedContext> {
    try await value(.sharedContext(of: session)) ?? Versioned(value: SharedContext(), version: 0)
  }

  /// What is known of a conversation with an update, and the change that stores it.
  func applying(
    _ update: ContextUpdate, in session: SessionID
  ) async throws(ChatFailure) -> (context: SharedContext, change: ChangeSet.Change) {
    let known = try await context(of: session)
    let updated: SharedContext
    do throws(ContextRefusal) {
      updated = try known.value.applying(update, at: environment.time.now)
    } catch {
      throw .context(error)
    }
    do throws(StoreFailure) {
      return (
        updated,
        try known.putting(updated, as: .sharedContext(of: session), at: environment.time.now)
      )
    } catch {
      throw .store(error)
    }
  }

  private func value<Value: Codable & Sendable>(
    _ key: StateKey
  ) async throws(ChatFailure) -> Versioned<Value>? {
    do throws(StoreFailure) {
      return try await store.value(key)
    } catch {
      throw .store(error)
    }
  }
}

extension StateKey {
  /// The name of a conversation's ``SessionDetails``.
  static func details(of session: SessionID) -> StateKey { StateKey(.session(session), .session) }
  /// The name of a conversation's ``SharedContext``.
  static func sharedContext(of session: SessionID) -> StateKey { StateKey(.session(session), .context) }
  /// The name of a conversation's ``ConversationSummary``.
  static func summary(of session: SessionID) -> StateKey { StateKey(.session(session), .summary) }
}

/// Changes what is known of a conversation besides its messages.
package struct UpdateSharedContext: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// - Returns: what is known now.
  /// - Throws: `ChatFailure.context`, `ChatFailure.sessionClosed`, `ChatFailure.unknownSession`, or
  ///   `ChatFailure.store`.
  package func callAsFunction(
    _ update: ContextUpdate, in session: SessionID
  ) async throws(ChatFailure) -> SharedContext {
    let states = SessionStates(environment)
    for _ in 1...Self.attempts {
      let details = try await states.openDetails(of: session)
      let (context, change) = try await states.applying(update, in: session)
      do throws(StoreFailure) {
        try await environment.store.commit(
          .expectState(.details(of: session), version: details.version), change)
      } catch {
        if error == .conflict(.stateMoved) { continue }
        throw ChatFailure(error, in: session)
      }
      environment.events.emit(
        .contextUpdated(version: context.version), in: EventContext(session: session))
      return context
    }
    throw .store(.conflict(.stateMoved))
  }

  /// What is known of a conversation now.
  package func current(in session: SessionID) async throws(ChatFailure) -> SharedContext {
    try await SessionStates(environment).context(of: session).value
  }
}
