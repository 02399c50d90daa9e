import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  /// How long a job waits whose provider is not configured.
  private static let patience = Duration.seconds(60)

  func look(
    after job: ProviderJobID, at provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    guard router.services(of: provider)?.background != nil else {
      // It may be again, or in another process.
      try await attempt.report(TaskProgress(note: "\(provider), which runs it, is not configured here"))
      return wait(for: job, checkpoint, asked: Self.patience)
    }
    let state: ProviderJob
    var answer: GenerationResponse?
    var hasEnded = false
    do throws(ProviderFailure) {
      state = try await ask(provider, failure: \.failure) { background throws(ProviderFailure) in
        try await background.poll(job)
      }
      if state.hasAnswer {
        hasEnded = true
        answer = try await ask(provider, patience: Self.patienceForAnswer) {
          background throws(ProviderFailure) in
          try await background.fetch(job)
        }
      }
    } catch {
      try Task.checkCancellation()
      return try await lookFailed(error, after: job, hasEnded: hasEnded, at: provider, checkpoint)
    }
    var checkpoint = checkpoint
    if checkpoint.unclearLooks != nil {
      checkpoint.unclearLooks = nil
      try await store(checkpoint)
    }
    return try await conclude(state, answer, at: provider, checkpoint)
  }

  /// How many looks in a row may come to nothing that can be understood.
  private static let patienceWithUnclearLooks = 10

  /// Goes on after a look that came to nothing.
  ///
  /// - Parameter hasEnded: whether the provider said that the job has ended, and only its answer is missing.
  private func lookFailed(
    _ failure: ProviderFailure, after job: ProviderJobID, hasEnded: Bool, at provider: ProviderID,
    _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    if failure.isOfMissingJob {
      // It may have run, and been billed, before it was forgotten.
      enter(job, at: provider, checkpoint, failure: .unknown)
      try await store(checkpoint.ended(of: task))
      throw TaskFailure.handler(
        "\(provider) does not know the job \(job) any more. Retry the task to hand it over again.",
        isPermanent: true)
    }
    switch failure.disposition {
    case .permanentForProvider: throw failure
    case .permanentForRequest:
      // That no provider is there to be asked says nothing about the job.
      guard failure.kind != .notCapable else { throw failure }
      enter(job, at: provider, checkpoint, failure: failure.kind)
      try await store(checkpoint.ended(of: task))
      if !hasEnded { await CancelProviderJob(environment: environment)(job, at: provider) }
      throw failure
    default: break
    }
    var checkpoint = checkpoint
    if failure.isUnclear(afterEnd: hasEnded) {
      let count = (checkpoint.unclearLooks ?? 0) + 1
      guard count < Self.patienceWithUnclearLooks else {
        enter(job, at: provider, checkpoint, failure: failure.kind)
        try await store(checkpoint.ended(of: task))
        if !hasEnded { await CancelProviderJob(environment: environment)(job, at: provider) }
        throw TaskFailure.handler(
          "\(count) looks in a row after the job \(job) at \(provider) came to nothing that can be understood. "
            + "The last: \(failure) Retry the task to hand it over again.", isPermanent: true)
      }
      checkpoint.unclearLooks = count
      try await store(checkpoint)
    }
    // The job goes on whether or not its provider can be asked.
    let why = failure.kind == .noProviderReady ? failure.message : "\(failure)"
    try await attempt.report(TaskProgress(note: "\(provider) cannot be asked now: \(why)"))
    return wait(for: job, checkpoint, asked: failure.retryAfter)
  }

  private func conclude(
    _ job: ProviderJob, _ answer: GenerationResponse?, at provider: ProviderID,
    _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    switch job.state {
    case .queued, .running:
      router.noteJob(of: task.id, at: provider)
      let note = job.state == .queued ? "queued at \(provider)" : "running at \(provider)"
      try await attempt.report(TaskProgress(note: note))
      return wait(for: job.id, checkpoint, asked: job.pollAfter)
    case .completed:
      enter(job.id, at: provider, checkpoint, usage: answer?.usage, failure: nil)
      guard let text = answer.map({ ModelCaller.storable($0.text) }), !text.allSatisfy(\.isWhitespace) else {
        // It is paid for, and another one may come to the same.
        try await store(checkpoint.ended(of: task), usage: answer?.usage)
        throw TaskFailure.handler(
          "The answer of the job \(job.id) at \(provider) is empty. Retry the task to hand it over again.",
          isPermanent: true)
      }
      return .done(text, usage: answer?.usage)
    case .incomplete(let failure):
      enter(job.id, at: provider, checkpoint, usage: answer?.usage, failure: failure.kind)
      var ended = checkpoint.ended(of: task)
      if let text = answer.map({ ModelCaller.storable($0.text) }), !text.isEmpty { ended.partial = text }
      try await store(ended, usage: answer?.usage)
      throw failure.isPermanent ? failure : ProviderFailure(.incomplete, message: failure.message)
    case .failed(let failure):
      enter(job.id, at: provider, checkpoint, failure: failure.kind)
      return try await replace(checkpoint, at: provider, after: failure)
    case .cancelled:
      enter(job.id, at: provider, checkpoint, failure: .cancelled)
      try await store(checkpoint.ended(of: task))
      throw TaskFailure.handler(
        "The job \(job.id) was stopped at \(provider). Retry the task to hand it over again.",
        isPermanent: true)
    }
  }

  /// Goes on after a job that has failed.
  private func replace(
    _ checkpoint: ReasoningCheckpoint, at provider: ProviderID, after failure: ProviderFailure
  ) async throws -> TaskOutcome {
    switch failure.disposition {
    case .permanentForRequest:
      guard failure.kind == .contextLengthExceeded, window(of: provider) != nil else {
        try await store(checkpoint.ended(of: task))
        throw failure
      }
    case .permanentForProvider: break
    default:
      // The engine says when there is another attempt, and whether; it hands another job over.
      router.noteFailure(of: provider, for: task.id)
      try await store(checkpoint.next)
      throw failure
    }
    // Another job there would fail the same.
    try await store(checkpoint.next)
    return try await begin(checkpoint.next, avoiding: provider, because: failure)
  }

  func wait(
    for job: ProviderJobID, _ checkpoint: ReasoningCheckpoint, asked: Duration?
  ) -> TaskOutcome {
    let elapsed = checkpoint.submittedAt.map { $0.duration(to: environment.time.now) } ?? .zero
    return .waiting(
      .providerJob(job.rawValue), limit: PollSchedule.delay(elapsed: max(elapsed, .zero), asked: asked))
  }

  /// How long an answer that is there waits for a place among the provider's calls. The next look would take the
  /// place that it needs, and so would every look after that one.
  private static let patienceForAnswer = Duration.seconds(120)

  /// Asks the provider of a job, as far as it can be called.
  ///
  /// - Parameters:
  ///   - patience: how long to wait until it can be called; `nil` for as long as tasks usually do.
  ///   - failure: what an answer tells of the provider's own failure.
  private func ask<Answer: Sendable>(
    _ provider: ProviderID, patience: Duration? = nil, failure: (Answer) -> ProviderFailure? = { _ in nil },
    _ question: (any BackgroundLanguageModel) async throws(ProviderFailure) -> Answer
  ) async throws(ProviderFailure) -> Answer {
    var needs = RoutingNeeds([.background])
    needs.only = provider
    needs.isPaidFor = true
    let deadline = patience.map { environment.time.now.advanced(by: $0) }
    var tries = router.tries(needs, .task, context, deadline: deadline)
    let call = try await tries.next()
    do throws(ProviderFailure) {
      // What has changed while it waited for its turn counts.
      guard let background = call.setup.provider.services.background else {
        throw ProviderFailure(.notCapable, message: "\(provider) runs no jobs any more")
      }
      let answer = try await question(background)
      router.settleLook(call, failure(answer).map { .failed($0) } ?? .succeeded, context)
      return answer
    } catch {
      router.settleLook(call, error.disposition == .neutral ? .abandoned : .failed(error), context)
      throw error
    }
  }
}

extension ReasoningCheckpoint {
  /// The checkpoint when nothing more comes of the present job, and no other is to be handed over by itself.
  func ended(of task: GenerationTask) -> ReasoningCheckpoint {
    var ended = self
    ended.endedAfter = task.requeues
    return ended
  }
}

extension ProviderJob {
  fileprivate var failure: ProviderFailure? {
    if case .failed(let failure) = state { failure } else { nil }
  }

  /// Whether there is an answer to fetch, or a part of one.
  fileprivate var hasAnswer: Bool {
    switch state {
    case .completed, .incomplete: true
    default: false
    }
  }
}

extension ProviderFailure {
  fileprivate var isPermanent: Bool {
    disposition == .permanentForRequest || disposition == .permanentForProvider
  }

  /// Whether a look came to something that would be the same however long it is waited.
  ///
  /// - Parameter hasEnded: whether the provider had just said that the answer is there.
  fileprivate func isUnclear(afterEnd hasEnded: Bool) -> Bool {
    switch kind {
    case .malformedResponse, .unknown: true
    // A provider that has answered the question before is there.
    case .timedOut, .connectionLost, .streamCut: hasEnded
    default: false
    }
  }
}
