public import CompanionDomain

/// Why a command about a task, or a question, was not carried out. Nothing has changed.
@nonexhaustive
public enum TaskCommandFailure: Error, Hashable, Sendable {
  /// There is no such task.
  case unknownTask(TaskID)
  /// No handler is registered for the kind.
  case unknownKind(TaskKind)
  /// The payload is larger than what may be worked on, in bytes.
  case oversizedPayload(bytes: Int, limit: Int)
  /// The handler registered for the kind takes no payload of this version.
  case unknownVersion(Int, newest: Int)
  /// A part of the request is not what it must be; it names the part.
  case invalidRequest(String)
  /// The deadline has passed already, or comes before the start.
  case pastDeadline(Timestamp)
  /// A delay is negative.
  case negativeDelay(Duration)
  /// Another request was made under the same idempotency key, for this task.
  case keyReused(String, TaskID)
  /// The task's state does not allow it.
  case refused(TransitionRefusal)
  /// The task does not wait for the answer to this question, or not any more.
  case notAsked(TaskID)
  /// There is no result yet.
  case unfinished(TaskStateName)
  /// There is no result: the task failed.
  case failed(TaskFailure)
  /// There is no result: the task was cancelled.
  case cancelled(reason: String)
  /// The store failed.
  case store(StoreFailure)
}

extension TaskCommandFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .unknownTask(let id): "There is no task \(id). List the tasks to see their names."
    case .unknownKind(let kind):
      "No handler is registered for tasks of the kind \(kind). Register one before asking for such a task."
    case .oversizedPayload(let bytes, let limit):
      "The payload has \(bytes) bytes, and \(limit) are allowed. Make it smaller, or raise the limit."
    case .unknownVersion(let version, let newest):
      "The payload is of version \(version); the handler takes 1 to \(newest)."
    case .invalidRequest(let what): "The request is not valid: \(what)."
    case .pastDeadline(let deadline):
      "The deadline \(deadline) leaves no time for the task. Choose a later one."
    case .negativeDelay(let delay): "The delay of \(delay) is negative. Choose zero or more."
    case .keyReused(let key, let id):
      "The key \(key) was used for another request, task \(id). Choose a new key for a new wish."
    case .refused(let refusal): refusal.description
    case .notAsked(let id):
      "Task \(id) does not ask this any more: it was answered, its time is over, or the task has ended. List the "
        + "questions that wait."
    case .unfinished(let state): "There is no result yet: the task is \(state.rawValue)."
    case .failed(let failure): "There is no result: the task failed. \(failure)"
    case .cancelled(let reason): "There is no result: the task was cancelled. \(reason)"
    case .store(let failure): failure.description
    }
  }
}
