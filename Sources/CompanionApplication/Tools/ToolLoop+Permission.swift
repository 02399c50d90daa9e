import CompanionDomain
import CompanionPorts

extension ToolLoop {
  /// What is known of whether a call may be made.
  enum Permission {
    case given(ToolPermission)
    case refused(ToolResult)
    case needed(TaskOutcome)
  }

  /// Whether a call may be made, as far as that is known.
  func permission(
    for index: Int, of round: ToolRound, _ tool: any Tool
  ) async throws(StoreFailure) -> Permission {
    let call = round.calls[index].call
    let id = round.approval(of: index, in: task.id)
    let now = environment.time.now
    let known: Versioned<Approval>? = try await environment.store.value(StateKey(approval: id))
    guard let known else {
      let request = approval(id, of: call, tool, at: now)
      switch await environment.approver.ruling(on: request) {
      case .allow: return .given(.policy)
      case .deny(let reason):
        let denial = ApprovalDecision.denied(reason: reason, now).refusal(of: call)
        return .refused(
          denial ?? ToolResult(callID: call.id, outcome: .failed, content: "It is not allowed."))
      case .ask: return .needed(try wait(for: Versioned(value: request, version: 0), at: now))
      }
    }
    if let decision = known.value.decision {
      return decision.refusal(of: call).map { .refused($0) } ?? .given(.person(id))
    }
    if let expired = known.value.expired(at: now), let decision = expired.decision,
      let refusal = decision.refusal(of: call)
    {
      let put = try known.putting(expired, as: StateKey(approval: id), at: now)
      do throws(StoreFailure) {
        try await environment.store.commit(put)
      } catch {
        // Somebody has answered in the last moment: that counts.
        guard case .conflict = error else { throw error }
        return try await permission(for: index, of: round, tool)
      }
      environment.events.emit(.approvalDecided(expired), in: context)
      return .refused(refusal)
    }
    return .needed(try wait(for: known, at: now))
  }

  private func approval(
    _ id: ApprovalID, of call: ToolCall, _ tool: any Tool, at now: Timestamp
  ) -> Approval {
    Approval(
      id: id, session: task.session, call: call, effect: tool.effect,
      summary: ToolTable.summary(of: call, by: tool), requestedAt: now,
      expiresAt: now.advanced(by: limits.approvalLifetime))
  }

  /// The wait for a person's answer. What is asked for is stored together with it, and not yet answered then.
  private func wait(for approval: Versioned<Approval>, at now: Timestamp) throws(StoreFailure) -> TaskOutcome
  {
    let asked = approval.value
    let key = StateKey(approval: asked.id)
    let change: ChangeSet.Change =
      approval.version == 0
      ? try approval.putting(asked, as: key, at: now) : .expectState(key, version: approval.version)
    return .waiting(
      .approval(asked.id.description), limit: now.duration(to: asked.expiresAt), storing: ChangeSet([change]))
  }
}
