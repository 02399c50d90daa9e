/// A call of a tool that is made only if a person agrees.
///
/// It is stored with its task, so that it survives a restart, and decided once.
public struct Approval: Hashable, Sendable, Codable, Identifiable {
  /// Its name.
  public let id: ApprovalID
  /// The conversation that the task comes from; `nil` for none.
  public let session: SessionID?
  /// The call as the model has written it.
  public let call: ToolCall
  /// What the call may do to the world, at most.
  public let effect: ToolEffect
  /// What it would do, on a line for the person.
  public let summary: String
  /// Since when it is asked for.
  public let requestedAt: Timestamp
  /// From when on nobody can agree any more.
  public let expiresAt: Timestamp
  /// What was decided; `nil` while nothing is.
  public private(set) var decision: ApprovalDecision?

  /// An approval that is asked for.
  public init(
    id: ApprovalID, session: SessionID?, call: ToolCall, effect: ToolEffect, summary: String,
    requestedAt: Timestamp, expiresAt: Timestamp
  ) {
    self.id = id
    self.session = session
    self.call = call
    self.effect = effect
    self.summary = summary
    self.requestedAt = requestedAt
    self.expiresAt = expiresAt
  }

  /// The approval with a person's answer.
  ///
  /// - Throws: ``ApprovalRefusal`` when it has been decided, or its time is over.
  public func answered(_ answer: ApprovalAnswer, at now: Timestamp) throws(ApprovalRefusal) -> Approval {
    if let decision { throw .alreadyDecided(decision) }
    guard now < expiresAt else { throw .expired(at: expiresAt) }
    return decided(answer.decision(at: now))
  }

  /// The approval as one whose time is over; `nil` when it is not, or something was decided before.
  public func expired(at now: Timestamp) -> Approval? {
    decision == nil && expiresAt <= now ? decided(.expired(expiresAt)) : nil
  }

  /// The approval of a task that has ended; `nil` when something was decided before.
  public func withdrawn(at now: Timestamp) -> Approval? {
    decision == nil ? decided(.withdrawn(now)) : nil
  }

  private func decided(_ decision: ApprovalDecision) -> Approval {
    var decided = self
    decided.decision = decision
    return decided
  }
}

/// What a person says to a call of a tool.
@nonexhaustive
public enum ApprovalAnswer: Hashable, Sendable {
  /// It may be made, once.
  case approve
  /// It may not; the reason is told to the model, and may be empty.
  case deny(reason: String)

  fileprivate func decision(at now: Timestamp) -> ApprovalDecision {
    switch self {
    case .approve: .approved(now)
    case .deny(let reason): .denied(reason: reason, now)
    }
  }
}

/// What has become of an approval.
@nonexhaustive
public enum ApprovalDecision: Hashable, Sendable, Codable {
  /// The call may be made.
  case approved(Timestamp)
  /// It may not be made, for a reason that may be empty.
  case denied(reason: String, Timestamp)
  /// Nobody has answered in time.
  case expired(Timestamp)
  /// The task has ended before.
  case withdrawn(Timestamp)

  /// What the model is told instead of a result; `nil` where the call may be made.
  public func refusal(of call: ToolCall) -> ToolResult? {
    let content: String
    switch self {
    case .approved: return nil
    case .denied(let reason, _):
      content =
        "The person does not allow this call\(reason.isEmpty ? "." : ": \(reason)") "
        + "Nothing was done. Do not try it again; do without it, or say what you would need it for."
    case .expired:
      content =
        "Nobody has allowed this call in time. Nothing was done. Do without it, or say what is missing."
    case .withdrawn: content = "The task has ended before this call was allowed. Nothing was done."
    }
    return ToolResult(callID: call.id, outcome: .failed, content: content)
  }
}

/// Why an approval cannot be answered; it is as it was.
@nonexhaustive
public enum ApprovalRefusal: Error, Hashable, Sendable {
  /// Somebody has decided, or its task has ended.
  case alreadyDecided(ApprovalDecision)
  /// Its time is over.
  case expired(at: Timestamp)
}

extension ApprovalRefusal: CustomStringConvertible {
  /// One line for a person: what stands in the way.
  public var description: String {
    switch self {
    case .alreadyDecided(.approved(let time)): "It was approved already, at \(time)."
    case .alreadyDecided(.denied(_, let time)): "It was denied already, at \(time)."
    case .alreadyDecided(.withdrawn): "Its task has ended, so that nothing waits for it any more."
    case .alreadyDecided(.expired(let time)), .expired(let time):
      "Its time was over at \(time). The task goes on without it; ask for the work again if it is still wanted."
    }
  }
}
