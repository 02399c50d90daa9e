import CompanionDomain
import CompanionPorts

/// Works on a task with a model that calls tools, round by round, until the model says what it has come to.
///
/// Every step is stored before the next one begins, so that a later attempt goes on where this one has ended.
struct ToolLoop {
  let environment: Environment
  let attempt: TaskAttempt
  let prompt: TaskPromptMaker

  private var task: GenerationTask { attempt.task }
  private var limits: WorkConfiguration { environment.configuration.work }
  private var context: EventContext {
    EventContext(session: task.session, turn: task.turn, task: task.id)
  }

  func run() async throws -> TaskOutcome {
    var transcript = try await ToolTranscript(of: attempt, environment: environment)
    if let last = transcript.last {
      let resumed = last.resumed { environment.tools[$0.name]?.isIdempotent ?? false }
      if resumed != last { try await transcript.store(resumed, note: "goes on") }
    }
    var usage = task.usage
    while true {
      while let round = transcript.last, let index = round.firstOpen {
        if let wait = try await settle(index, of: round, &transcript) { return wait }
      }
      let mayCall = transcript.rounds.count < limits.maximumRounds && !isBeyondTokens(usage)
      let answer = try await ask(transcript, mayCall: mayCall)
      if let used = answer.usage { usage = usage?.adding(used) ?? used }
      guard mayCall, !answer.calls.isEmpty else { return try done(answer, mayCall: mayCall) }
      let round = ToolRound(number: transcript.rounds.count, text: answer.text, calls: answer.calls)
      let names = Set(answer.calls.map { $0.name.visible(limit: 64) }).sorted().joined(separator: ", ")
      try await transcript.store(round, usage: answer.usage, note: "calls \(names)")
    }
  }

  private func isBeyondTokens(_ usage: TokenUsage?) -> Bool {
    guard let usage, let limit = limits.maximumTokens else { return false }
    return usage.counted.input.saturatingSum(usage.counted.output) >= limit
  }

  // MARK: The model

  private func ask(_ transcript: ToolTranscript, mayCall: Bool) async throws -> AnswerOfAttempt {
    var answer = AnswerOfAttempt(of: attempt)
    let request = try await prompt(
      transcript.messages(at: environment.time.now), tools: mayCall ? environment.tools.descriptions : [],
      isLast: !mayCall)
    var calls = ToolCallAssembly()
    let finish = try await environment.calls.stream(
      request, context: context, onUsage: { answer.usage = $0 },
      onToolCall: { (piece) throws(ProviderFailure) in try calls.take(piece) },
      take: { await answer.take($0) })
    guard let finish else { throw answer.interruption }
    answer.end(finish, calls: calls.all(besides: transcript.callIDs))
    return answer
  }

  private func done(_ answer: AnswerOfAttempt, mayCall: Bool) throws -> TaskOutcome {
    guard !answer.text.isEmpty else {
      throw ProviderFailure(
        .malformedResponse,
        message: mayCall
          ? "The result is empty." : "The model has no result after all calls that it may make.")
    }
    return .done(
      answer.isCut ? answer.text + Announcement.truncation(of: task) : answer.text, usage: answer.usage)
  }

  // MARK: The calls

  /// Brings an open call to its result, or says what has to be waited for first.
  private func settle(
    _ index: Int, of round: ToolRound, _ transcript: inout ToolTranscript
  ) async throws -> TaskOutcome? {
    let recorded = round.calls[index]
    guard index < limits.maximumCalls else {
      try await transcript.store(refusing(from: index, of: round), note: "refused calls")
      return nil
    }
    guard let tool = environment.tools[recorded.call.name] else {
      let result = ToolResult(
        callID: recorded.call.id, failure: environment.tools.refusal(of: recorded.call))
      try await transcript.store(round.finishing(index, with: result), note: "refused a call")
      return nil
    }
    if recorded.permission == nil {
      switch try await permission(for: index, of: round, tool) {
      case .given(let permission):
        try await make(index, of: round.allowing(index, by: permission), tool, &transcript)
      case .refused(let result):
        try await transcript.store(round.finishing(index, with: result), note: "a call was not allowed")
      case .needed(let outcome): return outcome
      }
      return nil
    }
    try await make(index, of: round, tool, &transcript)
    return nil
  }

