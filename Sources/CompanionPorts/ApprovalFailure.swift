public import CompanionDomain

/// Why an approval was not answered.
@nonexhaustive
public enum ApprovalFailure: Error, Hashable, Sendable {
  /// There is no such approval: it never was, or its task has been removed.
  case unknown(ApprovalID)
  /// It is decided, or its time is over.
  case refused(ApprovalID, ApprovalRefusal)
  /// The store failed.
  case store(StoreFailure)
}

extension ApprovalFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .unknown(let id): "There is no approval \(id). List what waits for an answer."
    case .refused(_, let refusal): refusal.description
    case .store(let failure): failure.description
    }
  }
}
