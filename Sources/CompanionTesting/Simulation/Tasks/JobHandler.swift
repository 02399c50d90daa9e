import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Does what the scenario says of each job, in one life of a process.
struct JobHandler: TaskHandler {
  let jobs: [TaskScenario.Job]
  let life: ProcessLife
  let witness: TaskWitness
  let onPoison: @Sendable () -> Void

  /// What the holder of a lease brings back.
  static func result(of lease: LeaseNumber) -> String { "by lease \(lease.rawValue)" }

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    guard !life.hasDied else { throw CancellationError() }
    witness.noteRun(of: attempt.task, in: life)
    defer { life.leave(attempt.task.request.kind) }
    guard let job = job(of: attempt.payload) else { throw TaskFailure.undecodable("it names no job") }
    witness.tell("\(life): runs \(attempt.task.id) at lease \(attempt.task.lease.rawValue)")
    return try await perform(job.behaviour, attempt)
  }

  private func job(of payload: TaskPayload) -> TaskScenario.Job? {
    let text = payload.version == 2 ? payload.json.dropFirst().dropLast() : payload.json[...]
    guard let number = Int(text), jobs.indices.contains(number) else { return nil }
    return jobs[number]
  }

  private func perform(_ behaviour: JobBehaviour, _ attempt: TaskAttempt) async throws -> TaskOutcome {
    let done = TaskOutcome.done(Self.result(of: attempt.task.lease))
    switch behaviour {
    case .succeed(let duration):
      try await sleep(duration)
      return done
    case .fail(let times, let failure, let duration):
      try await sleep(duration)
      guard attempt.number <= times else { return done }
      throw error(for: failure, attempt)
    case .hang:
      try await sleep(.seconds(86_400))
      return done
    case .ignoreCancellation(let duration):
      life.noteDeafHandler()
      await Unstructured.shielded { try? await sleep(duration) }
      return done
    case .report(let count, let pause):
      // It goes on from its last checkpoint.
      let first = attempt.checkpoint.flatMap { Int($0) } ?? 0
      for part in first..<max(first, count) {
        try await sleep(pause)
        let checkpoint = part % 2 == 0 ? "\(part + 1)" : nil
        try await attempt.report(
          TaskProgress(fraction: Double(part + 1) / Double(count), checkpoint: checkpoint),
          usage: TokenUsage(input: 10, output: 1))
      }
      return done
    case .wait(let reason, let limit):
      guard attempt.checkpoint == nil else { return done }
      try await attempt.report(TaskProgress(checkpoint: "asked"))
      return .waiting(reason, limit: limit)
    case .poison:
      witness.noteKill(by: attempt.task)
      onPoison()
      try await sleep(.seconds(86_400))
      return done
    case .unstorable: return .done("\0")
    case .callModel: return done
    }
  }

  private func error(for failure: JobFailure, _ attempt: TaskAttempt) -> any Error {
    switch failure {
    case .provider(let failure):
      if let pause = failure.retryAfter { witness.noteCooldown(pause, for: attempt.task) }
      return failure
    case .handler(let isPermanent): return TaskFailure.handler("It did not work.", isPermanent: isPermanent)
    case .unknown: return UnknownError()
    case .cancelled: return CancellationError()
    }
  }

  private struct UnknownError: Error {}

  private func sleep(_ duration: Duration) async throws {
    try await life.clock.sleep(until: life.clock.now.advanced(by: duration), tolerance: nil)
  }
}

/// A model that answers after a while, and counts how many ask it at the same time.
struct CountedModel: LanguageModel {
  let life: ProcessLife
  let witness: TaskWitness

  var identity: ModelIdentity { .scripted }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    throw ProviderFailure(.invalidRequest)
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let calls = life.enterModel()
    defer { life.leaveModel() }
    let limit = life.settings.configuration.providerConcurrency[identity.provider] ?? .max
    if calls > limit { witness.report(.limitsHold, "\(life) calls its provider \(calls) times at once") }
    do {
      try await life.clock.sleep(until: life.clock.now.advanced(by: .seconds(3)), tolerance: nil)
    } catch {
      throw ProviderFailure(.cancelled)
    }
    return GenerationStream(events: [.text("An answer."), .finished(.stop)])
  }
}

/// Works as another handler does, and is counted.
struct CountedHandler: TaskHandler {
  let base: any TaskHandler
  let life: ProcessLife
  let witness: TaskWitness

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    guard !life.hasDied else { throw CancellationError() }
    witness.noteRun(of: attempt.task, in: life)
    defer { life.leave(attempt.task.request.kind) }
    return try await base.run(attempt)
  }
}
