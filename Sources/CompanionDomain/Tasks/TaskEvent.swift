/// Something that happened to a task, as it is recorded beside it.
///
/// Every transition writes one in the same transaction, numbered for each task from 1 without a gap. A renewed
/// lease is no transition.
public struct TaskEvent: Hashable, Sendable, Codable {
  /// What happened, with its details.
  @nonexhaustive
  public enum Kind: Hashable, Sendable, Codable {
    /// The task is stored, and waits.
    case created
    /// A worker took it.
    case started(TaskStart)
    /// The handler says how far it is; only what is new.
    case progressed(TaskProgress)
    /// It waits for something.
    case waiting(TaskWait)
    /// The wait is over; whether something was brought.
    case woken(hasInput: Bool)
    /// It is done.
    case completed
    /// An attempt failed, and there will be another one, not before a time.
    case retried(TaskFailure, notBefore: Timestamp)
    /// The worker gave it back.
    case released
    /// Somebody wants it to stop.
    case cancelRequested(reason: String)
    /// It has ended because somebody wanted it to stop.
    case cancelled(reason: String)
    /// It failed for good.
    case deadLettered(TaskFailure)
    /// The dead letter was reviewed and is left to a person.
    case leftToPerson
    /// It was taken back from the dead letters, to start not before a time.
    case requeued(reason: String, notBefore: Timestamp)
  }

  /// The task.
  public var task: TaskID
  /// Its place among the task's events, from 1.
  public var number: Int64
  /// When it happened, by the store's clock.
  public var time: Timestamp
  /// What happened.
  public var kind: Kind

  /// An event of these parts.
  public init(task: TaskID, number: Int64, time: Timestamp, kind: Kind) {
    self.task = task
    self.number = number
    self.time = time
    self.kind = kind
  }
}

/// The start of an attempt.
public struct TaskStart: Hashable, Sendable, Codable {
  /// Who took the task.
  public var worker: WorkerID
  /// Under which number.
  public var lease: LeaseNumber
  /// Which attempt it is, from 1.
  public var attempt: Int
  /// How many workers have died over it, one after another.
  public var rescues: Int

  /// A start of these parts.
  public init(worker: WorkerID, lease: LeaseNumber, attempt: Int, rescues: Int) {
    self.worker = worker
    self.lease = lease
    self.attempt = attempt
    self.rescues = rescues
  }
}

/// A task as a change has left it.
public struct TaskChange: Hashable, Sendable {
  /// The task as it is now.
  public var task: GenerationTask
  /// What tells of the change; `nil` for one that is no transition, such as a renewed lease.
  public var event: TaskEvent?

  /// A change of these parts.
  public init(task: GenerationTask, event: TaskEvent?) {
    self.task = task
    self.event = event
  }
}
