public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// Events after a place; only those are read.
  public func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await readers.read { connection throws(StoreFailure) in
      let limit = SQLiteValue.integer(max(0, limit))
      guard let task else {
        return try connection.rows(
          "\(TaskEventRow.select) WHERE e.position > ? ORDER BY e.position LIMIT ?",
          [.integer(cursor.rawValue), limit], read: TaskEventRow.event)
      }
      // Their numbers, which an index has, are in the order of their places. A cursor is mostly that of one of
      // the task's own events, so that those before it are not looked at.
      return try connection.rows(
        """
        \(TaskEventRow.select) WHERE e.task = (SELECT key FROM tasks WHERE id = ?1) AND +e.position > ?2
        AND e.number > coalesce((SELECT number FROM task_events
          WHERE position = ?2 AND task = (SELECT key FROM tasks WHERE id = ?1)), 0)
        ORDER BY e.number LIMIT ?3
        """,
        [.text(task.rawValue), .integer(cursor.rawValue), limit], read: TaskEventRow.event)
    }
  }

  /// The place of the newest event: one lookup.
  public func lastTaskEvent() async throws(StoreFailure) -> EventCursor {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row("SELECT position FROM task_events ORDER BY position DESC LIMIT 1") {
        row throws(StoreFailure) in EventCursor(rawValue: try row.counter(0))
      } ?? .start
    }
  }
}
