/// Where a task stands.
@nonexhaustive
public enum TaskState: Hashable, Sendable, Codable {
  /// In the line for a worker.
  case queued(TaskQueueing)
  /// In a worker's hands until the lease expires.
  case running(TaskLease)
  /// For something that is not here yet: no worker holds it, and no attempt is used up.
  case waiting(TaskWait)
  /// It is done; nothing more is accepted.
  case completed(TaskResult)
  /// Somebody wanted it to stop.
  case cancelled(TaskCancellation)
  /// It failed for good and is kept, with the reason.
  case deadLettered(DeadLetter)

  /// Whether the task has ended. A dead letter may still be taken back; the others are final for ever.
  public var isFinal: Bool {
    switch self {
    case .queued, .running, .waiting: false
    case .completed, .cancelled, .deadLettered: true
    }
  }

  /// The state without its details.
  public var name: TaskStateName {
    switch self {
    case .queued: .queued
    case .running: .running
    case .waiting: .waiting
    case .completed: .completed
    case .cancelled: .cancelled
    case .deadLettered: .deadLettered
    }
  }
}

/// The name of a ``TaskState``.
@nonexhaustive
public enum TaskStateName: String, Hashable, Sendable, Codable, CaseIterable {
  case queued, running, waiting, completed, cancelled, deadLettered

  /// Whether a task in this state has ended.
  public var isFinal: Bool {
    switch self {
    case .queued, .running, .waiting: false
    case .completed, .cancelled, .deadLettered: true
    }
  }
}

/// A task's place in the line.
public struct TaskQueueing: Hashable, Sendable, Codable {
  /// From when it has been waiting; see ``GenerationTask/rank``.
  public var since: Timestamp
  /// No worker takes it before; `nil` for at once.
  public var notBefore: Timestamp?

  /// A place in the line.
  public init(since: Timestamp, notBefore: Timestamp? = nil) {
    self.since = since
    self.notBefore = notBefore
  }
}

/// The fence of one claim: see ``GenerationTask/lease``.
public struct LeaseNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The number of claims so far; 0 before the first.
  public let rawValue: Int64

  /// The lease of this number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Whether the left lease is the older one.
  public static func < (left: LeaseNumber, right: LeaseNumber) -> Bool { left.rawValue < right.rawValue }

  /// Decodes a bare number.
  public init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(Int64.self)
  }

  /// Encodes a bare number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// A worker's hold on a task. Two clocks end it: the worker falls silent, or the attempt takes too long.
public struct TaskLease: Hashable, Sendable, Codable {
  /// Who has the task.
  public var worker: WorkerID
  /// The place in the line that the task had, and gets back when it is released.
  public var queuedSince: Timestamp
  /// When the worker took it.
  public var startedAt: Timestamp
  /// When the worker counts as dead, unless it renews before.
  public var expiresAt: Timestamp
  /// When the attempt counts as hung, whatever the worker says; `nil` for never.
  public var deadline: Timestamp?

  /// A lease of these parts.
  public init(
    worker: WorkerID, queuedSince: Timestamp, startedAt: Timestamp, expiresAt: Timestamp,
    deadline: Timestamp? = nil
  ) {
    self.worker = worker
    self.queuedSince = queuedSince
    self.startedAt = startedAt
    self.expiresAt = expiresAt
    self.deadline = deadline
  }
}

/// A wait for something that is not here yet.
public struct TaskWait: Hashable, Sendable, Codable {
  /// What is waited for.
  public var reason: WaitReason
  /// Since when.
  public var since: Timestamp
  /// When the task is to go on by itself; `nil` for only when it is woken.
  public var until: Timestamp?

  /// A wait of these parts.
  public init(reason: WaitReason, since: Timestamp, until: Timestamp? = nil) {
    self.reason = reason
    self.since = since
    self.until = until
  }
}

/// What a task waits for. Each names what is waited for, in the words of whoever will bring it.
@nonexhaustive
public enum WaitReason: Hashable, Sendable, Codable {
  /// Somebody's permission.
  case approval(String)
  /// Somebody's answer to a question.
  case answer(String)
  /// A job that runs at the provider.
  case providerJob(String)
  /// A provider that can be called: all rest, or are at their limits.
  case provider(String)
}

/// What a task brought back.
public struct TaskResult: Hashable, Sendable, Codable {
  /// The result as the person is given it.
  public var text: String
  /// When the worker brought it.
  public var finishedAt: Timestamp

  /// A result of these parts.
  public init(text: String, finishedAt: Timestamp) {
    self.text = text
    self.finishedAt = finishedAt
  }
}

/// Why and when a task was cancelled.
public struct TaskCancellation: Hashable, Sendable, Codable {
  /// Why, in the words of whoever asked for it.
  public var reason: String
  /// When it ended.
  public var cancelledAt: Timestamp

  /// A cancellation of these parts.
  public init(reason: String, cancelledAt: Timestamp) {
    self.reason = reason
    self.cancelledAt = cancelledAt
  }
}

/// Why and when a task failed for good.
public struct DeadLetter: Hashable, Sendable, Codable {
  /// Why.
  public var failure: TaskFailure
  /// When.
  public var failedAt: Timestamp
  /// Whether it has been reviewed and left to a person.
  public var needsPerson: Bool

  /// A dead letter of these parts.
  public init(failure: TaskFailure, failedAt: Timestamp, needsPerson: Bool = false) {
    self.failure = failure
    self.failedAt = failedAt
    self.needsPerson = needsPerson
  }
}

/// How far a task is, in the words of its handler.
public struct TaskProgress: Hashable, Sendable, Codable {
  /// The part that is done, 0 to 1; `nil` where it cannot be told.
  public let fraction: Double?
  /// What is being done.
  public var note: String?
  /// What the handler needs to go on from here in a later attempt, and nobody else reads: such as the name of
  /// a job at the provider.
  public var checkpoint: String?

  /// A report; what is not given stays as it was reported before.
  public init(fraction: Double? = nil, note: String? = nil, checkpoint: String? = nil) {
    self.fraction = fraction.map { $0.isFinite ? min(max($0, 0), 1) : 0 }
    self.note = note
    self.checkpoint = checkpoint
  }

  /// The earlier report with what is new in a later one.
  public func updated(with later: TaskProgress) -> TaskProgress {
    TaskProgress(
      fraction: later.fraction ?? fraction, note: later.note ?? note,
      checkpoint: later.checkpoint ?? checkpoint)
  }
}
