import CompanionDomain
import CompanionPorts

extension TaskRow {
  /// What may change while a task lives, in the order of ``mutableValues(of:at:)``.
  private static let mutable = """
    state, queued_since, not_before, worker, started_at, expires_at, attempt_deadline, wait_kind, wait_text, \
    waiting_since, waiting_until, outcome, failure, needs_person, ended_at, lease, failed_attempts, rescues, \
    requeues, cancel_request, has_progress, fraction, note, checkpoint, input, input_tokens, output_tokens, \
    cached_tokens, reasoning_tokens, revision, last_event, rank, is_ready, alarm_at
    """
  private static let mutableCount = 34

  private static let fixed = """
    id, kind, session, turn, requester, priority, idempotency_key, deadline, created_at
    """
  private static let fixedCount = 9

  static let insert = SQL(
    """
    INSERT INTO tasks (\(fixed), \(mutable)) VALUES (\(places(fixedCount + mutableCount)))
    ON CONFLICT DO NOTHING
    """)
  static let insertRequest = SQL(
    """
    INSERT INTO task_requests (task, payload_version, payload, metadata, not_before) VALUES (?, ?, ?, ?, ?)
    """)
  static let update = SQL(
    "UPDATE tasks SET (\(mutable)) = (\(places(mutableCount))) WHERE key = ? AND revision = ?")

  /// The values of ``insert``.
  static func values(of task: GenerationTask, at now: Timestamp) throws(StoreFailure) -> [SQLiteValue] {
    let request = task.request
    var session: SessionID?
    var turn: TurnID?
    var requester: RequesterID?
    switch request.requester {
    case .conversation(let id, let number): (session, turn) = (id, number)
    case .named(let name): requester = name
    }
    let values: [SQLiteValue] = [
      .text(task.id.rawValue), .text(request.kind.rawValue), .optional(session?.rawValue),
      .optional(turn?.rawValue), .optional(requester?.rawValue), .integer(request.priority.rawValue),
      .optional(request.idempotencyKey), .optional(request.deadline), .time(task.createdAt),
    ]
    return values + (try mutableValues(of: task, at: now))
  }

  /// The values of ``insertRequest``.
  static func requestValues(of request: TaskRequest, task: Int64) throws(StoreFailure) -> [SQLiteValue] {
    [
      .integer(task), .integer(request.payload.version), .text(request.payload.json),
      request.metadata.isEmpty ? .null : .utf8(try Coding.encode(request.metadata)),
      .optional(request.notBefore),
    ]
  }

  /// Stores the usual way of a task, from the line to a worker and to its result, at half the cost.
  static let shortUpdate = SQL(
    """
    UPDATE tasks SET (state, queued_since, not_before, worker, started_at, expires_at, attempt_deadline, outcome,
      ended_at, lease, revision, last_event, rank, is_ready, alarm_at)
    = (\(places(15))) WHERE key = ? AND revision = ?
    """)

  /// The values of ``shortUpdate``; `nil` when more has changed than it stores.
  static func shortUpdateValues(
    of task: GenerationTask, key: Int64, replacing old: GenerationTask, at now: Timestamp
  ) -> [SQLiteValue]? {
    guard old.state.isUsual, task.failedAttempts == old.failedAttempts, task.rescues == old.rescues,
      task.requeues == old.requeues, task.cancelRequest == old.cancelRequest,
      task.progress == old.progress, task.input == old.input, task.usage == old.usage
    else { return nil }
    var values: [SQLiteValue] = []
    values.reserveCapacity(17)
    values.append(.text(task.state.name.rawValue))
    switch task.state {
    case .queued(let queueing):
      values += [
        .time(queueing.since), .optional(queueing.notBefore), .null, .null, .null, .null, .null, .null,
      ]
    case .running(let hold):
      values += [
        .time(hold.queuedSince), .null, .text(hold.worker.rawValue), .time(hold.startedAt),
        .time(hold.expiresAt), .optional(hold.deadline), .null, .null,
      ]
    case .completed(let result):
      values += [.null, .null, .null, .null, .null, .null, .text(result.text), .time(result.finishedAt)]
    case .waiting, .cancelled, .deadLettered: return nil
    }
    values += [
      .integer(task.lease.rawValue), .integer(task.revision), .integer(task.lastEvent), .optional(task.rank),
      .integer(isReady(task, at: now) ? 1 : 0), .optional(task.alarm), .integer(key), .integer(old.revision),
    ]
    return values
  }

