public import CompanionDomain

extension TaskEvent {
  /// The event as a flat JSON object, with the fields that the guide on events lists; `task.completed` is
  /// without the result, which is in the task.
  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "schema": .integer(CompanionEvent.schemaVersion),
      "type": .string("task.\(kind.typeName)"),
      "time": .string(time.description),
      "task": .string(task.rawValue),
      "number": .integer(number),
    ]
    members.merge(kind.details) { envelope, _ in envelope }
    return .object(members)
  }
}

extension TaskEvent.Kind {
  /// The event's type in JSON, after `task.`.
  public var typeName: String {
    switch self {
    case .created: "created"
    case .started: "started"
    case .progressed: "progress"
    case .waiting: "waiting"
    case .woken: "woken"
    case .completed: "completed"
    case .retried: "retried"
    case .released: "released"
    case .cancelRequested: "cancel_requested"
    case .cancelled: "cancelled"
    case .deadLettered: "dead_lettered"
    case .leftToPerson: "left_to_person"
    case .requeued: "requeued"
    }
  }

  func fields(of task: GenerationTask) -> [String: JSONValue] {
    var fields = details
    fields["number"] = .integer(task.lastEvent)
    fields["kind"] = .string(task.request.kind.rawValue)
    switch (self, task.state) {
    case (.created, _):
      let conversation: ConversationTask? =
        task.request.kind == .conversation ? try? task.request.payload.decode() : nil
      fields["instruction"] = conversation.map { .string($0.instruction) }
      fields["action"] = conversation?.intent.map { .string($0.action.rawValue) }
    case (.completed, .completed(let result)): fields["text"] = .string(result.text)
    default: break
    }
    return fields
  }

  fileprivate var details: [String: JSONValue] {
    switch self {
    case .created, .completed, .released, .leftToPerson: return [:]
    case .started(let start):
      return [
        "worker": .string(start.worker.rawValue), "lease": .integer(start.lease.rawValue),
        "attempt": .integer(Int64(start.attempt)), "rescues": .integer(Int64(start.rescues)),
      ]
    case .progressed(let progress):
      var fields: [String: JSONValue] = [:]
      fields["fraction"] = progress.fraction.map { .number($0) }
      fields["note"] = progress.note.map { .string($0) }
      return fields
    case .waiting(let wait):
      var fields: [String: JSONValue] = ["reason": .string(wait.reason.typeName)]
      if case .answer(let question) = wait.reason { fields["question"] = .string(question) }
      fields["until"] = wait.until.map { .string($0.description) }
      return fields
    case .woken(let hasInput): return ["has_input": .bool(hasInput)]
    case .retried(let failure, let notBefore):
      return [
        "error": .string(failure.description), "ambiguous": .bool(failure.isAmbiguous),
        "not_before": .string(notBefore.description),
      ]
    case .cancelRequested(let reason), .cancelled(let reason): return ["reason": .string(reason)]
    case .deadLettered(let failure):
      return ["error": .string(failure.description), "ambiguous": .bool(failure.isAmbiguous)]
    case .requeued(let reason, let notBefore):
      return ["reason": .string(reason), "not_before": .string(notBefore.description)]
    }
  }
}

extension WaitReason {
  fileprivate var typeName: String {
    switch self {
    case .approval: "approval"
    case .answer: "answer"
    case .providerJob: "provider_job"
    case .provider: "provider"
    }
  }
}
