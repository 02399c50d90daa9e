public import CompanionDomain

/// Where background tasks are kept.
///
/// Tasks come in and change through ``ChangeStore/commit(_:)``. A store takes durations and returns instants:
/// leases and due times are told by the store's clock alone, so that processes whose clocks differ agree.
public protocol TaskStore: ChangeStore {
  /// A task, or `nil`.
  func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask?

  /// The task that was asked for under an idempotency key, or `nil`.
  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask?

  /// Tasks by their time of creation, newest first; of the same time, by identifier, highest first.
  ///
  /// - Parameters:
  ///   - filter: which tasks.
  ///   - limit: the most tasks; below one gives none.
  func tasks(matching filter: TaskFilter, limit: Int) async throws(StoreFailure) -> [GenerationTask]

  /// How many tasks there are of each kind in each state.
  func taskStatistics() async throws(StoreFailure) -> TaskStatistics

  /// Applies ``TaskTransition/claim(by:leaseLength:attemptLimit:)`` to the claimable tasks of the lowest
  /// ``GenerationTask/rank``, as far as there is room for their kinds and these are not paused, and stores the
  /// outcome. Each is claimed by one caller alone, in whatever process.
  ///
  /// - Returns: the claimed tasks, by their rank, of the same rank by identifier, lowest first.
  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks

  /// The tasks whose ``GenerationTask/alarm`` has come, those whose came first before the others.
  ///
  /// - Parameter limit: the most tasks; below one gives none.
  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks

  /// The events of tasks in the order in which they were stored.
  ///
  /// - Parameters:
  ///   - cursor: only events after it.
  ///   - task: only its events; `nil` for those of all tasks.
  ///   - limit: the most events; below one gives none.
  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent]

  /// The place of the newest event; ``EventCursor/start`` where there is none.
  func lastTaskEvent() async throws(StoreFailure) -> EventCursor

  /// The kinds of which no task is claimed.
  func pausedTasks() async throws(StoreFailure) -> TaskPause

  /// The next occurrence of a schedule that has not become a task yet; `nil` for a schedule that is not known.
  func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp?

  /// Removes tasks that ended long ago, with their events and idempotency keys; the oldest first.
  ///
  /// - Parameters:
  ///   - finishedFor: for how long completed and cancelled tasks are kept.
  ///   - deadFor: for how long dead letters are kept.
  ///   - limit: the most tasks that are removed by this call; below one removes none.
  /// - Returns: how many were removed.
  func pruneTasks(finishedFor: Duration, deadFor: Duration, limit: Int) async throws(StoreFailure) -> Int

  /// Says that tasks, their pauses or schedules may have changed, in this process or another. Of a renewed
  /// lease it need not tell.
  ///
  /// What comes while the consumer is busy counts as one. It says nothing of what was before the call, and may
  /// say too much, but never too little.
  func taskChanges() -> AsyncStream<Void>
}

/// Which tasks are listed; what is not given does not matter.
public struct TaskFilter: Hashable, Sendable {
  /// Only tasks in these states.
  public var states: Set<TaskStateName>
  /// Only tasks of this kind.
  public var kind: TaskKind?
  /// Only tasks that this conversation asked for.
  public var session: SessionID?
  /// Only tasks that somebody of this name asked for.
  public var requester: RequesterID?
  /// Only tasks that come after this one in the listing, to page on.
  public var after: TaskID?

  /// A filter of these parts.
  public init(
    states: Set<TaskStateName> = Set(TaskStateName.allCases), kind: TaskKind? = nil,
    session: SessionID? = nil, requester: RequesterID? = nil, after: TaskID? = nil
  ) {
    self.states = states
    self.kind = kind
    self.session = session
    self.requester = requester
    self.after = after
  }
}

/// How many tasks there are.
public struct TaskStatistics: Hashable, Sendable {
  /// The number of tasks of each kind in each state; a kind or a state without tasks is not in it.
  public var counts: [TaskKind: [TaskStateName: Int]]
  /// From when the task that has waited longest in the line has been waiting; `nil` where none is queued.
  public var oldestQueued: Timestamp?

  /// Statistics of these parts.
  public init(counts: [TaskKind: [TaskStateName: Int]] = [:], oldestQueued: Timestamp? = nil) {
    self.counts = counts
    self.oldestQueued = oldestQueued
  }

