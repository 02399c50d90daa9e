package import CompanionDomain
package import CompanionPorts

/// Changes what a message of a log says.
///
/// The log keeps what it said before, as an event; see `LogEvent`.
package struct AmendMessage: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, `ChatFailure.notAmendable`,
  ///   `ChatFailure.sessionClosed` for an edit where no more messages are taken, or `ChatFailure.store`.
  package func callAsFunction(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in session: SessionID
  ) async throws(ChatFailure) {
    let time = environment.time.now
    for _ in 1...Self.attempts {
      let condition = try await condition(of: amendment, in: session)
      do throws(StoreFailure) {
        // A summary that has the message, or is just being made with it, is made anew.
        let blank = try await BlankSummary(environment: environment).change(for: sequence, in: session)
        let amend = ChangeSet.Change.amend(sequence, amendment, in: session, at: time)
        try await environment.store.commit(ChangeSet(condition + [amend, blank]))
      } catch {
        switch error {
        case .conflict(.stateMoved): continue
        case .conflict(.noSuchSession): throw .unknownSession(session)
        case .conflict(.noSuchMessage): throw .unknownMessage(sequence, in: session)
        case .conflict(.notAmendable): throw .notAmendable(sequence)
        default: throw .store(error)
        }
      }
      environment.events.emit(
        .messageAmended(sequence, amendment.change(at: time)), in: EventContext(session: session))
      return
    }
    throw .store(.conflict(.stateMoved))
  }

  /// What must hold when the message changes: a conversation that is closed takes no other words.
  private func condition(
    of amendment: MessageAmendment, in session: SessionID
  ) async throws(ChatFailure) -> [ChangeSet.Change] {
    guard case .edit = amendment else { return [] }
    let details = try await SessionStates(environment).openDetails(of: session)
    return [.expectState(.details(of: session), version: details.version)]
  }
}
