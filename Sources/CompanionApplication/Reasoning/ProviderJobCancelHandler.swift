package import CompanionDomain
package import CompanionPorts

/// Which job at which provider is to be stopped.
struct ProviderJobCancel: Hashable, Sendable, Codable {
  var provider: ProviderID
  var job: ProviderJobID

  /// Under which key it is stored. For the same job it is the same wish. No name has a line break in it.
  var key: String { "stop job\n\(provider)\n\(job)" }

  /// A task that stops it after a time.
  func task(in delay: Duration, _ environment: Environment) -> GenerationTask? {
    guard let payload = try? TaskPayload(self) else { return nil }
    let now = environment.time.now
    let request = TaskRequest(
      kind: .providerJobCancel, payload: payload, requester: .named(ReasoningJobs.requester),
      idempotencyKey: key, notBefore: now.advanced(by: delay))
    return GenerationTask(id: environment.identifiers.next(), request: request, createdAt: now)
  }
}

extension GenerationTask {
  /// A task that stops what may run for this one at a provider when the direct tries do not; `nil` where nothing
  /// runs. It is stored together with whatever ends or removes this one: a process that dies right after that
  /// has not forgotten the job.
  func stopOfJob(_ environment: Environment) -> GenerationTask? {
    guard let (job, provider) = ReasoningCheckpoint(of: self)?.runningJob else { return nil }
    return ProviderJobCancel(provider: provider, job: job).task(in: CancelProviderJob.delay, environment)
  }
}

extension StoreFailure {
  /// Whether it may be the task that stops a job that was not stored: somebody has asked for it before, or no
  /// store holds the job's name.
  var isOfStop: Bool {
    switch self {
    case .conflict(.keyTaken), .invalid: true
    default: false
    }
  }
}

extension TaskKind {
  /// A job that is to be stopped at its provider.
  package static let providerJobCancel: TaskKind = "provider_job_cancel"
}

/// Stops jobs at providers that could not be reached when it was asked for.
package struct ProviderJobCancelHandler: TaskHandler {
  let environment: Environment

  /// With waits of half the cap on average, the retries last for about a day.
  package static let retry = RetryPolicy(maximumRetries: 600, base: .seconds(1), cap: .seconds(300))

  package init(environment: Environment) { self.environment = environment }

  package func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let order = try attempt.payload.decode(ProviderJobCancel.self)
    guard let background = environment.router.services(of: order.provider)?.background else {
      try fail(
        .handler(
          "\(order.provider), which runs the job \(order.job), is not configured here.", isPermanent: false),
        order, attempt)
    }
    do throws(ProviderFailure) {
      try await background.cancel(order.job)
    } catch {
      try Task.checkCancellation()
      guard error.isOfMissingJob else {
        // Somebody may renew a key meanwhile, and what is refused now may be possible later: while the job runs,
        // it costs.
        let isPermanent =
          error.disposition == .permanentForProvider || error.disposition == .permanentForRequest
        try fail(
          isPermanent ? .handler(error.description, isPermanent: false) : .provider(error), order, attempt)
      }
    }
    return .done("The job \(order.job) does not run at \(order.provider) any more.")
  }

  /// Tells of a job that is given up.
  private func fail(
    _ failure: TaskFailure, _ order: ProviderJobCancel, _ attempt: TaskAttempt
  ) throws(TaskFailure) -> Never {
    if attempt.task.failedAttempts >= Self.retry.maximumRetries {
      environment.events.emit(
        .providerJobNotStopped(order.job, at: order.provider, failure),
        in: EventContext(session: nil, turn: nil, task: attempt.task.id))
      // Whatever takes dead letters back by itself is not to begin another day.
      throw .handler(failure.description, isPermanent: true)
    }
    throw failure
  }
}
