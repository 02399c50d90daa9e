import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `The ledger of a SQLite store` {
  @Test func `outlives the store that entered it`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      try await store.commit(ChangeSet((1...3).map { .enterCall(call($0)) }))
      await store.close()
      store = try await open(path)
      try await store.commit(.enterCall(call(2)))
      let entries = try await store.ledgerEntries(matching: LedgerFilter(), limit: 9)
      #expect(entries == [3, 2, 1].map { call($0) })
      try await store.checkIntegrity()
    }
  }

  @Test func `shares one synchronisation among calls that end together`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let before = await store.commits
      let failures = await commitAsOneGroup(
        store, path: path, (1...20).map { ChangeSet([.enterCall(call($0))]) })
      #expect(failures.allSatisfy { $0 == nil })
      #expect(await store.commits - before < 20)
      #expect(try await store.ledgerEntries(matching: LedgerFilter(), limit: 99).count == 20)
    }
  }

  @Test func `tells nobody that tasks have changed`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      var changes = store.taskChanges().makeAsyncIterator()
      try await store.commit(.enterCall(call(1)), .pruneLedger(before: .epoch))
      await store.close()
      // The end came first.
      #expect(await changes.next() == nil)
    }
  }

  @Test func `is read by each index to the same end`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let calls = (1...500).map { call($0) }
      try await store.commit(ChangeSet(calls.map { .enterCall($0) }))
      for filter in [
        LedgerFilter(), LedgerFilter(provider: identifier(1)), LedgerFilter(session: chat.id),
        LedgerFilter(task: identifier(7)), LedgerFilter(since: Timestamp(nanosecondsSinceEpoch: 100)),
        LedgerFilter(provider: identifier(1), before: Timestamp(nanosecondsSinceEpoch: 400)),
      ] {
        let expected = calls.filter(filter.includes)
        let totals = try await store.ledgerTotals(matching: filter)
        #expect(totals.values.reduce(0) { $0 + $1.calls } == expected.count)
        #expect(try await store.ledgerEntries(matching: filter, limit: .max).count == expected.count)
      }
    }
  }

  @Test(arguments: [
    "id = ''", "provider = ''", "purpose = 'nothing'", "session = ''", "task = ''", "failure = 'nothing'",
    "input_tokens = NULL", "output_tokens = NULL", "input_tokens = NULL, output_tokens = NULL",
    "cost = NULL", "currency = NULL", "cost = 9e999", "model = CAST(x'ff' AS TEXT)",
  ])
  func `does not pass for a sound one when an entry is damaged`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.enterCall(call(1)), .enterCall(call(2)))
      try RawDatabase(path).run("UPDATE ledger SET \(damage) WHERE key = 1")
      #expect(
        await failure { () throws(StoreFailure) in
          _ = try await store.ledgerEntries(matching: LedgerFilter(), limit: 9)
        }.isCorrupt)
      #expect(
        await failure { () throws(StoreFailure) in
          _ = try await store.ledgerTotals(matching: LedgerFilter())
        }.isCorrupt)
      // What is damaged does not stand in the way of what is new.
      try await store.commit(.enterCall(call(3)))
      try await store.commit(.pruneLedger(before: .distantFuture))
      #expect(try await store.ledgerTotals(matching: LedgerFilter()).isEmpty)
    }
  }
}

@Suite struct `A SQLite file of version 2` {
  @Test func `opens with everything that is in it, and an empty ledger`() async throws {
    try await withDatabase { path in
      try versionTwo(path)
      var store = try await open(path)
      #expect(try await store.session(chat.id)?.id == chat.id)
      #expect(try await store.allTasks() == [task(1)])
      #expect(try await store.events().map(\.event) == [task(1).creation])
      #expect(try await store.ledgerEntries(matching: LedgerFilter(), limit: 9).isEmpty)
      try await store.commit(.enterCall(call(1)))
      try await store.checkIntegrity()
      await store.close()
      store = try await open(path)
      #expect(try await store.ledgerEntries(matching: LedgerFilter(), limit: 9) == [call(1)])
      #expect(try await store.claim(1).map(\.id) == [identifier(1)])
    }
  }

  @Test func `gives its conversations a channel each, and its messages their revisions`() async throws {
    try await withDatabase { path in
      try versionTwo(path)
      let parts = #"[{"type":"text","text":"Hello"}]"#
      try RawDatabase(path).run(
        """
        UPDATE sessions SET last_sequence = 2;
        INSERT INTO messages (session, sequence, turn, role, parts, time, origin)
        VALUES (1, 1, 'turn', 'user', '\(parts)', 1, 'person'), (1, 2, 'turn', 'assistant', '\(parts)', 2, 'model');
        """)
      let store = try await open(path)
      let session = try #require(try await store.session(chat.id))
      #expect(session.place == ConversationPlace(channelOf: chat.id) && session.user == .user)
      #expect(session.revision == LogRevision(rawValue: 2))
      let first = SequenceNumber(rawValue: 1)
      try await store.commit(
        .amend(first, .edit([.text("Hi")]), in: chat.id, at: Timestamp(nanosecondsSinceEpoch: 3)))
      let events = try await store.logEvents(in: chat.id, after: .zero, limit: 9)
      #expect(events.map(\.kind) == [.appended, .appended, .edited(from: [.text("Hello")])])
      #expect(events.map(\.message.text) == ["Hi", "Hello", "Hi"])
      #expect(events.allSatisfy { $0.message.speaker == nil })
      try await store.checkIntegrity()
    }
  }

