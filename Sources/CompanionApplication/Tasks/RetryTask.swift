package import CompanionDomain
package import CompanionPorts

/// Takes a dead letter back, to be worked on as if it were new.
///
/// Attempts that failed are tried again by the engine alone; this is for tasks that it has given up.
package struct RetryTask: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  /// - Parameters:
  ///   - id: the dead letter.
  ///   - reason: why, for its history.
  ///   - delay: how long it shall wait; `nil` for the backoff that its retries came to. What its provider asked
  ///     for wins where it is longer.
  /// - Returns: when it may start.
  /// - Throws: `TaskCommandFailure`; `.refused(.retriesExhausted)` when it has been taken back too often.
  package func callAsFunction(
    _ id: TaskID, reason: String, delay: Duration? = nil
  ) async throws(TaskCommandFailure) -> Timestamp? {
    if let delay, delay < .zero { throw .negativeDelay(delay) }
    let task: GenerationTask?
    do throws(StoreFailure) {
      task = try await engine.environment.store.task(id)
    } catch {
      throw .store(error)
    }
    guard let task else { throw .unknownTask(id) }
    let policy = engine.registry.retryPolicy(for: task.request.kind)
    let requeue = TaskTransition.requeue(
      reason: reason,
      delay: delay
        ?? RetryPolicy.jittered(
          policy.backoff(afterFailures: task.requeues), bits: engine.environment.random.nextBits()),
      limit: engine.environment.configuration.tasks.maximumRequeues)
    switch try await engine.command(requeue, on: id) {
    case .refused(let refusal, _): throw .refused(refusal)
    case .noSuchTask: throw .unknownTask(id)
    case .applied(let change):
      engine.wake()
      guard case .queued(let queueing) = change.task.state else { return nil }
      return queueing.notBefore
    }
  }
}
