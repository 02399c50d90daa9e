import CompanionDomain
import CompanionPorts

extension ToolLoop {
  /// The tools that the model is offered: those of the host, and the one by which it asks the person.
  var offered: [ToolDescription] {
    let tools = environment.tools
    // Where no tool is offered anyway, a model may not know what one is, or its provider refuse them.
    guard mayAsk, limits.mayAsk ?? !tools.isEmpty else { return tools.descriptions }
    return (tools.descriptions + [AskPerson.description]).sorted { $0.name < $1.name }
  }

  /// Whether there is somebody to be asked, and no tool of the host's takes the place of the engine's own.
  private var mayAsk: Bool {
    limits.mayAsk != false && task.session != nil && environment.tools[AskPerson.name] == nil
  }

  /// Whether a call asks the person something.
  ///
  /// - Parameter wasAsked: whether that was asked before: then its answer is taken, whatever has been switched off since.
  func isQuestion(_ call: ToolCall, wasAsked: Bool) -> Bool {
    call.name == AskPerson.name && (mayAsk || wasAsked && environment.tools[AskPerson.name] == nil)
  }

  /// Brings a question to its result, or says that the task waits for the answer.
  ///
  /// That it was asked is stored with the wait, so that whatever ends the wait belongs to it; the answer is stored with
  /// the end of the wait.
  func ask(
    _ index: Int, of round: ToolRound, _ transcript: inout ToolTranscript
  ) async throws -> TaskOutcome? {
    let recorded = round.calls[index]
    let question: String
    do throws(ToolFailure) {
      question = try AskPerson.question(of: recorded.call)
    } catch {
      let refusal = ToolResult(callID: recorded.call.id, failure: error)
      try await finish(index, of: round, with: refusal, note: "refused a call", &transcript)
      return nil
    }
    let now = environment.time.now
    guard let askedAt = recorded.startedAt else {
      let put = try transcript.putting(round.starting(index, at: now))
      return .waiting(.answer(question), limit: limits.answerLifetime, storing: ChangeSet([put]))
    }
    let result: ToolResult
    if let answered = environment.answer(to: recorded, of: task) {
      result = answered
    } else {
      let end = askedAt.advanced(by: limits.answerLifetime)
      guard end <= now else {
        // Whoever woke the task has not answered.
        return .waiting(
          .answer(question), limit: now.duration(to: end), storing: ChangeSet([transcript.expecting(round)]))
      }
      result = ToolResult(callID: recorded.call.id, outcome: .failed, content: AskPerson.unanswered)
    }
    let note = result.outcome == .succeeded ? "a question was answered" : "a question was not answered"
    try await finish(
      index, of: round, with: result, after: askedAt.duration(to: now), note: note, &transcript)
    return nil
  }
}

extension Environment {
  /// What a person has answered to the question that a task has asked last; `nil` for no answer, or another call.
  ///
  /// - Parameter recorded: the first call of the task that has no result.
  func answer(to recorded: ToolRound.RecordedCall, of task: GenerationTask) -> ToolResult? {
    // The input before the question went when the wait for it began.
    guard recorded.call.name == AskPerson.name, tools[AskPerson.name] == nil, recorded.startedAt != nil,
      let answer = task.input?.text
    else { return nil }
    return ToolResult(callID: recorded.call.id, outcome: .succeeded, content: kept(ofResult: answer))
  }
}
