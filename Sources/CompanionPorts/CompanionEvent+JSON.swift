public import CompanionDomain

extension CompanionEvent: Encodable {
  /// The version of the JSON form, in every event's `schema`. It is raised when a field changes its meaning
  /// or goes away; fields and types may be added without.
  public static let schemaVersion: Int64 = 1

  /// The event as a flat JSON object; its fields are listed in the guide on events.
  ///
  /// What OpenTelemetry's conventions for generative AI name is named so.
  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "schema": .integer(Self.schemaVersion),
      "type": .string(kind.typeName),
      "time": .string(time.description),
    ]
    members["session"] = session.map { .string($0.rawValue) }
    members["turn"] = turn.map { .string($0.rawValue) }
    members["task"] = task.map { .string($0.rawValue) }
    members.merge(kind.fields) { envelope, _ in envelope }
    return .object(members)
  }

  /// Encodes ``json``.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

extension CompanionEvent.Kind {
  /// The event's `type` in JSON.
  public var typeName: String {
    switch self {
    case .serviceStarted: "service.started"
    case .serviceStopped: "service.stopped"
    case .sessionOpened: "session.opened"
    case .messageAccepted: "message.accepted"
    case .messageAmended(_, .edited): "message.edited"
    case .messageAmended(_, .deleted): "message.deleted"
    case .intentUnderstood: "intent"
    case .intentFellBack: "intent.fell_back"
    case .promptCompiled: "prompt.compiled"
    case .modeChanged: "mode.changed"
    case .modeFellBack: "mode.fell_back"
    case .toolCallStarted: "tool.started"
    case .toolCallEnded: "tool.ended"
    case .approvalRequested: "approval.requested"
    case .approvalDecided: "approval.decided"
    case .contextUpdated: "context.updated"
    case .historySummarized: "history.summarized"
    case .historySummaryFailed: "history.summary_failed"
    case .sessionClosed: "session.closed"
    case .modelCallStarted: "model.started"
    case .modelCallEnded: "model.ended"
    case .answerDelivered: "answer.delta"
    case .reasoningReceived: "reasoning.delta"
    case .answerStored: "answer.stored"
    case .turnEnded: "turn.ended"
    case .task(let kind, _): "task.\(kind.typeName)"
    case .tasksPaused: "tasks.paused"
    case .tasksResumed: "tasks.resumed"
    case .tasksPruned: "tasks.pruned"
    case .serviceFailed: "service.failed"
    case .modelJobHandedOver: "model.handed_over"
    case .callWaits: "model.waiting"
    case .callFailedOver: "model.failed_over"
    case .providerHealthChanged: "provider.health"
    case .budgetReached: "provider.budget"
    case .providerSwitched: "provider.switched"
    case .providerUpdated: "provider.updated"
    case .providerUpdateRefused: "provider.update_refused"
    case .providerJobNotStopped: "provider.job_not_stopped"
    case .ledgerEntriesLost: "ledger.lost"
    case .memoryRunStarted: "memory.run_started"
    case .memoryStored: "memory.stored"
    case .factStored: "memory.fact_stored"
    case .factSuperseded: "memory.fact_superseded"
    case .factRemoved: "memory.fact_removed"
    case .memoryPassFailed: "memory.pass_failed"
    case .memorySkipped: "memory.skipped"
    case .memoryRunEnded: "memory.run_ended"
    case .embeddingSpaceOpened: "embedding.space_opened"
    case .embeddingProgressed: "embedding.progressed"
    case .embeddingParked: "embedding.parked"
    case .embeddingRunEnded: "embedding.run_ended"
    case .speakUpSuggested: "speak_up.suggested"
    case .eventsDropped: "events.dropped"
    }
  }

