public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A task, or `nil`: one lookup in an index.
  public func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "\(TaskRow.select) WHERE t.id = ?", [.text(id.rawValue)], read: TaskRow.task)
    }
  }

  /// The task of an idempotency key, or `nil`: one lookup in an index.
  public func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "\(TaskRow.select) WHERE t.idempotency_key = ?", [.text(idempotencyKey)], read: TaskRow.task)
    }
  }

  /// The newest tasks that match. What is read is those, and others of the same session, requester or states
  /// between them.
  public func tasks(
    matching filter: TaskFilter, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    let listing = TaskListing(filter, limit: limit)
    guard let sql = listing.sql else { return [] }
    return try await readers.read { connection throws(StoreFailure) in
      try connection.rows(sql, listing.values, read: TaskRow.task)
    }
  }

  /// How many tasks there are, counted in an index.
  public func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        var statistics = TaskStatistics()
        let counts = try connection.rows(
          "SELECT kind, state, count(*) FROM tasks INDEXED BY tasks_by_creation GROUP BY state, kind"
        ) { row throws(StoreFailure) in
          (try row.value(0) as TaskKind, try row.value(1) as TaskStateName, try row.counter(2))
        }
        for (kind, state, count) in counts {
          statistics.counts[kind, default: [:]][state] = Int(clamping: count)
        }
        statistics.oldestQueued =
          try connection.row(
            "SELECT min(queued_since) FROM tasks WHERE state = 'queued'"
          ) { row throws(StoreFailure) in try row.optionalTime(0) } ?? nil
        return statistics
      }
    }
  }

  /// The tasks whose alarm has come, and the next alarm, in an index and of one moment.
  public func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    let time = time
    return try await readers.read { connection throws(StoreFailure) in
      try connection.snapshot { () throws(StoreFailure) in
        let now = time.now
        let tasks = try connection.rows(
          "\(TaskRow.select) WHERE t.alarm_at <= ? ORDER BY t.alarm_at, t.id LIMIT ?",
          [.time(now), .integer(max(0, limit))], read: TaskRow.task)
        let next = try connection.row(
          "SELECT alarm_at FROM tasks WHERE alarm_at > ? ORDER BY alarm_at LIMIT 1", [.time(now)]
        ) { row throws(StoreFailure) in try row.time(0) }
        return OverdueTasks(tasks: tasks, now: now, nextAlarm: next)
      }
    }
  }

  /// The kinds of which no task is claimed.
  public func pausedTasks() async throws(StoreFailure) -> TaskPause {
    try await readers.read { connection throws(StoreFailure) in
      var pause = TaskPause()
      _ = try connection.rows("SELECT kind FROM pauses") { row throws(StoreFailure) in try pause.add(row) }
      return pause
    }
  }

  /// The next occurrence of a schedule: one lookup in an index.
  public func nextOccurrence(of schedule: ScheduleID) async throws(StoreFailure) -> Timestamp? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row("SELECT next_at FROM schedules WHERE id = ?", [.text(schedule.rawValue)]) {
        row throws(StoreFailure) in try row.time(0)
      }
    }
  }

  /// Says that tasks, their pauses or schedules may have changed; in other processes too where the store has
  /// a watcher. It ends when the store is closed.
  public func taskChanges() -> AsyncStream<Void> { writer.listeners.tasks.stream() }
}
