import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  /// Hands a job over to the first provider that takes it, or asks one that runs none for the answer.
  ///
  /// - Parameters:
  ///   - left: a provider that is not to be asked.
  ///   - failure: why that one is not.
  func begin(
    _ checkpoint: ReasoningCheckpoint, avoiding left: ProviderID?, because failure: ProviderFailure? = nil
  ) async throws -> TaskOutcome {
    var checkpoint = checkpoint
    var needs = router.needs(of: request, kinds: [.text, .background])
    needs.excluded = Set([left].compactMap(\.self))
    if failure?.kind == .contextLengthExceeded { needs.windowBeyond = left.flatMap { window(of: $0) } }
    var failure = failure
    // Who may have taken the job already is asked first: under the same key it is the same job.
    if let provider = checkpoint.provider, provider != left {
      var first = needs
      first.only = provider
      do {
        return try await begin(&checkpoint, router.tries(first, .task, context))
      } catch let error as ProviderFailure {
        guard error.letsOthersTry else { throw error }
        needs.excluded.insert(provider)
        failure = error
      }
    }
    do {
      return try await begin(&checkpoint, router.tries(needs, .task, context))
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
      return try await begin(&checkpoint, router.tries(needs, .task, context))
    }
  }

  /// A rest that is worth waiting for.
  fileprivate static let shortRest = Duration.seconds(60)

  private enum Beginning: Sendable {
    case job(ProviderJob)
    case stream(OpenStream)
  }

  /// - Parameter checkpoint: left as it is stored.
  private func begin(
    _ checkpoint: inout ReasoningCheckpoint, _ tries: RoutedTries
  ) async throws -> TaskOutcome {
    var tries = tries
    while true {
      let call = try await tries.next()
      if call.runsJobs {
        let earlier = checkpoint
        checkpoint.provider = call.id
        checkpoint.submittedAt = environment.time.now
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
          checkpoint = earlier
          try await store(checkpoint)
          continue
        }
      }
      let running = RunningCall(call, .task, context, router)
      switch await beginning(of: call, checkpoint) {
      case .success(.job(let job)):
        running.handOver()
        return try await handedOver(job, to: call.id, checkpoint)
      case .success(.stream(let stream)): return try await answer(stream, of: running.begun(), checkpoint)
      case .failure(let failure):
        running.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
        let isPassedOn = Result { () throws(ProviderFailure) in try tries.failed(call, failure) }
        // Only who may have taken it is to be asked first the next time.
        if call.runsJobs, failure.disposition != .ambiguous, failure.disposition != .neutral {
          checkpoint.provider = nil
          checkpoint.submittedAt = nil
          try await store(checkpoint, note: "not taken by \(call.id): \(failure)")
        } else if failure.disposition != .neutral {
          try await attempt.report(TaskProgress(note: "\(call.id) has failed: \(failure)"))
        }
        try isPassedOn.get()
      }
    }
  }

  /// Makes a call.
  private func beginning(
    of call: ProviderTable.Call, _ checkpoint: ReasoningCheckpoint
  ) async -> Result<Beginning, ProviderFailure> {
    let services = call.setup.provider.services
    do throws(ProviderFailure) {
      if call.runsJobs, let background = services.background {
        return .success(.job(try await submit(to: background, checkpoint)))
      }
      guard let model = services.language else { throw ProviderFailure(.notCapable) }
      return .success(.stream(try await OpenStream(model, request)))
    } catch {
      return .failure(error)
    }
  }

  /// Hands a job over. Nothing stops that: whoever wants it stopped needs the job's name first.
  private func submit(
    to background: any BackgroundLanguageModel, _ checkpoint: ReasoningCheckpoint
  ) async throws(ProviderFailure) -> ProviderJob {
    try await Unstructured.shielded {
      [request, key = key(checkpoint)] () async throws(ProviderFailure) in
      try await background.submit(request, key: key)
    }
  }

  /// Stops a job at a provider that is left, where nobody knows whether the provider has taken it.
  ///
  /// Whoever is handing it over in this process stops it when its name comes. Where that process is dead, handing it over
  /// again tells the name, because under the same key it is the same job. A provider that has never got it
  /// begins it for a moment. One that does not answer, or may not be called now, keeps it: the next one is not to wait
  /// for a provider that is left.
  ///
  /// - Throws: when the run is told to stop before; the next one has to do it, if there is one.
  func stopUnnamed(at provider: ProviderID, _ checkpoint: ReasoningCheckpoint) async throws {
    guard !router.tasks(of: provider).contains(task.id) else { return }
    var needs = router.needs(of: request, kinds: [.background])
    needs.only = provider
    var tries = router.tries(needs, .task, context, deadline: environment.time.now)
    let call: ProviderTable.Call
    do throws(ProviderFailure) {
      call = try await tries.next()
    } catch {
      guard error.kind != .cancelled else { throw error }
      return
    }
    guard let background = call.setup.provider.services.background else {
      return call.isNotMade(router, context)
    }
    let running = RunningCall(call, .task, context, router)
    do throws(ProviderFailure) {
      let job = try await submit(to: background, checkpoint)
      running.handOver()
      enter(job.id, at: provider, checkpoint, failure: .cancelled)
      await CancelProviderJob(environment: environment)(job.id, at: provider)
    } catch {
      running.end(.failed(error), ModelCallOutcome(failure: error, duration: .zero))
    }
  }

  /// The name of a submission. It is the same whichever attempt makes it.
  private func key(_ checkpoint: ReasoningCheckpoint) -> String {
    "\(task.id.rawValue)-\(checkpoint.submission)"
  }

  /// Stores the name of a job, then waits for it.
  private func handedOver(
    _ job: ProviderJob, to provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var checkpoint = checkpoint
    checkpoint.job = job.id
    do {
      try await store(checkpoint, note: "handed over to \(provider)")
    } catch {
      await Unstructured.shielded { [checkpoint] in await stopIfForgotten(job.id, at: provider, checkpoint) }
      throw error
    }
    return wait(for: job.id, checkpoint, asked: job.pollAfter)
  }

  /// Stops a job whose name could not be stored, when nobody will ask after it.
  ///
  /// While the task may still be done it is left alone: the next attempt hands it over under the same key, and a
  /// provider that knows keys gives this one again.
  private func stopIfForgotten(
    _ job: ProviderJobID, at provider: ProviderID, _ checkpoint: ReasoningCheckpoint
  ) async {
    let current: GenerationTask?
    do throws(StoreFailure) { current = try await environment.store.task(task.id) } catch { return }
    if let current, !current.state.isFinal, !hasLeft(provider, checkpoint) {
      // Another worker may have handed it over meanwhile, and got another job for it, or is at another one.
      let other = ReasoningCheckpoint(of: current)
      if other.map({ $0.submission == checkpoint.submission }) ?? true {
        guard let theirs = other?.job, theirs != job || other?.provider != provider else { return }
      }
    }
    enter(job, at: provider, checkpoint, failure: .cancelled)
    await CancelProviderJob(environment: environment)(job, at: provider)
  }

  func window(of provider: ProviderID) -> Int? {
    router.configuration(of: provider)?.capabilities.contextWindow
  }
}

extension ProviderTable.Call {
  /// Whether the provider does it as a job.
  fileprivate var runsJobs: Bool { setup.kinds.contains(.background) }

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
