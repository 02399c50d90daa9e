import CompanionDomain
import CompanionPorts

/// One run of a reasoning task: it hands a job over, looks after one, or answers by a call.
struct ReasoningRun {
  let environment: Environment
  let attempt: TaskAttempt
  let request: GenerationRequest

  private var task: GenerationTask { attempt.task }
  private var calls: ModelCaller { environment.calls }
  private var router: ModelRouter { environment.router }
  private var context: EventContext {
    EventContext(session: task.session, turn: task.turn, task: task.id)
  }

  func callAsFunction() async throws -> TaskOutcome {
    var checkpoint = ReasoningCheckpoint(of: task) ?? ReasoningCheckpoint()
    guard let provider = checkpoint.provider, let job = checkpoint.job else {
      return try await begin(checkpoint, avoiding: [])
    }
    if attempt.input == ReasoningCheckpoint.leaves(provider) {
      await CancelProviderJob(environment: environment)(job, at: provider)
      checkpoint = checkpoint.next()
      try await store(checkpoint)
      return try await begin(checkpoint, avoiding: [provider])
    }
    return try await look(after: job, at: provider, checkpoint)
  }

  // MARK: Beginning

  private enum Beginning: Sendable {
    case job(ProviderJob)
    case stream(OpenStream)
  }

  private func begin(
    _ checkpoint: ReasoningCheckpoint, avoiding: Set<ProviderID>
  ) async throws -> TaskOutcome {
    var needs = router.needs(of: request, kinds: [.text, .background])
    needs.excluded = avoiding
    var tries = router.tries(needs, .task, context)
    // The same submission has the same name, whichever attempt makes it.
    let key = "\(task.id.rawValue)-\(checkpoint.submission)"
    let (running, beginning) = try await calls.begin(&tries) { [request] services in
      do throws(ProviderFailure) {
        if let background = services.background {
          return .success(Beginning.job(try await background.submit(request, key: key)))
        }
        guard let model = services.language else { throw ProviderFailure(.notCapable) }
        return .success(.stream(try await OpenStream(model, request)))
      } catch {
        return .failure(error)
      }
    }
    switch beginning {
    case .job(let job):
      running.handOver()
      return try await handedOver(job, to: running.call.id, checkpoint)
    case .stream(let stream): return try await answer(stream, of: running, checkpoint)
    }
  }

  /// Stores the name of a job, then waits for it.
  private func handedOver(
    _ job: ProviderJob, to provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var checkpoint = checkpoint
    checkpoint.provider = provider
    checkpoint.job = job.id
    checkpoint.submittedAt = environment.time.now
    do {
      try await store(checkpoint, note: "handed over to \(provider)")
    } catch {
      // A job that nobody remembers would be paid for and never fetched.
      let forgotten = CancelProviderJob(environment: environment)
      await Unstructured.shielded { await forgotten(job.id, at: provider) }
      throw error
    }
    return .waiting(
      .providerJob(job.id.rawValue), limit: PollSchedule.delay(elapsed: .zero, asked: job.pollAfter))
  }

  /// Stores a checkpoint. A store that fails is asked again for a while.
  private func store(_ checkpoint: ReasoningCheckpoint, note: String? = nil) async throws {
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(2))
    for number in 1... {
      do {
        return try await attempt.report(TaskProgress(note: note, checkpoint: checkpoint.text))
      } catch let failure as StoreFailure {
        guard number < 5 else { throw failure }
        let next = environment.time.now.advanced(by: pause.next())
        try await environment.time.sleep(until: next, tolerance: nil)
      }
    }
  }

  // MARK: A call

  private func answer(
    _ stream: OpenStream, of running: RunningCall, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var text = ""
    var usage: TokenUsage?
    var lost: (any Error)?
    do {
      let finish = try await calls.consume(
        stream, of: running, context, onUsage: { usage = $0 },
        take: { piece in
          text += piece
          do {
            try await attempt.report(TaskProgress(note: "\(text.utf8.count) bytes"))
            return true
          } catch {
            lost = error
            return false
          }
        })
      guard let finish else { throw lost ?? CancellationError() }
      guard finish != .length else { throw ProviderFailure(.incomplete) }
    } catch let failure as ProviderFailure {
      if failure.isOfAnswer { try await keep(text, usage, checkpoint) }
      throw failure
    }
    guard !text.isEmpty else { throw ProviderFailure(.malformedResponse, message: "The answer is empty.") }
    return .done(text, usage: usage)
  }

  /// Keeps what there is of an answer that will not be whole.
  private func keep(_ text: String, _ usage: TokenUsage?, _ checkpoint: ReasoningCheckpoint) async throws {
    var checkpoint = checkpoint
    checkpoint.partial = text.isEmpty ? checkpoint.partial : text
    try await attempt.report(TaskProgress(checkpoint: checkpoint.text), usage: usage)
  }
}

