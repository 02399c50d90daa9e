import CompanionDomain
import CompanionPorts

extension Schema {
  /// Gives every task of version 1 its place in version 2: a conversation's task, whose history begins with
  /// its creation.
  ///
  /// Version 1 did not say when a task was cancelled or given up: it counts as now, so that none is removed
  /// before its time.
  static func carryTasksOver(_ connection: Connection, at now: Timestamp) throws(StoreFailure) {
    let carried = try connection.rows(
      """
      SELECT id, session, turn, created_at, instruction, action, profile, complexity, confidence, files,
        entities, secondary, method, state, worker, lease_started_at, lease_expires_at, outcome, finished_at,
        failure, lease, rescues, cancel_request, revision
      FROM tasks_of_version_1 ORDER BY created_at, id
      """
    ) { row throws(StoreFailure) in (task: try task(from: row, at: now), failure: try row.optionalText(19)) }
    for (task, failure) in carried { try insert(task, failure: failure, connection) }
  }

  private static func task(from row: Statement, at now: Timestamp) throws(StoreFailure) -> GenerationTask {
    let request = ConversationTask(
      instruction: try row.text(4),
      intent: Intent(
        action: try row.value(5), profile: try row.value(6), complexity: try row.value(7),
        confidence: try row.real(8), files: try Coding.decode(try row.utf8(9)),
        entities: try Coding.decode(try row.utf8(10)), secondary: try Coding.decode(try row.utf8(11)),
        method: try row.value(12)))
    guard let payload = try? TaskPayload(request) else { throw .corrupt("a stored intent has no JSON form") }
    let rescues = Int(clamping: try row.counter(21))
    let state = try state(from: row, at: now)
    return GenerationTask(
      id: try row.value(0),
      request: TaskRequest(
        kind: .conversation, payload: payload,
        requester: .conversation(try row.value(1), try row.value(2))),
      createdAt: try row.time(3), state: state, lease: LeaseNumber(rawValue: try row.counter(20)),
      failedAttempts: rescues, rescues: rescues, cancelRequest: try row.optionalText(22),
      revision: try row.counter(23))
  }

  private static func state(from row: Statement, at now: Timestamp) throws(StoreFailure) -> TaskState {
    let name: TaskStateName = try row.value(13)
    switch name {
    case .queued: return .queued(TaskQueueing(since: try row.time(3)))
    case .running:
      return .running(
        TaskLease(
          worker: try row.value(14), queuedSince: try row.time(3), startedAt: try row.time(15),
          expiresAt: try row.time(16)))
    case .completed:
      return .completed(TaskResult(text: try row.text(17), finishedAt: try row.time(18)))
    case .cancelled:
      return .cancelled(TaskCancellation(reason: try row.text(17), cancelledAt: now))
    case .deadLettered:
      return .deadLettered(DeadLetter(failure: try Coding.decode(try row.utf8(19)), failedAt: now))
    case .waiting: throw .corrupt("a task of version 1 waits")
    }
  }

  /// In statements of its own: those of the store may come to know columns that version 2 does not have.
  private static func insert(
    _ task: GenerationTask, failure: String?, _ connection: Connection
  ) throws(StoreFailure) {
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
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?, 1, ?, ?, ?)
      """,
      [
        .text(task.id.rawValue), .text(task.request.kind.rawValue), .text(session.rawValue),
        .text(turn.rawValue), .integer(task.request.priority.rawValue), .time(task.createdAt),
        .text(task.state.name.rawValue), .optional(queuedSince), .optional(lease?.worker.rawValue),
        .optional(lease?.startedAt), .optional(lease?.expiresAt), .optional(outcome),
        .optional(isDead ? failure : nil), isDead ? .integer(0) : .null, .optional(task.endedAt),
        .integer(task.lease.rawValue), .integer(task.failedAttempts), .integer(task.rescues),
        .optional(task.cancelRequest), .integer(task.revision), .optional(task.rank),
        .integer(task.state.name == .queued ? 1 : 0), .optional(task.alarm),
      ])
    let key = connection.lastInsertedKey
    try connection.run(
      "INSERT INTO task_requests (task, payload_version, payload) VALUES (?, ?, ?)",
      [.integer(key), .integer(task.request.payload.version), .text(task.request.payload.json)])
    try connection.run(
      "INSERT INTO task_events (task, number, time, kind) VALUES (?, 1, ?, 'created')",
      [.integer(key), .time(task.createdAt)])
  }
}
