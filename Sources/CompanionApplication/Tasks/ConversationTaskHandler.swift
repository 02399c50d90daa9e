import CompanionDomain
package import CompanionPorts

/// Works on a message that became background work, with the model, its tools, and the conversation it comes from.
package struct ConversationTaskHandler: TaskHandler {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let work = try attempt.payload.decode(ConversationTask.self)
    var intent = work.intent
    if intent == nil { intent = try await understood(work.instruction, attempt) }
    let prompt = TaskPromptMaker(
      environment: environment, task: attempt.task, instruction: work.instruction, files: intent?.files ?? [])
    return try await ToolLoop(environment: environment, attempt: attempt, prompt: prompt).run()
  }

  /// Finds out what a task asks for that came without its intent, once.
  private func understood(_ instruction: String, _ attempt: TaskAttempt) async throws -> Intent {
    let key = StateKey(.task(attempt.task.id), .intent)
    if let known: Versioned<Intent> = try await environment.store.value(key) { return known.value }
    var conversation: Conversation?
    if let session = attempt.task.session { conversation = try await environment.log(of: session).load() }
    let message = ChatMessage(
      sequence: conversation?.lastSequence.next ?? SequenceNumber.zero.next,
      turn: attempt.task.turn ?? TurnID(bits: 0), role: .user, parts: [.text(instruction)],
      time: environment.time.now, origin: .person)
    let earlier = conversation?.hot.suffix(IntentJudgement.historyLength - 1) ?? []
    let intent = await UnderstandIntent(environment: environment)(
      instruction, window: (Array(earlier) + [message])[...],
      context: EventContext(of: attempt.task))
    let put = try Versioned(value: intent, version: 0).putting(intent, as: key, at: environment.time.now)
    try await attempt.report(TaskProgress(), storing: ChangeSet([put]))
    return intent
  }
}
