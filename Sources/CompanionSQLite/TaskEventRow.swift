import CompanionDomain
import CompanionPorts

/// How an event is written to its row, and read from it.
enum TaskEventRow {
  static let insert = SQL(
    """
    INSERT INTO task_events (task, number, time, kind, worker, lease, attempt, rescues, reason, not_before,
      fraction, note, checkpoint, has_input, wait_kind, since, until, failure)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """)

  /// What reads events begins like this. The order of the join is told, for the index of the events decides.
  static let select = """
    SELECT e.position, t.id, e.number, e.time, e.kind, e.worker, e.lease, e.attempt, e.rescues, e.reason, \
    e.not_before, e.fraction, e.note, e.checkpoint, e.has_input, e.wait_kind, e.since, e.until, e.failure \
    FROM task_events e CROSS JOIN tasks t ON t.key = e.task
    """

  private enum Kind: String {
    case created, started, progressed, waiting, woken, completed, retried, released, cancelRequested
    case cancelled, deadLettered, leftToPerson, requeued
  }

  /// The values of ``insert``; those that are left out at the end are NULL.
  static func values(of event: TaskEvent, task: Int64) throws(StoreFailure) -> [SQLiteValue] {
    let (kind, details) = try columns(of: event.kind)
    return [.integer(task), .integer(event.number), .time(event.time), .text(kind.rawValue)] + details
  }

  private static func columns(
    of kind: TaskEvent.Kind
  ) throws(StoreFailure) -> (Kind, details: [SQLiteValue]) {
    switch kind {
    case .created: return (.created, [])
    case .started(let start):
      return (
        .started,
        [
          .text(start.worker.rawValue), .integer(start.lease.rawValue), .integer(start.attempt),
          .integer(start.rescues),
        ]
      )
    case .progressed(let progress):
      return (
        .progressed,
        nulls(6) + [.optional(progress.fraction), .optional(progress.note), .optional(progress.checkpoint)]
      )
    case .waiting(let wait):
      let (reason, text) = WaitKind.columns(of: wait.reason)
      return (
        .waiting,
        nulls(4) + [.text(text)] + nulls(5)
          + [.text(reason.rawValue), .time(wait.since), .optional(wait.until)]
      )
    case .woken(let hasInput): return (.woken, nulls(9) + [.integer(hasInput ? 1 : 0)])
    case .completed: return (.completed, [])
    case .retried(let failure, let notBefore):
      return (.retried, nulls(5) + [.time(notBefore)] + nulls(7) + [.utf8(try Coding.encode(failure))])
    case .released: return (.released, [])
    case .cancelRequested(let reason): return (.cancelRequested, nulls(4) + [.text(reason)])
    case .cancelled(let reason): return (.cancelled, nulls(4) + [.text(reason)])
    case .deadLettered(let failure):
      return (.deadLettered, nulls(13) + [.utf8(try Coding.encode(failure))])
    case .leftToPerson: return (.leftToPerson, [])
    case .requeued(let reason, let notBefore):
      return (.requeued, nulls(4) + [.text(reason), .time(notBefore)])
    }
  }

  private static func nulls(_ count: Int) -> [SQLiteValue] { Array(repeating: .null, count: count) }

  /// The event of a row of ``select``.
  static func event(from row: Statement) throws(StoreFailure) -> RecordedTaskEvent {
    RecordedTaskEvent(
      cursor: EventCursor(rawValue: try row.counter(0)),
      event: TaskEvent(
        task: try row.value(1), number: try row.counter(2), time: try row.time(3),
        kind: try kind(from: row)))
  }

  private static func kind(from row: Statement) throws(StoreFailure) -> TaskEvent.Kind {
    let kind: Kind = try row.value(4)
    return switch kind {
    case .created: .created
    case .started:
      .started(
        TaskStart(
          worker: try row.value(5), lease: LeaseNumber(rawValue: try row.counter(6)),
          attempt: Int(clamping: try row.counter(7)), rescues: Int(clamping: try row.counter(8))))
    case .progressed: .progressed(try row.progress(11))
    case .waiting:
      .waiting(
        TaskWait(
          reason: try row.waitReason(15, text: 9), since: try row.time(16), until: try row.optionalTime(17)))
    case .woken: .woken(hasInput: try row.flag(14))
    case .completed: .completed
    case .retried: .retried(try Coding.decode(try row.utf8(18)), notBefore: try row.time(10))
    case .released: .released
    case .cancelRequested: .cancelRequested(reason: try row.text(9))
    case .cancelled: .cancelled(reason: try row.text(9))
    case .deadLettered: .deadLettered(try Coding.decode(try row.utf8(18)))
    case .leftToPerson: .leftToPerson
    case .requeued: .requeued(reason: try row.text(9), notBefore: try row.time(10))
    }
  }
}
