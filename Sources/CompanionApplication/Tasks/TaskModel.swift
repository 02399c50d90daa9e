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
    let context = EventContext(session: task.session, turn: task.turn, task: task.id)
    var text = ""
    var characters = 0
    var usage: TokenUsage?
    var lost: (any Error)?
    let finish = try await environment.calls.stream(
      request, context: context, onUsage: { usage = $0 },
      take: { piece in
        text += piece
        characters += piece.count
        do {
          try await attempt.report(TaskProgress(note: "\(characters) characters"))
          return true
        } catch {
          lost = error
          return false
        }
      })
    guard let finish else { throw lost ?? CancellationError() }
    guard !text.isEmpty else { throw ProviderFailure(.malformedResponse, message: "The result is empty.") }
    return (text, usage, finish == .length)
  }
}
