import CompanionDomain

extension CompanionEvent.Kind {
  /// The fields of what happens to conversations, prompts and tools; none for everything else.
  var chatFields: [String: JSONValue] {
    switch self {
    case .promptCompiled(let purpose, let template, let report):
      [
        "purpose": .string(purpose.rawValue), "template": .string(template),
        "tokens": .integer(Int64(report.tokens)), "available": .integer(Int64(report.budget.available)),
        "cut": .array(report.cuts.map { .string($0.description) }),
      ]
    case .modeChanged(let mode): ["mode": .string(mode.rawValue)]
    case .modeFellBack(let reason): ["mode": "standard", "reason": .string(reason)]
    case .toolCallStarted(let call): call.fields
    case .toolCallEnded(let call, let outcome, let duration):
      call.fields.merging([
        "outcome": .string(outcome.rawValue), "duration_ms": .number(duration.milliseconds),
      ]) { first, _ in first }
    case .approvalRequested(let approval): approval.fields
    case .approvalDecided(let approval):
      approval.fields.merging(["decision": approval.decision?.name ?? .null]) { first, _ in first }
    case .contextUpdated(let version): ["version": .integer(version)]
    case .historySummarized(let through): ["through": .integer(through.rawValue)]
    case .historySummaryFailed(let failure): failure.fields
    case .sessionClosed(let closing):
      [
        "reason": .string(closing.reason), "messages": .integer(closing.statistics.messages),
        "calls": .integer(Int64(closing.statistics.calls)),
        "duration_ms": .number(closing.statistics.duration.milliseconds),
      ]
    default: [:]
    }
  }
}

extension ToolCall {
  /// Without the arguments, which may be anything, and of any size.
  fileprivate var fields: [String: JSONValue] {
    ["gen_ai.tool.name": .string(name), "gen_ai.tool.call.id": .string(id)]
  }
}

extension Approval {
  fileprivate var fields: [String: JSONValue] {
    [
      "approval": .string(id.description), "gen_ai.tool.name": .string(call.name),
      "effect": .string(effect.rawValue), "summary": .string(summary),
      "expires": .string(expiresAt.description),
    ]
  }
}

extension ApprovalDecision {
  fileprivate var name: JSONValue {
    switch self {
    case .approved: "approved"
    case .denied: "denied"
    case .expired: "expired"
    case .withdrawn: "withdrawn"
    }
  }
}
