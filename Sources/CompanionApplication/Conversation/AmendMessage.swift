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
      try await environment.store.commit(.amend(sequence, amendment, in: session, at: time))
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
}
