import CompanionDomain
import CompanionPorts

/// Works on a task with a model that calls tools, round by round, until the model says what it has come to.
///
/// Every step is stored before the next one begins, so that a later attempt goes on where this one has ended.
struct ToolLoop {
  let environment: Environment
  let attempt: TaskAttempt
  let prompt: TaskPromptMaker

  var task: GenerationTask { attempt.task }
  var limits: WorkConfiguration { environment.configuration.work }
  var context: EventContext { EventContext(of: task) }

  func run() async throws -> TaskOutcome {
    var transcript = try await ToolTranscript(of: attempt, environment: environment)
    if let last = transcript.last {
      let resumed = last.resumed {
        isQuestion($0, wasAsked: true) || environment.tools[$0.name]?.isIdempotent ?? false
      }
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
      transcript.messages(at: environment.time.now), tools: mayCall ? offered : [],
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
    // What was begun, or allowed, where the limit is another is brought to its end.
    let isNew = recorded.startedAt == nil && recorded.permission == nil
    guard index < limits.maximumCalls || !isNew else {
      let refused = refusing(from: index, of: round)
      try await transcript.store(refused, note: "refused calls")
      for call in refused.calls[index...] { tellEnd(of: call) }
      return nil
    }
    guard let tool = environment.tools[recorded.call.name] else {
      if isQuestion(recorded.call, wasAsked: recorded.startedAt != nil) {
        return try await ask(index, of: round, &transcript)
      }
      let failure = ToolTable.refusal(of: recorded.call, among: offered)
      let refusal = ToolResult(callID: recorded.call.id, failure: failure)
      try await finish(index, of: round, with: refusal, note: "refused a call", &transcript)
      return nil
    }
    if recorded.permission == nil {
      switch try await permission(for: index, of: round, tool) {
      case .given(let permission):
        try await make(index, of: round.allowing(index, by: permission), tool, &transcript)
      case .refused(let result):
        try await finish(index, of: round, with: result, note: "a call was not allowed", &transcript)
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

  /// Gives a call its result that no tool was called for, and tells of it.
  ///
  /// - Parameter duration: how long it took.
  func finish(
    _ index: Int, of round: ToolRound, with result: ToolResult, after duration: Duration = .zero,
    note: String,
    _ transcript: inout ToolTranscript
  ) async throws {
    let finished = round.finishing(index, with: result)
    try await transcript.store(finished, note: note)
    tellEnd(of: finished.calls[index], after: duration)
  }

  private func tellEnd(of recorded: ToolRound.RecordedCall, after duration: Duration = .zero) {
    guard let result = recorded.result else { return }
    environment.events.emit(.toolCallEnded(recorded.call, result.outcome, duration), in: context)
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
    result.content = environment.kept(ofResult: result.content)
    environment.events.emit(
      .toolCallEnded(call, result.outcome, start.duration(to: environment.time.now)), in: context)
    let finished = round.finishing(index, with: result)
    guard Task.isCancelled else { return try await transcript.store(finished, note: note) }
    // A later attempt need not wonder what came of it. That an idempotent call has failed may come of the stop: it is
    // made again.
    if result.outcome == .succeeded || result.outcome == .failed && !tool.isIdempotent {
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
}

extension Environment {
  /// As much of a call's result as is kept.
  func kept(ofResult content: String) -> String {
    let limit = configuration.work.maximumResultBytes
    guard content.utf8.count > limit else { return ModelCaller.storable(content) }
    var window = OutputWindow(limit: limit)
    // What is left of a secret that is cut could not be told as one.
    window.append(mask(content).utf8)
    return ModelCaller.storable(window.text)
  }
}