  /// The number of tasks in a state, of one kind or of all.
  public func count(_ state: TaskStateName, of kind: TaskKind? = nil) -> Int {
    if let kind { return counts[kind]?[state] ?? 0 }
    return counts.values.reduce(0) { $0 + ($1[state] ?? 0) }
  }
}

/// What a worker has room for.
public struct TaskClaim: Hashable, Sendable {
  /// The room for one kind.
  public struct Room: Hashable, Sendable {
    /// The most tasks; below one claims none.
    public var limit: Int
    /// How long an attempt may take; `nil` for as long as it wants.
    public var attemptLimit: Duration?

    /// Room for so many tasks.
    public init(limit: Int = .max, attemptLimit: Duration? = nil) {
      self.limit = limit
      self.attemptLimit = attemptLimit
    }
  }

  /// Who claims.
  public var worker: WorkerID
  /// The most tasks of all kinds together; below one claims none.
  public var limit: Int
  /// How long a claimed task is held without a sign of life.
  public var leaseLength: Duration
  /// The room for the kinds that are named.
  public var kinds: [TaskKind: Room]
  /// The room for each kind that is not named; `nil` leaves those to others.
  public var others: Room?

  /// A claim; of whatever kind, unless said otherwise.
  public init(
    worker: WorkerID, limit: Int, leaseLength: Duration, kinds: [TaskKind: Room] = [:],
    others: Room? = Room()
  ) {
    self.worker = worker
    self.limit = limit
    self.leaseLength = leaseLength
    self.kinds = kinds
    self.others = others
  }

  /// The room for a kind; `nil` when it is left to others.
  public func room(for kind: TaskKind) -> Room? { kinds[kind] ?? others }
}

/// What a claim has taken.
public struct ClaimedTasks: Hashable, Sendable {
  /// The tasks as they are now, and the events that tell of it.
  public var changes: [TaskChange]
  /// The time by the store's clock.
  public var now: Timestamp
  /// When the next queued task is due that was not yet, whatever its kind; `nil` when there is none. One that
  /// is due and was left is not meant.
  public var nextDue: Timestamp?

  /// What a claim has taken.
  public init(changes: [TaskChange], now: Timestamp, nextDue: Timestamp?) {
    self.changes = changes
    self.now = now
    self.nextDue = nextDue
  }
}

/// The tasks that somebody has to look at.
public struct OverdueTasks: Hashable, Sendable {
  /// The tasks whose alarm has come.
  public var tasks: [GenerationTask]
  /// The time by the store's clock.
  public var now: Timestamp
  /// The first alarm that has not come; `nil` when there is none.
  public var nextAlarm: Timestamp?

  /// Tasks that somebody has to look at.
  public init(tasks: [GenerationTask], now: Timestamp, nextAlarm: Timestamp?) {
    self.tasks = tasks
    self.now = now
    self.nextAlarm = nextAlarm
  }
}

/// A place among the events of all tasks, in the order in which they were stored.
public struct EventCursor: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// A number that only grows; it may leave gaps.
  public let rawValue: Int64

  /// The place of this number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Before the first event.
  public static let start = EventCursor(rawValue: 0)

  /// Whether the left place is the earlier one.
  public static func < (left: EventCursor, right: EventCursor) -> Bool { left.rawValue < right.rawValue }
}

/// An event, and its place among all.
public struct RecordedTaskEvent: Hashable, Sendable {
  /// Its place.
  public var cursor: EventCursor
  /// What happened.
  public var event: TaskEvent

  /// An event at a place.
  public init(cursor: EventCursor, event: TaskEvent) {
    self.cursor = cursor
    self.event = event
  }
}

/// What is paused: no task of it is claimed. What runs goes on.
public struct TaskPause: Hashable, Sendable {
  /// Whether everything is.
  public var all: Bool
  /// The kinds that are, whether or not everything is.
  public var kinds: Set<TaskKind>

  /// A pause of these parts.
  public init(all: Bool = false, kinds: Set<TaskKind> = []) {
    self.all = all
    self.kinds = kinds
  }

  /// Whether tasks of a kind are paused.
  public func covers(_ kind: TaskKind) -> Bool { all || kinds.contains(kind) }
}