  /// The round with an answer to each call that is beyond the limit.
  private func refusing(from first: Int, of round: ToolRound) -> ToolRound {
    let failure = ToolFailure.unavailable(
      "Only \(limits.maximumCalls) calls are made at a time. Make this one again if it is still needed.")
    return round.calls.indices[first...].reduce(round) { round, index in
      round.finishing(index, with: ToolResult(callID: round.calls[index].call.id, failure: failure))
    }
  }

  private func make(
    _ index: Int, of round: ToolRound, _ tool: any Tool, _ transcript: inout ToolTranscript
  ) async throws {
    let call = round.calls[index].call
    let note = ToolTable.summary(of: call, by: tool)
    var round = round
    if !tool.isIdempotent {
      // Whether it was begun has to be known, for it must not be made twice.
      round = round.starting(index, at: environment.time.now)
      try await transcript.store(round, note: note)
    } else {
      try await attempt.report(TaskProgress(note: note))
    }
    try Task.checkCancellation()
    environment.events.emit(.toolCallStarted(call), in: context)
    let start = environment.time.now
    var result = await answer(to: call, by: tool)
    result.content = ModelCaller.storable(limited(result.content))
    environment.events.emit(
      .toolCallEnded(call, result.outcome, start.duration(to: environment.time.now)), in: context)
    let finished = round.finishing(index, with: result)
    guard Task.isCancelled else { return try await transcript.store(finished, note: note) }
    // A later attempt need not wonder what came of it, unless that is not known.
    if result.outcome != .interrupted {
      try await Unstructured.shielded { [transcript] in
        var transcript = transcript
        try await transcript.store(finished, note: note)
      }
    }
    throw CancellationError()
  }

  /// The result of a call, which is stopped when it takes too long.
  private func answer(to call: ToolCall, by tool: any Tool) async -> ToolResult {
    let end = environment.time.now.advanced(by: limits.callLimit)
    return await withTaskGroup(of: ToolResult?.self) { group in
      group.addTask { await tool.answer(call) }
      group.addTask {
        try? await environment.time.sleep(until: end, tolerance: nil)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      if let first { return first }
      let late = await group.next() ?? nil
      // Who stopped the whole task has stopped the call, too. A result that came all the same is one.
      if let late, Task.isCancelled || late.outcome == .succeeded { return late }
      return ToolResult(callID: call.id, failure: .timedOut(after: limits.callLimit, output: ""))
    }
  }

  private func limited(_ content: String) -> String {
    guard content.utf8.count > limits.maximumResultBytes else { return content }
    var window = OutputWindow(limit: limits.maximumResultBytes)
    window.append(content.utf8)
    return window.text
  }

  // MARK: Permissions

  private enum Permission {
    case given(ToolPermission)
    case refused(ToolResult)
    case needed(TaskOutcome)
  }

  private func permission(
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
      case .ask: return .needed(try wait(for: [Versioned(value: request, version: 0)], at: now))
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
    return .needed(try wait(for: [known], at: now))
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
  private func wait(
    for approvals: [Versioned<Approval>], at now: Timestamp
  ) throws(StoreFailure) -> TaskOutcome {
    var changes: [ChangeSet.Change] = []
    for approval in approvals {
      let key = StateKey(approval: approval.value.id)
      changes.append(
        approval.version == 0
          ? try approval.putting(approval.value, as: key, at: now)
          : .expectState(key, version: approval.version))
    }
    let first = approvals[0].value
    return .waiting(
      .approval(first.id.description), limit: now.duration(to: first.expiresAt), storing: ChangeSet(changes))
  }
}