// MARK: - Looking after a job

extension ReasoningRun {
  private func look(
    after job: ProviderJobID, at provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    guard let background = router.services(of: provider)?.background else {
      throw TaskFailure.handler(
        "The provider \(provider), which runs the job \(job), is not configured any more. Configure it, then "
          + "retry the task.", isPermanent: true)
    }
    let state: ProviderJob
    var answer: GenerationResponse?
    do throws(ProviderFailure) {
      state = try await ask(provider) { () throws(ProviderFailure) in try await background.poll(job) }
      switch state.state {
      case .completed, .incomplete:
        answer = try await ask(provider) { () throws(ProviderFailure) in try await background.fetch(job) }
      default: break
      }
    } catch {
      guard error.disposition == .transient || error.disposition == .ambiguous else { throw error }
      // The job goes on whether or not its provider can be asked.
      try await attempt.report(TaskProgress(note: "\(provider) cannot be asked: \(error.kind.rawValue)"))
      return wait(for: job, checkpoint, asked: error.retryAfter)
    }
    return try await conclude(state, answer, at: provider, checkpoint)
  }

  private func conclude(
    _ job: ProviderJob, _ answer: GenerationResponse?, at provider: ProviderID,
    _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    switch job.state {
    case .queued, .running:
      let note = job.state == .queued ? "queued at \(provider)" : "running at \(provider)"
      try await attempt.report(TaskProgress(note: note))
      return wait(for: job.id, checkpoint, asked: job.pollAfter)
    case .completed:
      enter(provider, answer?.usage, checkpoint, failure: nil)
      guard let text = answer?.text, !text.isEmpty else {
        throw ProviderFailure(.malformedResponse, message: "The answer of the job \(job.id) is empty.")
      }
      return .done(text, usage: answer?.usage)
    case .incomplete(let failure):
      enter(provider, answer?.usage, checkpoint, failure: failure)
      try await keep(answer?.text ?? "", answer?.usage, checkpoint)
      throw failure
    case .failed(let failure):
      enter(provider, nil, checkpoint, failure: failure)
      try await store(checkpoint.next())
      guard failure.disposition == .permanentForProvider else { throw failure }
      // Another attempt there would fail the same.
      return try await begin(checkpoint.next(), avoiding: [provider])
    case .cancelled:
      enter(provider, nil, checkpoint, failure: ProviderFailure(.cancelled))
      try await store(checkpoint.next())
      throw TaskFailure.handler(
        "The job \(job.id) was stopped at \(provider). Retry the task to hand it over again.",
        isPermanent: true)
    }
  }

  private func wait(
    for job: ProviderJobID, _ checkpoint: ReasoningCheckpoint, asked: Duration?
  ) -> TaskOutcome {
    let elapsed = checkpoint.submittedAt.map { $0.duration(to: environment.time.now) } ?? .zero
    return .waiting(
      .providerJob(job.rawValue), limit: PollSchedule.delay(elapsed: max(elapsed, .zero), asked: asked))
  }

  /// Asks the provider of a job, as far as it can be called.
  private func ask<Answer: Sendable>(
    _ provider: ProviderID, _ question: @escaping @Sendable () async throws(ProviderFailure) -> Answer
  ) async throws(ProviderFailure) -> Answer {
    var needs = RoutingNeeds([.background])
    needs.only = provider
    var tries = router.tries(needs, .task, context)
    let call = try await tries.next()
    do throws(ProviderFailure) {
      let answer = try await question()
      router.settleLook(call, .succeeded, context)
      return answer
    } catch {
      router.settleLook(call, error.disposition == .neutral ? .abandoned : .failed(error), context)
      throw error
    }
  }

  /// Enters the whole job in the ledger: what it used is known at its end.
  private func enter(
    _ id: ProviderID, _ usage: TokenUsage?, _ checkpoint: ReasoningCheckpoint, failure: ProviderFailure?
  ) {
    let now = environment.time.now
    router.enterJob(
      at: id, usage: usage, latency: checkpoint.submittedAt.map { $0.duration(to: now) } ?? .zero,
      failure: failure, context)
  }
}

extension ReasoningCheckpoint {
  /// The checkpoint when the present job is over, and another one may be handed over.
  func next() -> ReasoningCheckpoint {
    var next = ReasoningCheckpoint()
    next.submission = submission + 1
    next.partial = partial
    return next
  }
}

extension ProviderFailure {
  /// Whether there may be a part of an answer that another attempt would not make whole.
  fileprivate var isOfAnswer: Bool { kind == .incomplete || kind == .contentFiltered }
}
