package import CompanionDomain
package import CompanionPorts

/// Claims one task and works on it until it ends, waits, or shall not go on.
package struct ProcessTask: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  /// - Parameters:
  ///   - worker: who claims it.
  ///   - leaseLength: how long it is held without a sign of life; `nil` for what is configured.
  ///   - limit: the longest that the attempt may take, whatever its kind says; `nil` for what its kind says.
  /// - Returns: the task as it was claimed, and the state that it was left in; `nil` when there was none to
  ///   claim.
  /// - Throws: `StoreFailure` when nothing could be claimed.
  package func callAsFunction(
    worker: WorkerID, leaseLength: Duration? = nil, limit: Duration? = nil
  ) async throws(StoreFailure) -> (task: GenerationTask, outcome: TaskStateName?)? {
    guard
      let run = try await engine.claim(
        worker: worker, limit: 1, leaseLength: leaseLength, cap: limit
      ).runs.first
    else {
      return nil
    }
    switch await engine.work(on: run) {
    case .stored(let state): return (run.task, state)
    case .lost: return (run.task, nil)
    }
  }
}