  fileprivate var fields: [String: JSONValue] {
    switch self {
    case .serviceStarted(let name), .serviceStopped(let name): ["service": .string(name)]
    case .sessionOpened(let messages, let repairs):
      ["messages": .integer(messages), "repairs": .integer(Int64(repairs))]
    case .messageAmended(let sequence, _): ["sequence": .integer(sequence.rawValue)]
    case .messageAccepted(let sequence): ["sequence": .integer(sequence.rawValue)]
    case .intentUnderstood(let intent): intent.fields
    case .intentFellBack(let failure):
      failure?.fields ?? [
        "error.type": "malformed_answer", "error": "The model's answer was not of the form asked for.",
      ]
    case .promptCompiled, .modeChanged, .modeFellBack, .toolCallStarted, .toolCallEnded, .approvalRequested,
      .approvalDecided, .contextUpdated, .historySummarized, .historySummaryFailed, .sessionClosed:
      chatFields
    case .modelCallStarted(let call), .modelJobHandedOver(let call): call.fields
    case .modelCallEnded(let call, let outcome): call.fields.merging(outcome.fields) { first, _ in first }
    case .answerDelivered(let text), .reasoningReceived(let text): ["text": .string(text)]
    case .answerStored(let sequence, let completion):
      ["sequence": .integer(sequence.rawValue), "interrupted": completion.json]
    case .turnEnded(let outcome): outcome.fields
    case .task(let kind, let task): kind.fields(of: task)
    case .tasksPaused(let kind), .tasksResumed(let kind):
      ["kind": kind.map { .string($0.rawValue) } ?? .null]
    case .tasksPruned(let count): ["count": .integer(Int64(count))]
    case .callWaits(let id, let until, let reason):
      ["provider": .string(id.rawValue), "until": until.json, "reason": .string(reason)]
    case .callFailedOver(let from, let to, let failure):
      ["from": .string(from.rawValue), "to": .string(to.rawValue)]
        .merging(failure.fields) { first, _ in first }
    case .providerHealthChanged(let id, let phase, let until, let failure):
      ["provider": .string(id.rawValue), "breaker": .string(phase.rawValue), "until": until.json]
        .merging(failure?.fields ?? [:]) { first, _ in first }
    case .budgetReached(let id, let level, let spent, let budget):
      [
        "provider": .string(id.rawValue), "level": .string(level == .exhausted ? "exhausted" : "low"),
        "spent": .number(spent), "limit": .number(budget.limit), "currency": .string(budget.currency),
        "period": .string(budget.period.rawValue),
      ]
    case .providerSwitched(let from, let to, let reason, let moved):
      [
        "from": .string(from.rawValue), "to": .string(to.rawValue), "reason": .string(reason),
        "moved_tasks": .integer(Int64(moved)),
      ]
    case .providerUpdated(let id): ["provider": .string(id.rawValue)]
    case .providerUpdateRefused(let id, let failure):
      ["provider": .string(id.rawValue)].merging(failure.fields) { first, _ in first }
    case .providerJobNotStopped(let job, let provider, let failure):
      [
        "provider": .string(provider.rawValue), "job": .string(job.rawValue),
        "error": .string(failure.description),
      ]
    case .ledgerEntriesLost(let count): ["count": .integer(Int64(count))]
    case .serviceFailed(let service, let failure):
      ["service": .string(service), "error": .string(failure.description)]
    case .eventsDropped(let count): ["count": .integer(Int64(count))]
    case .memoryRunStarted: [:]
    case .memoryStored(let key, let version, let isEmpty):
      [
        "scope": .string(key.scope.description), "kind": .string(key.kind.rawValue),
        "version": .integer(version), "expired": .bool(isEmpty),
      ]
    case .factStored(let id, let scope):
      ["fact": .string(id.rawValue), "scope": .string(scope.description)]
    case .factSuperseded(let id, let newer):
      ["fact": .string(id.rawValue), "superseded_by": .string(newer.rawValue)]
    case .factRemoved(let id): ["fact": .string(id.rawValue)]
    case .memoryPassFailed(let pass, let scope, let failure):
      [
        "pass": .string(pass.rawValue), "scope": .string(scope.description),
        "error": .string(failure.description),
      ]
    case .memorySkipped(let pass, let scope, let messages, let failure):
      [
        "pass": .string(pass.rawValue), "scope": .string(scope.description),
        "messages": .integer(Int64(messages)), "error": .string(failure.description),
      ]
    case .memoryRunEnded(let run): run.fields
    case .embeddingSpaceOpened(let space): space.fields
    case .embeddingProgressed(let progress): progress.fields
    case .embeddingParked(let failed, let space):
      space.fields.merging([
        "source": .string(failed.source.description), "attempts": .integer(Int64(failed.attempts)),
        "error": .string(failed.reason),
      ]) { first, _ in first }
    case .embeddingRunEnded(let run): run.fields
    case .speakUpSuggested(let judgement, let sequence):
      [
        "sequence": .integer(sequence.rawValue), "reason": .string(judgement.reason),
        "confidence": .number(judgement.confidence),
      ]
    }
  }
}

