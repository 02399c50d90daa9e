import CompanionDomain
import CompanionPorts

/// The model as tasks call it, with reports of how far the answer is.
package struct TaskModel: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// The whole answer.
  func answer(
    _ request: GenerationRequest, for attempt: TaskAttempt
  ) async throws -> (text: String, usage: TokenUsage?, isCut: Bool) {
    let task = attempt.task
    let context = EventContext(of: task)
    var answer = AnswerOfAttempt(of: attempt)
    let finish = try await environment.calls.stream(
      environment.mask(request), context: context, onUsage: { answer.usage = $0 },
      take: { await answer.take($0) })
    guard let finish else { throw answer.interruption }
    guard !answer.text.isEmpty else {
      throw ProviderFailure(.malformedResponse, message: "The result is empty.")
    }
    return (answer.text, answer.usage, finish == .length)
  }
}
