/// One piece of work that takes longer than a reply, and its state.
///
/// A value: ``applying(_:at:)`` returns the task as it would be afterwards, a store persists it with a
/// compare-and-swap on ``revision``.
public struct GenerationTask: Hashable, Sendable, Codable {
  /// What is to be done.
  public struct Request: Hashable, Sendable, Codable {
    /// The person's words.
    public var instruction: String
    /// What they ask for. It is understood once, when the message comes, and never again.
    public var intent: Intent

    /// A request of these parts.
    public init(instruction: String, intent: Intent) {
      self.instruction = instruction
      self.intent = intent
    }
  }

  /// The task's name.
  public let id: TaskID
  /// The conversation that asked for it, and gets the result.
  public let session: SessionID
  /// The turn whose message became this task.
  public let turn: TurnID
  /// What is to be done.
  public let request: Request
  /// When the message became this task. Older tasks are claimed first.
  public let createdAt: Timestamp
  /// Where the task stands.
  public internal(set) var state: TaskState
  /// Raised by one with every claim, and never lowered: whoever holds an older number changes nothing.
  public internal(set) var lease: LeaseNumber
  /// How many times a worker has taken the task and died, since the last that did not.
  public internal(set) var rescues: Int
  /// Why a running task shall stop, when somebody asked for it.
  public internal(set) var cancelRequest: String?
  /// Raised by one with every change.
  public internal(set) var revision: Int

  /// A new task, waiting for a worker.
  public init(id: TaskID, session: SessionID, turn: TurnID, request: Request, createdAt: Timestamp) {
    self.id = id
    self.session = session
    self.turn = turn
    self.request = request
    self.createdAt = createdAt
    state = .queued
    lease = LeaseNumber(rawValue: 0)
    rescues = 0
    cancelRequest = nil
    revision = 0
  }

  /// A task as a store has kept it.
  package init(
    id: TaskID, session: SessionID, turn: TurnID, request: Request, createdAt: Timestamp, state: TaskState,
    lease: LeaseNumber, rescues: Int, cancelRequest: String?, revision: Int
  ) {
    self.id = id
    self.session = session
    self.turn = turn
    self.request = request
    self.createdAt = createdAt
    self.state = state
    self.lease = lease
    self.rescues = rescues
    self.cancelRequest = cancelRequest
    self.revision = revision
  }
}

/// Where a task stands.
@nonexhaustive
public enum TaskState: Hashable, Sendable, Codable {
  /// Waiting for a worker.
  case queued
  /// In a worker's hands until the lease expires.
  case running(TaskLease)
  /// It is done; nothing more is accepted.
  case completed(TaskResult)
  /// Somebody wanted it to stop, for this reason.
  case cancelled(reason: String)
  /// It failed for good and is kept, with the reason, for a person to look at.
  case deadLettered(TaskFailure)

  /// Whether nothing more happens to the task.
  public var isFinal: Bool {
    switch self {
    case .queued, .running: false
    case .completed, .cancelled, .deadLettered: true
    }
  }

  /// The state without its details.
  public var name: TaskStateName {
    switch self {
    case .queued: .queued
    case .running: .running
    case .completed: .completed
    case .cancelled: .cancelled
    case .deadLettered: .deadLettered
    }
  }
}

/// The name of a ``TaskState``.
@nonexhaustive
public enum TaskStateName: String, Hashable, Sendable, Codable, CaseIterable {
  case queued, running, completed, cancelled, deadLettered
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

/// A worker's hold on a task, which ends by itself unless it is renewed.
public struct TaskLease: Hashable, Sendable, Codable {
  /// Who has the task.
  public var worker: WorkerID
  /// When the worker took it.
  public var startedAt: Timestamp
  /// When others may take it, unless the worker renews before.
  public var expiresAt: Timestamp

  /// A lease of these parts.
  public init(worker: WorkerID, startedAt: Timestamp, expiresAt: Timestamp) {
    self.worker = worker
    self.startedAt = startedAt
    self.expiresAt = expiresAt
  }
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

/// Why a task failed for good.
@nonexhaustive
public enum TaskFailure: Hashable, Sendable, Codable {
  /// The model failed.
  case provider(ProviderFailure)
  /// Its worker died this many times in a row.
  case abandoned(rescues: Int)
}

extension TaskFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .provider(let failure): failure.description
    case .abandoned(let rescues):
      "The process that worked on it ended \(rescues) times before it was done. Ask for it again in smaller parts."
    }
  }
}
