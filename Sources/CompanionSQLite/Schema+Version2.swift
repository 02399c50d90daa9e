import CompanionDomain
import CompanionPorts

extension Schema {
  /// Version 2: tasks of all kinds, with their events, pauses and schedules.
  static func addTaskEvents(_ connection: Connection, at now: Timestamp) throws(StoreFailure) {
    try connection.run("ALTER TABLE tasks RENAME TO tasks_of_version_1")
    for statement in tasksWithEvents { try connection.run(statement) }
    try carryTasksOver(connection, at: now)
    try connection.run("DROP TABLE tasks_of_version_1")
  }

  /// What never changes and may be long is apart from the tasks, whose rows each transition writes anew.
  private static let tasksWithEvents = [
    """
    CREATE TABLE tasks (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      session TEXT,
      turn TEXT,
      requester TEXT,
      priority INTEGER NOT NULL,
      idempotency_key TEXT,
      deadline INTEGER,
      created_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      queued_since INTEGER,
      not_before INTEGER,
      worker TEXT,
      started_at INTEGER,
      expires_at INTEGER,
      attempt_deadline INTEGER,
      wait_kind TEXT,
      wait_text TEXT,
      waiting_since INTEGER,
      waiting_until INTEGER,
      outcome TEXT,
      failure TEXT,
      needs_person INTEGER,
      ended_at INTEGER,
      lease INTEGER NOT NULL,
      failed_attempts INTEGER NOT NULL,
      rescues INTEGER NOT NULL,
      requeues INTEGER NOT NULL,
      cancel_request TEXT,
      has_progress INTEGER NOT NULL,
      fraction REAL,
      note TEXT,
      checkpoint TEXT,
      input TEXT,
      input_tokens INTEGER,
      output_tokens INTEGER,
      cached_tokens INTEGER,
      reasoning_tokens INTEGER,
      revision INTEGER NOT NULL,
      last_event INTEGER NOT NULL,
      rank INTEGER,
      is_ready INTEGER NOT NULL,
      alarm_at INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE task_requests (
      task INTEGER PRIMARY KEY REFERENCES tasks (key) ON DELETE CASCADE,
      payload_version INTEGER NOT NULL,
      payload TEXT NOT NULL,
      metadata TEXT,
      not_before INTEGER
    ) STRICT
    """,
    "CREATE UNIQUE INDEX tasks_by_wish ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL",
    "CREATE INDEX tasks_in_line ON tasks (kind, rank, id) WHERE is_ready = 1",
    "CREATE INDEX tasks_to_come ON tasks (not_before) WHERE state = 'queued' AND is_ready = 0",
    "CREATE INDEX tasks_by_alarm ON tasks (alarm_at, id) WHERE alarm_at IS NOT NULL",
    "CREATE INDEX tasks_by_end ON tasks (state, ended_at, id) WHERE ended_at IS NOT NULL",
    "CREATE INDEX tasks_by_creation ON tasks (state, created_at, id, kind)",
    "CREATE INDEX tasks_of_sessions ON tasks (session, created_at, id) WHERE session IS NOT NULL",
    "CREATE INDEX tasks_of_requesters ON tasks (requester, created_at, id) WHERE requester IS NOT NULL",
    // AUTOINCREMENT: the place of an event that was removed is never given to another.
    """
    CREATE TABLE task_events (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      task INTEGER NOT NULL REFERENCES tasks (key) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      time INTEGER NOT NULL,
      kind TEXT NOT NULL,
      worker TEXT,
      lease INTEGER,
      attempt INTEGER,
      rescues INTEGER,
      reason TEXT,
      not_before INTEGER,
      fraction REAL,
      note TEXT,
      checkpoint TEXT,
      has_input INTEGER,
      wait_kind TEXT,
      since INTEGER,
      until INTEGER,
      failure TEXT,
      UNIQUE (task, number)
    ) STRICT
    """,
    "CREATE TABLE schedules (id TEXT NOT NULL PRIMARY KEY, next_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    // The empty kind, which no task has, stands for all.
    "CREATE TABLE pauses (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID",
  ]
}
