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
    return try await ReasoningRun(environment: environment, attempt: attempt, request: request)()
  }

  /// Stops the job of a task that has ended without it.
  package func end(_ task: GenerationTask) async {
    guard let checkpoint = ReasoningCheckpoint(of: task), let job = checkpoint.job,
      let provider = checkpoint.provider
    else { return }
    await CancelProviderJob(environment: environment)(job, at: provider)
  }
}

/// Stops a job at a provider, and tries again for a while when the provider cannot be reached.
struct CancelProviderJob: Sendable {
  let environment: Environment

  private static let attempts = 5

  func callAsFunction(_ job: ProviderJobID, at provider: ProviderID) async {
    guard let background = environment.router.services(of: provider)?.background else { return }
    var pause = Backoff(first: .milliseconds(200), cap: .seconds(5))
    for attempt in 1...Self.attempts {
      do throws(ProviderFailure) {
        return try await background.cancel(job)
      } catch {
        let mayPass = error.disposition == .transient || error.disposition == .ambiguous
        guard mayPass, attempt < Self.attempts else { return }
        let next = environment.time.now.advanced(by: max(pause.next(), error.retryAfter ?? .zero))
        guard (try? await environment.time.sleep(until: next, tolerance: nil)) != nil else { return }
      }
    }
  }
}
