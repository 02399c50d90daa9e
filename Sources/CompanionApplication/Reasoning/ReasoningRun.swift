import CompanionDomain
import CompanionPorts

/// One run of a reasoning task: it hands a job over, looks after one, or answers by a call.
struct ReasoningRun: Sendable {
  let environment: Environment
  let attempt: TaskAttempt
  let request: GenerationRequest

  var task: GenerationTask { attempt.task }
  var calls: ModelCaller { environment.calls }
  var router: ModelRouter { environment.router }
  var context: EventContext { EventContext(of: task) }

  func callAsFunction() async throws -> TaskOutcome {
    var checkpoint = ReasoningCheckpoint(of: task) ?? ReasoningCheckpoint()
    // Whoever takes back a task whose job came to nothing wants another job.
    if let ended = checkpoint.endedAfter, ended < task.requeues { checkpoint = checkpoint.next }
    var left: ProviderID?
    if case .leave(let provider) = task.input { left = provider }
    guard let (job, provider) = checkpoint.job.flatMap({ job in checkpoint.provider.map { (job, $0) } })
    else {
      if let provider = checkpoint.provider, left == provider || hasLeft(provider, checkpoint) {
        try await stopUnnamed(at: provider, checkpoint)
        left = provider
        checkpoint = checkpoint.next
        try await store(checkpoint)
      }
      return try await begin(checkpoint, avoiding: left)
    }
    guard left == provider || hasLeft(provider, checkpoint) else {
      return try await look(after: job, at: provider, checkpoint)
    }
    enter(job, at: provider, checkpoint, failure: .cancelled)
    await CancelProviderJob(environment: environment)(job, at: provider)
    try await store(checkpoint.next)
    return try await begin(checkpoint.next, avoiding: provider)
  }

  /// Whether a switch since the hand-over began takes the job from its provider.
  func hasLeft(_ provider: ProviderID, _ checkpoint: ReasoningCheckpoint) -> Bool {
    router.hasLeft(provider, since: checkpoint.submittedAt)
  }

  /// Stores a checkpoint. A store that fails is asked again for a while; the last time even when the run is told
  /// to stop meanwhile, because what is not stored here may be paid for again.
  func store(
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
