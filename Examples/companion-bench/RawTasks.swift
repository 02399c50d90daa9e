import CSQLite
import CompanionKit

/// The statements with which the SQLite store creates, claims and completes a task, run by hand with the C API:
/// what is left of the store's time is the library's own.
enum RawTasks {
  private static let state = """
    state, queued_since, not_before, worker, started_at, expires_at, attempt_deadline, wait_kind, wait_text, \
    waiting_since, waiting_until, outcome, failure, needs_person, ended_at, lease, failed_attempts, rescues, \
    requeues, cancel_request, has_progress, fraction, note, checkpoint, input, input_tokens, output_tokens, \
    cached_tokens, reasoning_tokens, revision, last_event, rank, is_ready, alarm_at
    """
  private static let identity = """
    id, kind, session, turn, requester, priority, idempotency_key, deadline, created_at
    """

  /// How many tasks a second, on a file that the store has made.
  static func perSecond(in path: String, count: Int) throws -> (create: Double, work: Double) {
    var database: OpaquePointer?
    guard
      unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK
    else { throw BenchmarkError(message: "cannot open \(path)") }
    defer { unsafe sqlite3_close(database) }
    for pragma in ["synchronous = NORMAL", "foreign_keys = ON"] {
      try unsafe RawStatement("PRAGMA \(pragma)", on: database).run()
    }
    let loop = try unsafe Loop(database)
    let clock = ContinuousClock()
    let creation = try clock.measure { for number in 1...count { try loop.create(number) } }
    let work = try clock.measure { for _ in 1...count { try loop.claimAndComplete() } }
    let rate = { (time: Duration) in Double(count) / (time.milliseconds / 1000) }
    return (rate(creation), rate(work))
  }

  private static func places(_ count: Int) -> String {
    Array(repeating: "?", count: count).joined(separator: ", ")
  }

  private struct Loop {
    let begin, commit, version, insert, insertRequest, due, kind, line, read, update, event: RawStatement
    private let now = SystemTimeSource().now.nanosecondsSinceEpoch

    init(_ database: OpaquePointer?) throws {
      let prepare = { (sql: String) in try unsafe RawStatement(sql, on: database) }
      begin = try prepare("BEGIN IMMEDIATE")
      commit = try prepare("COMMIT")
      version = try prepare("PRAGMA data_version")
      insert = try prepare(
        "INSERT INTO tasks (\(identity), \(state)) VALUES (\(places(43))) ON CONFLICT DO NOTHING")
      insertRequest = try prepare(
        "INSERT INTO task_requests (task, payload_version, payload, metadata, not_before) VALUES (?, ?, ?, ?, ?)"
      )
      due = try prepare(
        """
        SELECT not_before FROM tasks INDEXED BY tasks_to_come WHERE state = 'queued' AND is_ready = 0
        ORDER BY not_before LIMIT 1
        """)
      kind = try prepare(
        "SELECT kind FROM tasks INDEXED BY tasks_in_line WHERE is_ready = 1 AND kind > ? ORDER BY kind LIMIT 1"
      )
      line = try prepare(
        """
        SELECT key, rank, id, deadline, not_before FROM tasks INDEXED BY tasks_in_line
        WHERE is_ready = 1 AND kind = ? ORDER BY rank, id LIMIT 1
        """)
      read = try prepare(
        """
        SELECT t.key, \(identity), \(state), r.payload_version, r.payload, r.metadata, r.not_before
        FROM tasks t LEFT JOIN task_requests r ON r.task = t.key WHERE t.key = ?
        """.replacing("not_before, worker", with: "t.not_before, worker"))
      update = try prepare(
        """
        UPDATE tasks SET (state, queued_since, not_before, worker, started_at, expires_at, attempt_deadline, outcome,
          ended_at, lease, revision, last_event, rank, is_ready, alarm_at)
        = (\(places(15))) WHERE key = ? AND revision = ?
        """)
      event = try prepare(
        """
        INSERT INTO task_events (task, number, time, kind, worker, lease, attempt, rescues, reason, not_before,
          fraction, note, checkpoint, has_input, wait_kind, since, until, failure)
        VALUES (\(places(18)))
        """)
    }

    func create(_ number: Int) throws {
      try begin.run()
      try version.run()
      let id = TaskID(bits: UInt128(number)).rawValue
      let time = now + Int64(number) * 1_000
      try insert.run(
        [
          .text(id), .text("bench"), .null, .null, .text(RequesterID(bits: 1).rawValue), .integer(0), .null,
          .null, .integer(time),
        ] + queued(at: time))
      try insertRequest.run([
        .integer(Int64(number)), .integer(1), .text(TasksSuite.payload.json), .null, .null,
      ])
      try event.run([.integer(Int64(number)), .integer(1), .integer(now), .text("created")] + nulls(14))
      try commit.run()
    }

    func claimAndComplete() throws {
      let worker = RawStatement.Value.text(WorkerID(bits: 1).rawValue)
      try begin.run()
      try version.run()
      try due.run()
      try kind.run([.text("")])
      try kind.run([.text("bench")])
      let key = try line.run([.text("bench")])
      guard key > 0 else { throw BenchmarkError(message: "a task was not there to be claimed") }
      try read.run([.integer(key)])
      let lease = now + 90_000_000_000
      try update.run([
        .text("running"), .integer(now), .null, worker, .integer(now), .integer(lease), .null, .null, .null,
        .integer(1), .integer(1), .integer(2), .null, .integer(0), .integer(lease), .integer(key),
        .integer(0),
      ])
      try event.run(
        [
          .integer(key), .integer(2), .integer(now), .text("started"), worker, .integer(1), .integer(1),
          .integer(0),
        ] + nulls(10))
      try commit.run()

      try begin.run()
      try version.run()
      try update.run(
        [.text("completed")] + nulls(6)
          + [
            .text(TasksSuite.result), .integer(now), .integer(1), .integer(2), .integer(3), .null,
            .integer(0),
            .null, .integer(key), .integer(1),
          ])
      try event.run([.integer(key), .integer(3), .integer(now), .text("completed")] + nulls(14))
      try commit.run()
    }

    /// The values of all columns of a queued task's state, of which most are NULL.
    private func queued(at time: Int64) -> [RawStatement.Value] {
      [.text("queued"), .integer(time)] + nulls(13) + [
        .integer(0), .integer(0), .integer(0), .integer(0), .null,
      ]
        + [.integer(0)] + nulls(8) + [.integer(0), .integer(1), .integer(time), .integer(1), .null]
    }

    private func nulls(_ count: Int) -> [RawStatement.Value] { Array(repeating: .null, count: count) }
  }
}
