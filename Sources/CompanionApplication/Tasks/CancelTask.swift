public import CompanionDomain
package import CompanionPorts

/// What a cancellation found.
@nonexhaustive
public enum CancelOutcome: Hashable, Sendable {
  /// The task was waiting: it has ended.
  case cancelled
  /// The task is running: its worker has been asked to stop. At once in this process, within a third of a
  /// lease length in another.
  case requested
  /// The task had ended before.
  case alreadyEnded(TaskStateName)
}

/// Cancels a task, wherever it is.
///
/// A waiting task ends at once. A running one gets a durable request to stop, and whatever it brings back
/// after that is not taken.
package struct CancelTask: Sendable {
  let environment: Environment
  let loop: TaskLoop

  package init(environment: Environment, loop: TaskLoop) {
    self.environment = environment
    self.loop = loop
  }

  /// - Throws: `ChatFailure.unknownTask`, or `ChatFailure.store`; nothing has changed then.
  package func callAsFunction(_ id: TaskID, reason: String) async throws(ChatFailure) -> CancelOutcome {
    let outcome: Result<GenerationTask, TransitionRefusal>?
    do throws(StoreFailure) {
      outcome = try await environment.store.transition(id, .cancel(reason: reason), on: environment.time)
    } catch {
      throw .store(error)
    }
    switch outcome {
    case nil: throw .unknownTask(id)
    case .failure(.alreadyEnded(let state)): return .alreadyEnded(state)
    case .failure: return .requested
    case .success(let task):
      let context = EventContext(session: task.session, turn: task.turn, task: id)
      if task.state.isFinal {
        environment.events.emit(.taskCancelled(reason: reason), in: context)
        return .cancelled
      }
      environment.events.emit(.taskCancelRequested(reason: reason), in: context)
      loop.signalCancel(of: id)
      return .requested
    }
  }
}
