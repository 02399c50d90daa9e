import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `A SQLite file of version 1` {
  @Test func `opens with its conversations and its tasks`() async throws {
    try await withDatabase { path in
      try versionOne(path)
      let store = try await open(path)
      #expect(try await store.session(chat.id)?.lastSequence == .zero)
      #expect(try await store.allTasks().map(\.id) == (1...5).reversed().map { identifier($0) })
      for task in try await store.allTasks() {
        let carried: ConversationTask = try task.request.payload.decode()
        #expect(carried == ConversationTask(instruction: "sum \"up\"", intent: intent))
        #expect(task.request.kind == .conversation)
        #expect(task.request.requester == .conversation(chat.id, identifier(1)))
        // As if version 2 had brought it to where it is.
        let events = try await store.taskEvents(after: .start, of: task.id, limit: 9).map(\.event)
        #expect(events.first == task.creation && events.count == Int(task.lastEvent))
        #expect(TaskHistory.firstFlaw(in: events) == nil)
      }
      try await store.checkIntegrity()
      await store.close()
      #expect(try await open(path).allTasks().count == 5)
    }
  }

  @Test func `gives its tasks the states that they had`() async throws {
    try await withDatabase { path in
      try versionOne(path)
      let store = try await open(path)
      let now = StoppedClock().now
      let states = try await store.allTasks().reversed().map(\.state)
      #expect(states[0] == .queued(TaskQueueing(since: at(1))))
      #expect(
        states[1]
          == .running(
            TaskLease(worker: identifier(9), queuedSince: at(2), startedAt: at(20), expiresAt: at(50))))
      #expect(states[2] == .completed(TaskResult(text: "done", finishedAt: at(30))))
      #expect(states[3] == .cancelled(TaskCancellation(reason: "no need", cancelledAt: now)))
      #expect(states[4] == .deadLettered(DeadLetter(failure: .abandoned(rescues: 3), failedAt: now)))
      let running = try await store.task(identifier(2))
      #expect(running?.lease == LeaseNumber(rawValue: 1))
      #expect(running?.cancelRequest == "stop")
    }
  }

  @Test func `goes on with its tasks`() async throws {
    try await withDatabase { path in
      try versionOne(path)
      let store = try await open(path)
      #expect(try await store.overdueTasks(limit: 9).tasks.map(\.id) == [identifier(2)])
      #expect(try await store.claim(9).map(\.id) == [identifier(1)])
      try await store.commit(
        .transition(
          identifier(5), .requeue(reason: "again", delay: .zero, limit: 1), revision: nil))
      for task in try await store.allTasks() {
        let events = try await store.taskEvents(after: .start, of: task.id, limit: 9).map(\.event)
        #expect(TaskHistory.firstFlaw(in: events) == nil)
      }
      #expect(try await store.pruneTasks(finishedFor: .seconds(1), deadFor: .seconds(1), limit: 9) == 1)
      #expect(try await store.task(identifier(3)) == nil)
    }
  }

  @Test func `stays as it is when a task of it is damaged`() async throws {
    try await withDatabase { path in
      try versionOne(path)
      try RawDatabase(path).run("UPDATE tasks SET state = 'nowhere' WHERE lease = 4")
      #expect(await failure { () throws(StoreFailure) in _ = try await open(path) }.isCorrupt)
      try RawDatabase(path).run("UPDATE tasks SET state = 'running' WHERE lease = 4")
      #expect(try await open(path).allTasks().count == 5)
    }
  }

  private func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanosecondsSinceEpoch: nanoseconds) }
}

private let intent = Intent(
  action: .multiStepTask, profile: .creation, complexity: .high, confidence: 0.1 + 0.2,
  files: ["a/b.txt"], entities: ["Ünï"], secondary: [.search], method: .rules)

/// A file as version 1 made it: one task in each state.
private func versionOne(_ path: String) throws {
  let id: (Int) -> String = { identifier($0, of: TaskID.self).rawValue }
  let file = RawDatabase(path)
  try file.run(
    """
    PRAGMA journal_mode = WAL;
    CREATE TABLE sessions (
      key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL, last_sequence INTEGER NOT NULL) STRICT;
    CREATE INDEX sessions_by_update ON sessions (updated_at, id);
    CREATE TABLE messages (
      session INTEGER NOT NULL REFERENCES sessions (key), sequence INTEGER NOT NULL, turn TEXT NOT NULL,
      role TEXT NOT NULL, parts TEXT NOT NULL, time INTEGER NOT NULL, interruption TEXT, origin TEXT NOT NULL,
      origin_task TEXT, PRIMARY KEY (session, sequence)) STRICT;
    CREATE TABLE drafts (
      session INTEGER PRIMARY KEY REFERENCES sessions (key), turn TEXT NOT NULL, started_at INTEGER NOT NULL,
      length INTEGER NOT NULL) STRICT;
    CREATE TABLE draft_chunks (
      session INTEGER NOT NULL REFERENCES drafts (session) ON DELETE CASCADE, start INTEGER NOT NULL,
      text TEXT NOT NULL, PRIMARY KEY (session, start)) STRICT, WITHOUT ROWID;
    CREATE TABLE tasks (
      id TEXT NOT NULL PRIMARY KEY, session TEXT NOT NULL, turn TEXT NOT NULL, created_at INTEGER NOT NULL,
      instruction TEXT NOT NULL, action TEXT NOT NULL, profile TEXT NOT NULL, complexity TEXT NOT NULL,
      confidence REAL NOT NULL, files TEXT NOT NULL, entities TEXT NOT NULL, secondary TEXT NOT NULL,
      method TEXT NOT NULL, state TEXT NOT NULL, worker TEXT, lease_started_at INTEGER,
      lease_expires_at INTEGER, outcome TEXT, finished_at INTEGER, failure TEXT, lease INTEGER NOT NULL,
      rescues INTEGER NOT NULL, cancel_request TEXT, revision INTEGER NOT NULL) STRICT;
    CREATE INDEX tasks_by_state ON tasks (state, created_at, id);
    CREATE INDEX tasks_by_expiry ON tasks (lease_expires_at, created_at, id)
      WHERE lease_expires_at IS NOT NULL;
    PRAGMA application_id = 1129015668;
    PRAGMA user_version = 1;
    INSERT INTO sessions (id, created_at, updated_at, last_sequence) VALUES ('\(chat.id)', 0, 0, 0);
    """)
  let states = [
    "'queued', NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, 0",
    "'running', '\(id(9))', 20, 50, NULL, NULL, NULL, 4, 1, 'stop', 7",
    "'completed', NULL, NULL, NULL, 'done', 30, NULL, 1, 0, NULL, 2",
    "'cancelled', NULL, NULL, NULL, 'no need', NULL, NULL, 0, 0, NULL, 1",
    "'deadLettered', NULL, NULL, NULL, NULL, NULL, '{\"abandoned\":{\"rescues\":3}}', 3, 3, NULL, 6",
  ]
  for (index, state) in states.enumerated() {
    try file.run(
      """
      INSERT INTO tasks VALUES ('\(id(index + 1))', '\(chat.id)', '\(id(1))', \(index + 1), 'sum "up"',
        'multiStepTask', 'creation', 'high', \(intent.confidence), '["a/b.txt"]', '["Ünï"]', '["search"]',
        'rules', \(state))
      """)
  }
}