  /// The values of ``update``.
  static func updateValues(
    of task: GenerationTask, key: Int64, replacing revision: Int64, at now: Timestamp
  ) throws(StoreFailure) -> [SQLiteValue] {
    var values = try mutableValues(of: task, at: now)
    values.append(.integer(key))
    values.append(.integer(revision))
    return values
  }

  private static func mutableValues(
    of task: GenerationTask, at now: Timestamp
  ) throws(StoreFailure) -> [SQLiteValue] {
    var values: [SQLiteValue] = []
    values.reserveCapacity(mutableCount + fixedCount)
    try append(task.state, to: &values)
    let progress = task.progress
    let usage = task.usage
    values += [
      .integer(task.lease.rawValue), .integer(task.failedAttempts), .integer(task.rescues),
      .integer(task.requeues), .optional(task.cancelRequest), .integer(progress == nil ? 0 : 1),
      .optional(progress?.fraction), .optional(progress?.note), .optional(progress?.checkpoint),
      .optional(task.input?.stored), .optional(usage?.input), .optional(usage?.output),
      .optional(usage?.cachedInput), .optional(usage?.reasoning), .integer(task.revision),
      .integer(task.lastEvent), .optional(task.rank), .integer(isReady(task, at: now) ? 1 : 0),
      .optional(task.alarm),
    ]
    return values
  }

  /// Whether the task stands in the line, or will when its time has come.
  private static func isReady(_ task: GenerationTask, at now: Timestamp) -> Bool {
    guard case .queued(let queueing) = task.state else { return false }
    return queueing.notBefore.map { $0 <= now } ?? true
  }

  /// Appends the values of `state` to `ended_at`.
  private static func append(_ state: TaskState, to values: inout [SQLiteValue]) throws(StoreFailure) {
    values.append(.text(state.name.rawValue))
    switch state {
    case .queued(let queueing):
      values += [.time(queueing.since), .optional(queueing.notBefore)]
      values += repeatElement(.null, count: 12)
    case .running(let hold):
      values += [
        .time(hold.queuedSince), .null, .text(hold.worker.rawValue), .time(hold.startedAt),
        .time(hold.expiresAt), .optional(hold.deadline),
      ]
      values += repeatElement(.null, count: 8)
    case .waiting(let wait):
      let (kind, text) = WaitKind.columns(of: wait.reason)
      values += repeatElement(.null, count: 6)
      values += [.text(kind.rawValue), .text(text), .time(wait.since), .optional(wait.until)]
      values += repeatElement(.null, count: 4)
    case .completed(let result):
      values += repeatElement(.null, count: 10)
      values += [.text(result.text), .null, .null, .time(result.finishedAt)]
    case .cancelled(let cancellation):
      values += repeatElement(.null, count: 10)
      values += [.text(cancellation.reason), .null, .null, .time(cancellation.cancelledAt)]
    case .deadLettered(let letter):
      values += repeatElement(.null, count: 11)
      values += [
        .utf8(try Coding.encode(letter.failure)), .integer(letter.needsPerson ? 1 : 0),
        .time(letter.failedAt),
      ]
    }
  }

  private static func places(_ count: Int) -> String {
    repeatElement("?", count: count).joined(separator: ", ")
  }
}

extension TaskState {
  /// Whether the columns of waits, failures and reviews are empty.
  fileprivate var isUsual: Bool {
    switch self {
    case .queued, .running, .completed: true
    case .waiting, .cancelled, .deadLettered: false
    }
  }
}
