public import CompanionDomain
package import CompanionPorts

/// What a cancellation found.
@nonexhaustive
public enum CancelOutcome: Hashable, Sendable {
  /// Nobody worked on the task: it has ended.
  case cancelled
  /// The task is running: its worker has been asked to stop. At once in this process, within a third of a
  /// lease length in another.
  case requested
  /// The task had ended before.
  case alreadyEnded(TaskStateName)
}

/// Cancels a task, wherever it is.
///
/// One that is queued or waits ends at once. A running one gets a durable request to stop, and whatever it
/// brings back after that is not taken.
package struct CancelTask: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  /// - Throws: `TaskCommandFailure.unknownTask`, or `.store`.
  package func callAsFunction(
    _ id: TaskID, reason: String
  ) async throws(TaskCommandFailure) -> CancelOutcome {
    switch try await engine.command(.cancel(reason: reason), on: id) {
    case .refused(.alreadyEnded(let state), let task):
      // Whoever asks again may do so because the first answer was lost, and all that follows from it.
      if state == .cancelled {
        await engine.endElsewhere(task, limit: engine.environment.configuration.tasks.windDown)
      }
      return .alreadyEnded(state)
    case .refused(let refusal, _): throw .refused(refusal)
    case .noSuchTask: throw .unknownTask(id)
    case .applied(let change):
      guard change.task.state.isFinal else {
        engine.signalCancel(of: id)
        return .requested
      }
      await engine.endElsewhere(change.task, limit: engine.environment.configuration.tasks.windDown)
      return .cancelled
    }
  }
}
