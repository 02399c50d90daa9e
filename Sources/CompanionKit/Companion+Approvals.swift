import CompanionApplication
public import CompanionDomain
public import CompanionPorts

extension Companion {
  /// The calls of tools that wait until somebody says whether they may be made, those that were asked for first in
  /// front.
  ///
  /// - Parameter session: only those of this conversation; `nil` for all.
  public func approvals(in session: SessionID? = nil) async throws(StoreFailure) -> [Approval] {
    try await OpenApprovals(environment: environment)(in: session)
  }

  /// Lets a call of a tool be made, once.
  ///
  /// - Parameter id: the approval that is asked for.
  /// - Returns: the approval with the answer.
  /// - Throws: ``ApprovalFailure``, when there is no such approval, somebody has decided, or its time is over.
  @discardableResult
  public func approve(_ id: ApprovalID) async throws(ApprovalFailure) -> Approval {
    try await AnswerApproval(engine: engine)(.approve, to: id)
  }

  /// Does not let a call of a tool be made. The task goes on without it.
  ///
  /// - Parameters:
  ///   - id: the approval that is asked for.
  ///   - reason: what the model is told; may be empty.
  /// - Returns: the approval with the answer.
  /// - Throws: ``ApprovalFailure``, when there is no such approval, somebody has decided, or its time is over.
  @discardableResult
  public func deny(_ id: ApprovalID, reason: String = "") async throws(ApprovalFailure) -> Approval {
    try await AnswerApproval(engine: engine)(.deny(reason: reason), to: id)
  }
}
