import CompanionDomain
package import CompanionPorts

/// Works on a message that became background work, with the model and the conversation it comes from.
package struct ConversationTaskHandler: TaskHandler {
  let environment: Environment
  let model: TaskModel

  package init(environment: Environment, model: TaskModel) {
    self.environment = environment
    self.model = model
  }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let work = try attempt.payload.decode(ConversationTask.self)
    var conversation: Conversation?
    if let session = attempt.task.session { conversation = try await environment.log(of: session).load() }
    let request = GenerationRequest(
      purpose: .task,
      messages: TaskPrompt.messages(
        persona: environment.configuration.persona, window: conversation?.window ?? [],
        instruction: work.instruction))
    let (text, usage, isCut) = try await model.answer(request, for: attempt)
    return .done(isCut ? text + Announcement.truncation(of: attempt.task) : text, usage: usage)
  }
}
