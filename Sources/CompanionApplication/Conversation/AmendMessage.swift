package import CompanionDomain
package import CompanionPorts

/// Changes what a message of a log says.
///
/// The log keeps what it said before, as an event; see `LogEvent`.
package struct AmendMessage: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, `ChatFailure.notAmendable`, or
  ///   `ChatFailure.store`.
  package func callAsFunction(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in session: SessionID
  ) async throws(ChatFailure) {
    let time = environment.time.now
    do throws(StoreFailure) {
      try await amend(.amend(sequence, amendment, in: session, at: time), sequence, in: session)
      environment.events.emit(
        .messageAmended(sequence, amendment.change(at: time)), in: EventContext(session: session))
    } catch {
      throw switch error {
      case .conflict(.noSuchSession): .unknownSession(session)
      case .conflict(.noSuchMessage): .unknownMessage(sequence, in: session)
      case .conflict(.notAmendable): .notAmendable(sequence)
      default: .store(error)
      }
    }
  }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// Commits the change; a summary that has the message, or is just being made with it, is made anew.
  private func amend(
    _ change: ChangeSet.Change, _ sequence: SequenceNumber, in session: SessionID
  ) async throws(StoreFailure) {
    let summaries = BlankSummary(environment: environment)
    for _ in 1...Self.attempts {
      let blank = try await summaries.change(for: sequence, in: session)
      do throws(StoreFailure) {
        try await environment.store.commit(ChangeSet([change] + (blank.map { [$0] } ?? [])))
        return
      } catch {
        guard error == .conflict(.stateMoved) else { throw error }
      }
    }
    throw .conflict(.stateMoved)
  }
}

/// Takes the summary of a conversation back when what it is made from changes.
struct BlankSummary: Sendable {
  let environment: Environment

  /// - Parameter sequence: the first message that changes.
  /// - Returns: what is to be committed with the change; `nil` where no summary can have the message.
  func change(
    for sequence: SequenceNumber, in session: SessionID
  ) async throws(StoreFailure) -> ChangeSet.Change? {
    guard let stored = try await environment.store.session(session),
      sequence < environment.configuration.history.anchor(last: stored.lastSequence)
    else { return nil }
    let key = StateKey.summary(of: session)
    let known: Versioned<ConversationSummary>? = try await environment.store.value(key)
    // A blank one, too, has to get on: a summary may be on its way that goes on from it.
    return try (known ?? Versioned(value: .blank, version: 0))
      .putting(.blank, as: key, at: environment.time.now)
  }
}
