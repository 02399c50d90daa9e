import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  /// Enters the whole job in the ledger: what it used is known at its end.
  func enter(
    _ id: ProviderID, _ usage: TokenUsage?, _ checkpoint: ReasoningCheckpoint, failure: ProviderFailure?
  ) {
    let now = environment.time.now
    router.enterJob(
      at: id, usage: usage, latency: checkpoint.submittedAt.map { $0.duration(to: now) } ?? .zero,
      failure: failure, context)
  }
}
