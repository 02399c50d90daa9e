import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  /// Enters the whole job in the ledger: what it used is known at its end.
  func enter(
    _ job: ProviderJobID, at provider: ProviderID, _ checkpoint: ReasoningCheckpoint,
    usage: TokenUsage? = nil, failure: ProviderFailure.Kind?
  ) {
    environment.router.enter(job, at: provider, checkpoint, of: task, usage: usage, failure: failure)
  }
}

extension ModelRouter {
  /// Enters the job of a reasoning task in the ledger when it is over, or nobody asks after it any more.
  func enter(
    _ job: ProviderJobID, at provider: ProviderID, _ checkpoint: ReasoningCheckpoint,
    of task: GenerationTask, usage: TokenUsage? = nil, failure: ProviderFailure.Kind?
  ) {
    let now = time.now
    enterJob(
      job, at: provider, usage: usage,
      latency: checkpoint.submittedAt.map { $0.duration(to: now) } ?? .zero, failure: failure,
      EventContext(of: task))
  }
}
