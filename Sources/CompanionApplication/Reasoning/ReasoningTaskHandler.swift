package import CompanionDomain
package import CompanionPorts

/// Answers what takes long thought: by a job that the provider runs itself where it does that, and by a call
/// otherwise. The payload is a `GenerationRequest`.
///
/// A job's name is stored before the job is first asked after. Between two looks the task waits, and holds no
/// worker; after a restart it asks after the same job.
package struct ReasoningTaskHandler: TaskHandler {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    var request = try attempt.payload.decode(GenerationRequest.self)
    request.purpose = .task
    return try await ReasoningRun(
      environment: environment, attempt: attempt, request: environment.mask(request))()
  }

  /// Stops the job of a task that has ended without it. Who ended the task in this process has stored that.
  package func end(_ task: GenerationTask) async {
    guard let checkpoint = ReasoningCheckpoint(of: task), let (job, provider) = checkpoint.runningJob
    else { return }
    environment.router.enter(job, at: provider, checkpoint, of: task, failure: .cancelled)
    await CancelProviderJob(environment: environment)(job, at: provider)
  }
}
