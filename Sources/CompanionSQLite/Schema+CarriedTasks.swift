import CompanionDomain
import CompanionPorts

extension Schema {
  /// Gives every task of version 1 its place in version 2: a conversation's task, with the history that leads to
  /// the state it is in.
  ///
  /// Version 1 did not say when a task was cancelled or given up: it counts as now, so that none is removed
  /// before its time. Leases are counted anew: no worker of version 1 can write to this file any more.
  static func carryTasksOver(_ connection: Connection, at now: Timestamp) throws(StoreFailure) {
    let carried = try connection.rows(
      """
      SELECT id, session, turn, created_at, instruction, action, profile, complexity, confidence, files,
        entities, secondary, method, state, worker, lease_started_at, lease_expires_at, outcome, finished_at,
        failure, cancel_request
      FROM tasks_of_version_1 ORDER BY created_at, id
      """
    ) { row throws(StoreFailure) in
      (story: try story(from: row, at: now), failure: try row.optionalText(19))
    }
    for (story, failure) in carried { try insert(story, failure: failure, connection) }
  }

  /// A task, and how it came to where it is.
  private struct Story {
    var task: GenerationTask
    var events: [TaskEvent]

    init(_ task: GenerationTask) {
      self.task = task
      events = [task.creation]
    }

    mutating func go(_ transition: TaskTransition, at time: Timestamp) throws(StoreFailure) {
      do throws(TransitionRefusal) {
        let change = try task.applying(transition, at: time)
        task = change.task
        if let event = change.event { events.append(event) }
      } catch {
        throw .corrupt("the state of a task of version 1 cannot be: \(error)")
      }
    }
  }

  private static func story(from row: Statement, at now: Timestamp) throws(StoreFailure) -> Story {
    let request = ConversationTask(
      instruction: try row.text(4),
      intent: Intent(
        action: try row.value(5), profile: try row.value(6), complexity: try row.value(7),
        confidence: try row.real(8), files: try Coding.decode(try row.utf8(9)),
        entities: try Coding.decode(try row.utf8(10)), secondary: try Coding.decode(try row.utf8(11)),
        method: try row.value(12)))
    guard let payload = try? TaskPayload(request) else { throw .corrupt("a stored intent has no JSON form") }
    var story = Story(
      GenerationTask(
        id: try row.value(0),
        request: TaskRequest(
          kind: .conversation, payload: payload,
          requester: .conversation(try row.value(1), try row.value(2))),
        createdAt: try row.time(3)))
    // Ended tasks do not say who worked on them.
    let somebody = WorkerID(bits: 0)
    let lease = LeaseNumber(rawValue: 1)
    let name: TaskStateName = try row.value(13)
    switch name {
    case .queued: break
    case .running:
      let (start, expiry) = (try row.time(15), try row.time(16))
      try story.go(
        .claim(by: try row.value(14), leaseLength: start.duration(to: expiry), attemptLimit: nil), at: start)
      if let reason = try row.optionalText(20) { try story.go(.cancel(reason: reason), at: now) }
    case .completed:
      let end = try row.time(18)
      try story.go(.claim(by: somebody, leaseLength: .zero, attemptLimit: nil), at: end)
      try story.go(.complete(lease, text: try row.text(17), usage: nil), at: end)
    case .cancelled: try story.go(.cancel(reason: try row.text(17)), at: now)
    case .deadLettered:
      try story.go(.claim(by: somebody, leaseLength: .zero, attemptLimit: nil), at: now)
      try story.go(.reject(lease, try Coding.decode(try row.utf8(19))), at: now)
    case .waiting: throw .corrupt("a task of version 1 waits")
    }
    return story
  }

  /// In statements of its own: those of the store may come to know columns that version 2 does not have.
  private static func insert(
    _ story: Story, failure: String?, _ connection: Connection
  ) throws(StoreFailure) {
    let task = story.task
    guard case .conversation(let session, let turn) = task.request.requester else { return }
    var queuedSince: Timestamp?
    var lease: TaskLease?
    var outcome: String?
    switch task.state {
    case .queued(let queueing): queuedSince = queueing.since
    case .running(let hold): (lease, queuedSince) = (hold, hold.queuedSince)
    case .completed(let result): outcome = result.text
    case .cancelled(let cancellation): outcome = cancellation.reason
    case .deadLettered, .waiting: break
    }
    let isDead = task.state.name == .deadLettered
    try connection.run(
      """
      INSERT INTO tasks (id, kind, session, turn, priority, created_at, state, queued_since, worker, started_at,
        expires_at, outcome, failure, needs_person, ended_at, lease, failed_attempts, rescues, requeues,
        cancel_request, has_progress, revision, last_event, rank, is_ready, alarm_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?, ?, ?, ?, ?)
      """,
      [
        .text(task.id.rawValue), .text(task.request.kind.rawValue), .text(session.rawValue),
        .text(turn.rawValue), .integer(task.request.priority.rawValue), .time(task.createdAt),
        .text(task.state.name.rawValue), .optional(queuedSince), .optional(lease?.worker.rawValue),
        .optional(lease?.startedAt), .optional(lease?.expiresAt), .optional(outcome),
        .optional(isDead ? failure : nil), isDead ? .integer(0) : .null, .optional(task.endedAt),
        .integer(task.lease.rawValue), .integer(task.failedAttempts), .integer(task.rescues),
        .optional(task.cancelRequest), .integer(task.revision), .integer(task.lastEvent),
        .optional(task.rank),
        .integer(task.state.name == .queued ? 1 : 0), .optional(task.alarm),
      ])
    let key = connection.lastInsertedKey
    try connection.run(
      "INSERT INTO task_requests (task, payload_version, payload) VALUES (?, ?, ?)",
      [.integer(key), .integer(task.request.payload.version), .text(task.request.payload.json)])
    for event in story.events { try insert(event, of: key, failure: failure, connection) }
  }

  private static func insert(
    _ event: TaskEvent, of task: Int64, failure: String?, _ connection: Connection
  ) throws(StoreFailure) {
    var (start, reason): (TaskStart?, String?)
    let name: String
    switch event.kind {
    case .started(let started): (name, start) = ("started", started)
    case .completed: name = "completed"
    case .cancelRequested(let words): (name, reason) = ("cancelRequested", words)
    case .cancelled(let words): (name, reason) = ("cancelled", words)
    case .deadLettered: name = "deadLettered"
    default: name = "created"
    }
    try connection.run(
      """
      INSERT INTO task_events (task, number, time, kind, worker, lease, attempt, rescues, reason, failure)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(task), .integer(event.number), .time(event.time), .text(name),
        .optional(start?.worker.rawValue), start.map { .integer($0.lease.rawValue) } ?? .null,
        start.map { .integer($0.attempt) } ?? .null, start.map { .integer($0.rescues) } ?? .null,
        .optional(reason), .optional(name == "deadLettered" ? failure : nil),
      ])
  }
}
