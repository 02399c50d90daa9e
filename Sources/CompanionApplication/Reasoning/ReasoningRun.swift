import CompanionDomain
import CompanionPorts

/// One run of a reasoning task: it hands a job over, looks after one, or answers by a call.
struct ReasoningRun: Sendable {
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
    // Whoever takes back a task whose job came to nothing wants another job.
    if let ended = checkpoint.endedAfter, ended < task.requeues { checkpoint = checkpoint.next }
    let left = ReasoningCheckpoint.provider(leftBy: attempt.input)
    guard let (job, provider) = checkpoint.job.flatMap({ job in checkpoint.provider.map { (job, $0) } })
    else {
      return try await begin(checkpoint, avoiding: left)
    }
    guard left == provider || router.hasLeft(provider, since: checkpoint.submittedAt) else {
      return try await look(after: job, at: provider, checkpoint)
    }
    await CancelProviderJob(environment: environment)(job, at: provider)
    try await store(checkpoint.next)
    return try await begin(checkpoint.next, avoiding: provider)
  }

  /// Stores a checkpoint. A store that fails is asked again for a while; the last time even when the run is told
  /// to stop meanwhile, because what is not stored here may be paid for again.
  private func store(
    _ checkpoint: ReasoningCheckpoint, note: String? = nil, usage: TokenUsage? = nil
  ) async throws {
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(2))
    var isLastTry = false
    while true {
      do {
        return try await Unstructured.shielded { [attempt] in
          try await attempt.report(TaskProgress(note: note, checkpoint: checkpoint.text), usage: usage)
        }
      } catch let failure as StoreFailure {
        guard !isLastTry, failure.mayPass else { throw failure }
        let next = environment.time.now.advanced(by: pause.next())
        isLastTry = (try? await environment.time.sleep(until: next, tolerance: nil)) == nil
      }
    }
  }
}

extension StoreFailure {
  /// Whether the same call may succeed later.
  fileprivate var mayPass: Bool {
    switch self {
    case .invalid, .closed, .conflict: false
    default: true
    }
  }
}

// MARK: - Beginning

extension ReasoningRun {
  /// Hands a job over to the first provider that takes it, or asks one that runs none for the answer.
  ///
  /// - Parameters:
  ///   - left: a provider that is not to be asked.
  ///   - failure: why that one is not.
  private func begin(
    _ checkpoint: ReasoningCheckpoint, avoiding left: ProviderID?, because failure: ProviderFailure? = nil
  ) async throws -> TaskOutcome {
    var needs = router.needs(of: request, kinds: [.text, .background])
    needs.excluded = Set([left].compactMap(\.self))
    if failure?.kind == .contextLengthExceeded { needs.windowBeyond = left.flatMap { window(of: $0) } }
    var failure = failure
    // Who may have taken the job already is asked first: under the same key it is the same job.
    if let provider = checkpoint.provider, provider != left {
      var first = needs
      first.only = provider
      do {
        return try await begin(checkpoint, router.tries(first, .task, context))
      } catch let error as ProviderFailure {
        guard error.letsOthersTry else { throw error }
        needs.excluded.insert(provider)
        failure = error
      }
    }
    do {
      return try await begin(checkpoint, router.tries(needs, .task, context))
    } catch let error as ProviderFailure {
      if error.kind == .noProviderReady, !needs.excluded.isEmpty {
        // Who was left out may be ready long before the others: soon all are asked again.
        var wait = error
        let theirs = failure?.kind == .noProviderReady ? failure?.retryAfter : nil
        wait.retryAfter = min(error.retryAfter ?? .seconds(1), theirs ?? Self.shortRest)
        throw wait
      }
      guard error.kind == .notCapable, !needs.excluded.isEmpty else { throw error }
      // There is nobody else. What the provider itself has said tells more than that.
      if let failure, failure.kind != .notCapable { throw failure }
      needs.excluded = []
      return try await begin(checkpoint, router.tries(needs, .task, context))
    }
  }

  /// A rest that is worth waiting for.
  fileprivate static let shortRest = Duration.seconds(60)

