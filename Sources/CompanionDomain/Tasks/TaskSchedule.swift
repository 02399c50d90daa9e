/// Work that is to be done again and again: every occurrence becomes a task.
///
/// A value that the host declares at every start under the same ``id``. What a store keeps of it is only its
/// next occurrence. When its ``recurrence`` changes, the occurrence that is stored still stands, and the new
/// ones follow it; under a new ``id`` they apply at once.
public struct TaskSchedule: Hashable, Sendable {
  /// What becomes of occurrences during which no process ran.
  public enum MissedOccurrences: Hashable, Sendable {
    /// The latest becomes a task as soon as a process runs, and stands for all before it.
    case runOnce
    /// None becomes a task.
    case skip
  }

  /// An occurrence later than this has been missed.
  public static let patience: Duration = .seconds(60)

  /// Its name, in every process and after every restart.
  public var id: ScheduleID
  /// When it comes.
  public var recurrence: TaskRecurrence
  /// Which handler does it.
  public var kind: TaskKind
  /// What that handler is given.
  public var payload: TaskPayload
  /// For whom.
  public var requester: TaskRequester
  /// How urgent its tasks are beside others.
  public var priority: GenerationTask.Priority
  /// The host's own notes, as each of its tasks gets them.
  public var metadata: [String: String]
  /// What becomes of occurrences during which no process ran.
  public var missed: MissedOccurrences

  /// A schedule; what is not given is the usual.
  public init(
    id: ScheduleID,
    recurrence: TaskRecurrence,
    kind: TaskKind,
    payload: TaskPayload,
    requester: TaskRequester,
    priority: GenerationTask.Priority = .normal,
    metadata: [String: String] = [:],
    missed: MissedOccurrences = .runOnce
  ) {
    self.id = id
    self.recurrence = recurrence
    self.kind = kind
    self.payload = payload
    self.requester = requester
    self.priority = priority
    self.metadata = metadata
    self.missed = missed
  }

  /// What is asked for at an occurrence.
  ///
  /// Its idempotency key names the schedule and the occurrence, so that several processes, and a clock that is
  /// put back, make one task of it.
  public func request(for occurrence: Timestamp) -> TaskRequest {
    TaskRequest(
      kind: kind, payload: payload, requester: requester, priority: priority, metadata: metadata,
      idempotencyKey: "schedule/\(id)/\(occurrence.nanosecondsSinceEpoch)")
  }

  /// What is to be done about a schedule at a time.
  ///
  /// A schedule that is seen for the first time fires nothing. Otherwise the latest occurrence from the stored
  /// one up to now fires, unless it is later than ``patience`` and missed ones are skipped; those before it
  /// never do.
  ///
  /// - Parameters:
  ///   - next: the occurrence that is stored as its next; `nil` for none.
  ///   - now: the time by the store's clock.
  /// - Complexity: some dozens of steps, however long no process ran.
  public func due(next: Timestamp?, at now: Timestamp) -> ScheduleAdvance {
    guard let next else { return ScheduleAdvance(occurrence: nil, next: recurrence.next(after: now)) }
    guard next <= now else { return ScheduleAdvance(occurrence: nil, next: next) }
    let latest = recurrence.latest(from: next, through: now)
    let isMissed = latest.duration(to: now) > Self.patience
    return ScheduleAdvance(
      occurrence: isMissed && missed == .skip ? nil : latest, next: recurrence.next(after: now))
  }
}

/// How a ``TaskSchedule`` goes on.
public struct ScheduleAdvance: Hashable, Sendable {
  /// The occurrence that becomes a task now; `nil` for none.
  public var occurrence: Timestamp?
  /// What is to be stored as the next occurrence; `nil` when there is none before the end of time.
  public var next: Timestamp?

  /// An advance of these parts.
  public init(occurrence: Timestamp?, next: Timestamp?) {
    self.occurrence = occurrence
    self.next = next
  }
}
