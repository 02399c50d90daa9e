import CompanionDomain
package import CompanionPorts

/// Asks the model what the payload asks it: a `GenerationRequest`.
package struct ModelTaskHandler: TaskHandler {
  let model: TaskModel

  package init(model: TaskModel) { self.model = model }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    var request = try attempt.payload.decode(GenerationRequest.self)
    request.purpose = .task
    let (text, usage, isCut) = try await model.answer(request, for: attempt)
    return .done(isCut ? text + Announcement.truncation(of: attempt.task) : text, usage: usage)
  }
}