  @Test func `stays as it is when it cannot be brought to version 3`() async throws {
    try await withDatabase { path in
      try versionTwo(path)
      // A name that the last of the new indexes needs.
      try RawDatabase(path).run("CREATE TABLE ledger_of_tasks (x)")
      let refused = await failure { () throws(StoreFailure) in _ = try await open(path) }
      #expect(refused != nil)
      // Nothing of the new table is there either.
      try RawDatabase(path).run("DROP TABLE ledger_of_tasks; CREATE TABLE ledger (x); DROP TABLE ledger")
      let store = try await open(path)
      #expect(try await store.allTasks() == [task(1)])
      try await store.commit(.enterCall(call(1)))
    }
  }
}

private func call(_ number: Int) -> LedgerEntry {
  LedgerEntry(
    id: identifier(number), time: Timestamp(nanosecondsSinceEpoch: Int64(number)),
    provider: identifier(number % 3), model: ModelIdentity(provider: "example", model: "model-1"),
    purpose: .task, session: number.isMultiple(of: 2) ? nil : chat.id,
    task: number.isMultiple(of: 4) ? nil : identifier(7),
    usage: TokenUsage(input: number, output: 1, cachedInput: 1, reasoning: 1),
    cost: Cost(amount: 0.25, currency: "USD"), latency: .milliseconds(3), failure: .streamCut)
}

/// A file as version 2 made it, with one task that waits.
private func versionTwo(_ path: String) throws {
  let (task, session) = (task(1), chat.id.rawValue)
  try RawDatabase(path).run(
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
      key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, session TEXT, turn TEXT,
      requester TEXT, priority INTEGER NOT NULL, idempotency_key TEXT, deadline INTEGER,
      created_at INTEGER NOT NULL, state TEXT NOT NULL, queued_since INTEGER, not_before INTEGER, worker TEXT,
      started_at INTEGER, expires_at INTEGER, attempt_deadline INTEGER, wait_kind TEXT, wait_text TEXT,
      waiting_since INTEGER, waiting_until INTEGER, outcome TEXT, failure TEXT, needs_person INTEGER,
      ended_at INTEGER, lease INTEGER NOT NULL, failed_attempts INTEGER NOT NULL, rescues INTEGER NOT NULL,
      requeues INTEGER NOT NULL, cancel_request TEXT, has_progress INTEGER NOT NULL, fraction REAL, note TEXT,
      checkpoint TEXT, input TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER,
      reasoning_tokens INTEGER, revision INTEGER NOT NULL, last_event INTEGER NOT NULL, rank INTEGER,
      is_ready INTEGER NOT NULL, alarm_at INTEGER) STRICT;
    CREATE TABLE task_requests (
      task INTEGER PRIMARY KEY REFERENCES tasks (key) ON DELETE CASCADE, payload_version INTEGER NOT NULL,
      payload TEXT NOT NULL, metadata TEXT, not_before INTEGER) STRICT;
    CREATE UNIQUE INDEX tasks_by_wish ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX tasks_in_line ON tasks (kind, rank, id) WHERE is_ready = 1;
    CREATE INDEX tasks_to_come ON tasks (not_before) WHERE state = 'queued' AND is_ready = 0;
    CREATE INDEX tasks_by_alarm ON tasks (alarm_at, id) WHERE alarm_at IS NOT NULL;
    CREATE INDEX tasks_by_end ON tasks (state, ended_at, id) WHERE ended_at IS NOT NULL;
    CREATE INDEX tasks_by_creation ON tasks (state, created_at, id, kind);
    CREATE INDEX tasks_of_sessions ON tasks (session, created_at, id) WHERE session IS NOT NULL;
    CREATE INDEX tasks_of_requesters ON tasks (requester, created_at, id) WHERE requester IS NOT NULL;
    CREATE TABLE task_events (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      task INTEGER NOT NULL REFERENCES tasks (key) ON DELETE CASCADE, number INTEGER NOT NULL,
      time INTEGER NOT NULL, kind TEXT NOT NULL, worker TEXT, lease INTEGER, attempt INTEGER, rescues INTEGER,
      reason TEXT, not_before INTEGER, fraction REAL, note TEXT, checkpoint TEXT, has_input INTEGER,
      wait_kind TEXT, since INTEGER, until INTEGER, failure TEXT, UNIQUE (task, number)) STRICT;
    CREATE TABLE schedules (id TEXT NOT NULL PRIMARY KEY, next_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE pauses (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
    PRAGMA application_id = 1129015668;
    PRAGMA user_version = 2;
    INSERT INTO sessions (id, created_at, updated_at, last_sequence) VALUES ('\(session)', 0, 0, 0);
    INSERT INTO tasks (key, id, kind, session, turn, priority, created_at, state, queued_since, lease,
      failed_attempts, rescues, requeues, has_progress, revision, last_event, rank, is_ready)
    VALUES (1, '\(task.id)', '\(task.request.kind)', '\(session)', '\(identifier(1, of: TurnID.self))',
      \(task.request.priority.rawValue), 1, 'queued', 1, 0, 0, 0, 0, 0, 0, 1,
      \(task.rank?.nanosecondsSinceEpoch ?? 0), 1);
    INSERT INTO task_requests (task, payload_version, payload)
    VALUES (1, \(task.request.payload.version), '\(task.request.payload.json)');
    INSERT INTO task_events (task, number, time, kind) VALUES (1, 1, 1, 'created');
    """)
}
