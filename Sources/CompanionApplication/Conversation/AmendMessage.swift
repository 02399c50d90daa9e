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
        try await environment.store.commit(change, blank)
        return
      } catch {
        guard error == .conflict(.stateMoved) else { throw error }
      }
    }
    throw .conflict(.stateMoved)
  }
}
