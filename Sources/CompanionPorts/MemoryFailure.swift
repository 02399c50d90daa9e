public import CompanionDomain

/// Why something was not found again, remembered, or forgotten.
@nonexhaustive
public enum MemoryFailure: Error, Hashable, Sendable {
  /// The statement was not taken.
  case refused(StatementRefusal)
  /// There is no such session.
  case unknownSession(SessionID)
  /// There is no such message.
  case unknownMessage(SequenceNumber, in: SessionID)
  /// The store failed.
  case store(StoreFailure)
}

extension MemoryFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .refused(let refusal): refusal.description
    case .unknownSession(let id): "There is no session \(id). List the sessions, or start a new one."
    case .unknownMessage(let sequence, let session):
      "There is no message \(sequence.rawValue) in session \(session). List its history."
    case .store(let failure): failure.description
    }
  }
}
