package import CompanionDomain
package import CompanionPorts

/// Begins a conversation, with what is known of it.
package struct StartChatSession: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// - Throws: `ChatFailure.session`, `ChatFailure.context`, or `ChatFailure.store`, with a conflict `sessionExists`
  ///   when the name is taken.
  package func callAsFunction(
    _ session: ChatSession, details: SessionDetails, context: ContextUpdate?
  ) async throws(ChatFailure) {
    do throws(SessionRefusal) { try details.check() } catch { throw .session(error) }
    var known = SharedContext()
    if let context {
      do throws(ContextRefusal) {
        known = try known.applying(context, at: session.createdAt)
      } catch {
        throw .context(error)
      }
    }
    do throws(StoreFailure) {
      var changes = [ChangeSet.Change.insertSession(session)]
      if details != SessionDetails() {
        changes.append(
          try Versioned(value: details, version: 0)
            .putting(details, as: .details(of: session.id), at: session.createdAt))
      }
      if context != nil {
        changes.append(
          try Versioned(value: known, version: 0)
            .putting(known, as: .sharedContext(of: session.id), at: session.createdAt))
      }
      try await environment.store.commit(ChangeSet(changes))
    } catch {
      throw .store(error)
    }
  }

  /// What is known of a conversation.
  package func details(of session: SessionID) async throws(ChatFailure) -> SessionDetails {
    try await SessionStates(environment).details(of: session).value
  }
}
