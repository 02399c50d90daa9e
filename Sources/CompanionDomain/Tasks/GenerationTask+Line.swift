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

  /// How long the task has taken so far, or took until it ended; never negative, though clocks may go back.
  public func elapsed(at now: Timestamp) -> Duration {
    createdAt.duration(to: max(endedAt ?? now, createdAt))
  }
}