  private enum Beginning: Sendable {
    case job(ProviderJob)
    case stream(OpenStream)
  }

  private func begin(_ checkpoint: ReasoningCheckpoint, _ tries: RoutedTries) async throws -> TaskOutcome {
    var tries = tries
    while true {
      let call = try await tries.next()
      var checkpoint = checkpoint
      if call.runsJobs {
        let earlier = checkpoint.provider
        checkpoint.provider = call.id
        do {
          try await store(checkpoint, note: "being handed over to \(call.id)")
          try Task.checkCancellation()
        } catch {
          call.isNotMade(router, context)
          throw error
        }
        // It took a while to store that, and the provider may be left alone by now.
        guard router.isCurrent(call) else {
          call.isNotMade(router, context)
          checkpoint.provider = earlier
          try await store(checkpoint)
          continue
        }
      }
      let running = RunningCall(call, .task, context, router)
      switch await beginning(of: call, checkpoint.submission) {
      case .success(.job(let job)):
        running.handOver()
        return try await handedOver(job, to: call.id, checkpoint)
      case .success(.stream(let stream)): return try await answer(stream, of: running.begun(), checkpoint)
      case .failure(let failure):
        running.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
        do throws(ProviderFailure) {
          try tries.failed(call, failure)
        } catch {
          // Only who may have taken it is to be asked first the next time.
          if call.runsJobs, error.disposition != .ambiguous, error.disposition != .neutral {
            checkpoint.provider = nil
            try await store(checkpoint)
          }
          throw error
        }
      }
    }
  }

  /// Makes a call. Nothing stops a hand-over: whoever wants it stopped needs the job's name first.
  private func beginning(
    of call: ProviderTable.Call, _ submission: Int
  ) async -> Result<Beginning, ProviderFailure> {
    let services = call.provider.services
    // The same submission has the same name, whichever attempt makes it.
    let key = "\(task.id.rawValue)-\(submission)"
    do throws(ProviderFailure) {
      if call.runsJobs, let background = services.background {
        return .success(
          .job(
            try await Unstructured.shielded { [request] () async throws(ProviderFailure) in
              try await background.submit(request, key: key)
            }))
      }
      guard let model = services.language else { throw ProviderFailure(.notCapable) }
      return .success(.stream(try await OpenStream(model, request)))
    } catch {
      return .failure(error)
    }
  }

  /// Stores the name of a job, then waits for it.
  private func handedOver(
    _ job: ProviderJob, to provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var checkpoint = checkpoint
    checkpoint.job = job.id
    checkpoint.submittedAt = environment.time.now
    do {
      try await store(checkpoint, note: "handed over to \(provider)")
    } catch {
      await Unstructured.shielded { await stopIfForgotten(job.id, at: provider) }
      throw error
    }
    return wait(for: job.id, checkpoint, asked: job.pollAfter)
  }

  /// Stops a job whose name could not be stored, when nobody will ask after it.
  ///
  /// While the task may still be done it is left alone: the next attempt hands it over under the same key, and a
  /// provider that knows keys gives this one again.
  private func stopIfForgotten(_ job: ProviderJobID, at provider: ProviderID) async {
    let current: GenerationTask?
    do throws(StoreFailure) { current = try await environment.store.task(task.id) } catch { return }
    if let current, !current.state.isFinal {
      // Another worker may have handed it over meanwhile, and got another job for it.
      let other = ReasoningCheckpoint(of: current)
      guard let theirs = other?.job, theirs != job || other?.provider != provider else { return }
    }
    await CancelProviderJob(environment: environment)(job, at: provider)
  }

  private func window(of provider: ProviderID) -> Int? {
    router.configuration(of: provider)?.capabilities.contextWindow
  }
}

extension ProviderTable.Call {
  /// Whether the provider does it as a job.
  fileprivate var runsJobs: Bool {
    provider.services.background != nil && provider.configuration.capabilities.kinds.contains(.background)
  }

  /// Gives back what was taken for it.
  fileprivate func isNotMade(_ router: ModelRouter, _ context: EventContext) {
    router.settleUnentered(self, .notMade, context)
  }
}

