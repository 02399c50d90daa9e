/// Something that happens to a task.
@nonexhaustive
public enum TaskTransition: Hashable, Sendable {
  /// A worker takes the task.
  ///
  /// - Parameters:
  ///   - by: who.
  ///   - leaseLength: how long it holds without a sign of life.
  ///   - attemptLimit: how long the attempt may take; `nil` for as long as it wants.
  case claim(by: WorkerID, leaseLength: Duration, attemptLimit: Duration?)
  /// The worker is alive and keeps the task for another lease length.
  case renew(LeaseNumber, leaseLength: Duration)
  /// The worker says how far it is, and what it has used since it said so last.
  case report(LeaseNumber, TaskProgress, usage: TokenUsage?)
  /// The worker is done. A task that was asked to stop is cancelled instead: the request came first.
  case complete(LeaseNumber, text: String, usage: TokenUsage?)
  /// The attempt failed; there will be another one after a time, or after the longer one that the failure's
  /// provider asked for; or none, for `nil`. A task that was asked to stop is cancelled instead.
  case fail(LeaseNumber, TaskFailure, retryIn: Duration?)
  /// The worker has to wait for something, for as long as is given, or until it is woken.
  case wait(LeaseNumber, WaitReason, limit: Duration?)
  /// The worker gives the task back untouched, as at a shutdown.
  case release(LeaseNumber)
  /// The worker has stopped, as it was asked to.
  case stop(LeaseNumber)
  /// Somebody wants it to stop: ends a task that is queued or waits; a running one is asked to.
  case cancel(reason: String)
  /// What a task waits for is here.
  case wake(input: TaskInput?)
  /// A wait has lasted as long as it was to.
  case endWait
  /// The lease has expired: its worker is dead. There will be another attempt after a time, or none.
  case rescue(LeaseNumber, retryIn: Duration?)
  /// The attempt has taken too long: its worker hangs. There will be another one after a time, or none.
  case timeOut(LeaseNumber, retryIn: Duration?)
  /// The task's own deadline has passed.
  case expire
  /// Its kind or its payload is not one that this engine can work on.
  case reject(LeaseNumber, TaskFailure)
  /// A dead letter is taken back after a time, unless that has happened so often already.
  case requeue(reason: String, delay: Duration, limit: Int)
  /// A dead letter has been reviewed, and needs a person.
  case leaveToPerson
}

/// Why a transition is not possible; the task is as it was.
@nonexhaustive
public enum TransitionRefusal: Error, Hashable, Sendable {
  /// The task has ended already.
  case alreadyEnded(TaskStateName)
  /// The task has not ended.
  case notEnded(TaskStateName)
  /// The lease is not the task's current one: another worker has it, or had it.
  case staleLease(held: LeaseNumber, current: LeaseNumber)
  /// The task is not in a worker's hands.
  case notRunning(TaskStateName)
  /// The task is not in the line.
  case notQueued(TaskStateName)
  /// The task is not to start yet.
  case notDue(until: Timestamp)
  /// The task waits for nothing.
  case notWaiting(TaskStateName)
  /// The task is no dead letter.
  case notDeadLettered(TaskStateName)
  /// What is to have run out has not; `nil` when it never does.
  case notRunOut(until: Timestamp?)
  /// The task's own deadline has passed.
  case deadlinePassed
  /// Nobody asked the worker to stop.
  case noCancelRequested
  /// It has been taken back so often already.
  case retriesExhausted(limit: Int)
}

extension TransitionRefusal: CustomStringConvertible {
  /// One line for a person: what stands in the way.
  public var description: String {
    switch self {
    case .alreadyEnded(let state): "The task has ended already: \(state.rawValue)."
    case .notEnded(let state): "The task has not ended yet: \(state.rawValue). Cancel it first."
    case .staleLease(let held, let current):
      "Lease \(held.rawValue) is over; the task is at lease \(current.rawValue)."
    case .notRunning(let state): "The task is not running: \(state.rawValue)."
    case .notQueued(let state): "The task is not in the line: \(state.rawValue)."
    case .notDue(let until): "The task does not start before \(until)."
    case .notWaiting(let state): "The task waits for nothing: \(state.rawValue)."
    case .notDeadLettered(let state): "The task is not among the dead letters: \(state.rawValue)."
    case .notRunOut(let until?): "That runs out at \(until), and not before."
    case .notRunOut(nil): "That never runs out."
    case .deadlinePassed: "The task's deadline has passed."
    case .noCancelRequested: "Nobody asked for the task to be cancelled."
    case .retriesExhausted(let limit):
      "The task has been taken back \(limit) times already. Ask for it anew."
    }
  }
}
