/// One piece of work that takes longer than a reply, and where it stands.
///
/// A value: ``applying(_:at:)`` returns the task as it would be afterwards, and the event that tells of it; a
/// store persists both together.
public struct GenerationTask: Hashable, Sendable, Codable {
  /// The task's name.
  public let id: TaskID
  /// What it is to do, for whom, and when.
  public var request: TaskRequest { boxedRequest.value }
  private let boxedRequest: Boxed<TaskRequest>
  /// When it was asked for.
  public let createdAt: Timestamp
  /// Where it stands.
  public internal(set) var state: TaskState
  /// Raised by one with every claim, and never lowered: whoever holds an older number changes nothing.
  public internal(set) var lease: LeaseNumber
  /// How many attempts have failed, those included whose worker died or hung. One that was released, or waits,
  /// has not failed. It starts over when the task is taken back from the dead letters.
  public internal(set) var failedAttempts: Int
  /// How many workers have died over the task, one after another.
  public internal(set) var rescues: Int
  /// How often it has been taken back from the dead letters.
  public internal(set) var requeues: Int
  /// Why a running task shall stop, when somebody asked for it.
  public internal(set) var cancelRequest: String?
  /// How far it is, in the words of its handler; `nil` before the first report.
  public internal(set) var progress: TaskProgress?
  /// What ended the last wait, such as an answer; `nil` where nothing was brought.
  public internal(set) var input: String?
  /// The tokens of all calls that its handler has reported; `nil` where none was.
  public internal(set) var usage: TokenUsage?
  /// Raised by one with every change.
  public internal(set) var revision: Int64
  /// The number of the last event. The first, its creation, is 1.
  public internal(set) var lastEvent: Int64

  private enum CodingKeys: String, CodingKey {
    case id
    case boxedRequest = "request"
    case createdAt, state, lease, failedAttempts, rescues, requeues, cancelRequest, progress, input, usage
    case revision, lastEvent
  }

  /// A new task, waiting for a worker.
  public init(id: TaskID, request: TaskRequest, createdAt: Timestamp) {
    self.init(
      id: id, request: request, createdAt: createdAt,
      state: .queued(TaskQueueing(since: request.notBefore ?? createdAt, notBefore: request.notBefore)))
  }

  /// A task as a store has kept it.
  package init(
    id: TaskID, request: TaskRequest, createdAt: Timestamp, state: TaskState,
    lease: LeaseNumber = LeaseNumber(rawValue: 0), failedAttempts: Int = 0, rescues: Int = 0,
    requeues: Int = 0, cancelRequest: String? = nil, progress: TaskProgress? = nil, input: String? = nil,
    usage: TokenUsage? = nil, revision: Int64 = 0, lastEvent: Int64 = 1
  ) {
    self.id = id
    boxedRequest = Boxed(request)
    self.createdAt = createdAt
    self.state = state
    self.lease = lease
    self.failedAttempts = failedAttempts
    self.rescues = rescues
    self.requeues = requeues
    self.cancelRequest = cancelRequest
    self.progress = progress
    self.input = input
    self.usage = usage
    self.revision = revision
    self.lastEvent = lastEvent
  }

  /// The event that tells of a new task.
  public var creation: TaskEvent { TaskEvent(task: id, number: 1, time: createdAt, kind: .created) }

  /// Whether nothing has happened to the task yet: only such a one may be added to a store.
  public var isNew: Bool { self == GenerationTask(id: id, request: request, createdAt: createdAt) }

  /// The number of the attempt that runs, or would be next, from 1.
  public var attempt: Int { failedAttempts + 1 }
}

extension GenerationTask {
  /// How urgent a task is beside others: a head start in the line.
  ///
  /// Tasks are claimed by the time from which they wait, minus ``headStart``. One of a lower priority that has
  /// waited longer than the difference goes first, so none starves.
  public struct Priority: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    /// From -100 to 100.
    public let rawValue: Int

    /// A priority; beyond -100 or 100 it is that.
    public init(rawValue: Int) { self.rawValue = min(max(rawValue, -100), 100) }

    /// Work that can wait an hour for what comes later.
    public static let low = Priority(rawValue: -60)
    /// The usual.
    public static let normal = Priority(rawValue: 0)
    /// Somebody waits for it: it goes before what has waited for up to an hour.
    public static let high = Priority(rawValue: 60)

    /// How much earlier than it was the task counts as having come: a minute for each step.
    public var headStart: Duration { .seconds(60 * rawValue) }

    /// Whether the left is less urgent.
    public static func < (left: Priority, right: Priority) -> Bool { left.rawValue < right.rawValue }
  }

  /// The place of a queued task in the line: the lowest is claimed first, of the same rank the lowest
  /// identifier. `nil` unless the task is queued.
  public var rank: Timestamp? {
    guard case .queued(let queueing) = state else { return nil }
    return queueing.since.advanced(by: .zero - request.priority.headStart)
  }

  /// When somebody has to look at the task although nobody works on it, or whoever does is silent: a lease, an
  /// attempt, a wait or the whole task runs out. `nil` when nothing does.
  public var alarm: Timestamp? {
    switch state {
    case .queued: request.deadline
    case .running(let hold): Self.earliest(hold.expiresAt, Self.earliest(hold.deadline, request.deadline))
    case .waiting(let wait): Self.earliest(wait.until, request.deadline)
    case .completed, .cancelled, .deadLettered: nil
    }
  }

  private static func earliest(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
  }

  /// Whether a worker may claim the task now: it is queued, due, and still of use.
  public func isClaimable(at now: Timestamp) -> Bool {
    guard case .queued(let queueing) = state else { return false }
    return (queueing.notBefore.map { $0 <= now } ?? true) && !isOverdue(at: now)
  }

  /// Whether the task's own deadline has passed.
  public func isOverdue(at now: Timestamp) -> Bool { request.deadline.map { $0 <= now } ?? false }

  /// When the task ended; `nil` while it has not.
  public var endedAt: Timestamp? {
    switch state {
    case .queued, .running, .waiting: nil
    case .completed(let result): result.finishedAt
    case .cancelled(let cancellation): cancellation.cancelledAt
    case .deadLettered(let letter): letter.failedAt
    }
  }

  /// How long the task has taken so far, or took until it ended.
  public func elapsed(at now: Timestamp) -> Duration {
    createdAt.duration(to: endedAt ?? max(now, createdAt))
  }
}