extension ProviderFailure {
  /// Whether others may do what one did not that may have taken it before.
  fileprivate var letsOthersTry: Bool {
    switch (kind, disposition) {
    // For a short rest it is worth to wait: anywhere else it may be paid for twice.
    case (.noProviderReady, _): retryAfter.map { $0 > ReasoningRun.shortRest } ?? false
    case (.notCapable, _), (_, .transient), (_, .permanentForProvider): true
    default: false
    }
  }
}

// MARK: - A call

extension ReasoningRun {
  private func answer(
    _ stream: OpenStream, of running: RunningCall, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var text = ""
    var characters = 0
    var usage: TokenUsage?
    var lost: (any Error)?
    do {
      let finish = try await calls.consume(
        stream, of: running, context, onUsage: { usage = $0 },
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
      guard finish != .length else { throw ProviderFailure(.incomplete) }
    } catch let failure as ProviderFailure {
      if failure.isOfAnswer, !text.isEmpty {
        var checkpoint = checkpoint
        checkpoint.partial = text
        try await store(checkpoint, usage: usage)
      }
      throw failure
    }
    guard !text.isEmpty else { throw ProviderFailure(.malformedResponse, message: "The answer is empty.") }
    return .done(text, usage: usage)
  }
}

extension ProviderFailure {
  /// Whether there may be a part of an answer that another attempt would not make whole.
  fileprivate var isOfAnswer: Bool { kind == .incomplete || kind == .contentFiltered }
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
      state = try await ask(provider, failure: \.failure) { () throws(ProviderFailure) in
        try await background.poll(job)
      }
      if state.hasAnswer {
        answer = try await ask(provider, patience: Self.patienceForAnswer) { () throws(ProviderFailure) in
          try await background.fetch(job)
        }
      }
    } catch {
      try Task.checkCancellation()
      if error.isOfMissingJob {
        try await store(checkpoint.ended(of: task))
        throw TaskFailure.handler(
          "\(provider) does not know the job \(job) any more. Retry the task to hand it over again.",
          isPermanent: true)
      }
      switch error.disposition {
      case .permanentForProvider, .permanentForRequest: throw error
      default: break
      }
      // The job goes on whether or not its provider can be asked.
      let why = error.kind == .noProviderReady ? error.message : error.kind.rawValue
      try await attempt.report(TaskProgress(note: "\(provider) cannot be asked now: \(why)"))
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
        try await store(checkpoint.next, usage: answer?.usage)
        throw ProviderFailure(.malformedResponse, message: "The answer of the job \(job.id) is empty.")
      }
      return .done(text, usage: answer?.usage)
    case .incomplete(let failure):
      enter(provider, answer?.usage, checkpoint, failure: failure)
      var ended = checkpoint.ended(of: task)
      if let text = answer?.text, !text.isEmpty { ended.partial = text }
      try await store(ended, usage: answer?.usage)
      throw failure.isPermanent ? failure : ProviderFailure(.incomplete, message: failure.message)
    case .failed(let failure):
      enter(provider, nil, checkpoint, failure: failure)
      return try await replace(checkpoint, at: provider, after: failure)
    case .cancelled:
      enter(provider, nil, checkpoint, failure: ProviderFailure(.cancelled))
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

  private func wait(
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
    _ question: () async throws(ProviderFailure) -> Answer
  ) async throws(ProviderFailure) -> Answer {
    var needs = RoutingNeeds([.background])
    needs.only = provider
    needs.isPaidFor = true
    let deadline = patience.map { environment.time.now.advanced(by: $0) }
    var tries = router.tries(needs, .task, context, deadline: deadline)
    let call = try await tries.next()
    do throws(ProviderFailure) {
      let answer = try await question()
      router.settleLook(call, failure(answer).map { .failed($0) } ?? .succeeded, context)
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
  /// The checkpoint when nothing more comes of the present job, and no other is to be handed over by itself.
  fileprivate func ended(of task: GenerationTask) -> ReasoningCheckpoint {
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

  /// Whether the provider does not know the job that it was asked after.
  fileprivate var isOfMissingJob: Bool { kind == .invalidRequest && (status == 404 || status == 410) }
}