extension Intent {
  fileprivate var fields: [String: JSONValue] {
    [
      "action": .string(action.rawValue),
      "profile": .string(profile.rawValue),
      "complexity": .string(complexity.rawValue),
      "confidence": .number(confidence),
      "files": .array(files.map { .string($0) }),
      "entities": .array(entities.map { .string($0) }),
      "secondary": .array(secondary.map { .string($0.rawValue) }),
      "method": .string(method.rawValue),
    ]
  }
}

extension ModelCall {
  fileprivate var fields: [String: JSONValue] {
    [
      "purpose": .string(purpose.rawValue),
      "provider": .string(provider.rawValue),
      "gen_ai.operation.name": .string(purpose.operationName),
      "gen_ai.provider.name": .string(model.provider),
      "gen_ai.request.model": .string(model.model),
    ]
  }
}

extension ModelCallOutcome {
  fileprivate var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = ["duration_ms": .number(duration.milliseconds)]
    fields["time_to_first_chunk_ms"] = timeToFirstChunk.map { .number($0.milliseconds) }
    fields["gen_ai.response.finish_reasons"] = finish.map { [.string($0.rawValue)] }
    fields["gen_ai.usage.input_tokens"] = usage.map { .integer(Int64($0.input)) }
    fields["gen_ai.usage.output_tokens"] = usage.map { .integer(Int64($0.output)) }
    fields["cached_input_tokens"] = usage?.cachedInput.map { .integer(Int64($0)) }
    fields["reasoning_tokens"] = usage?.reasoning.map { .integer(Int64($0)) }
    fields["cost"] = cost.map { .number($0.amount) }
    fields["currency"] = cost.map { .string($0.currency) }
    if let failure { fields.merge(failure.fields) { first, _ in first } }
    return fields
  }
}

extension MemoryRun {
  fileprivate var fields: [String: JSONValue] {
    [
      "end": .string(end.rawValue), "duration_ms": .number(duration.milliseconds),
      "calls": .integer(Int64(calls)), "gen_ai.usage.input_tokens": .integer(Int64(inputTokens)),
      "gen_ai.usage.output_tokens": .integer(Int64(outputTokens)), "messages": .integer(Int64(messages)),
      "memories": .integer(Int64(memories.count)), "expired": .integer(Int64(expired)),
      "facts": .integer(Int64(facts)), "superseded_facts": .integer(Int64(supersededFacts)),
      "failures": .integer(Int64(failures)),
    ]
  }
}

extension CallPurpose {
  /// As OpenTelemetry's `gen_ai.operation.name` has it.
  fileprivate var operationName: String {
    switch self {
    case .embedding: "embeddings"
    case .image: "generate_content"
    case .answer, .intent, .task, .summary, .memory, .judgement, .connectionTest: "chat"
    }
  }
}

extension Timestamp? {
  fileprivate var json: JSONValue { map { .string($0.description) } ?? .null }
}

extension ProviderFailure {
  var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "error.type": .string(kind.rawValue),
      "disposition": .string(disposition.rawValue),
      "error": .string(description),
    ]
    fields["retry_after_ms"] = retryAfter.map { .number($0.milliseconds) }
    fields["status"] = status.map { .integer(Int64($0)) }
    return fields
  }
}

extension TurnOutcome {
  fileprivate var fields: [String: JSONValue] {
    switch self {
    case .answered: ["outcome": "answered"]
    case .interrupted(let reason): ["outcome": "interrupted", "reason": .string(reason.rawValue)]
    case .handedOver: ["outcome": "handed_over"]
    case .failed(let failure): ["outcome": "failed", "error": .string(failure.description)]
    }
  }
}

extension ChatMessage.Completion {
  fileprivate var json: JSONValue {
    switch self {
    case .complete: .null
    case .interrupted(let reason): .string(reason.rawValue)
    }
  }
}
