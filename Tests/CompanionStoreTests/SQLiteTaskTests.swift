import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `Tasks in a SQLite store` {
  @Test func `are removed with all that belongs to them, some at a time`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(ChangeSet((1...450).map { .insertTask(task($0)) }))
      try await store.commit(
        ChangeSet((1...449).map { .transition(identifier($0), .cancel(reason: "no need"), revision: 0) }))
      let before = await store.commits
      #expect(try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: 430) == 430)
      #expect(await store.commits - before == 3)
      #expect(try await store.allTasks().map(\.id) == (431...450).reversed().map { identifier($0) })
      #expect(try await store.events().count == 39)
      #expect(try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: 430) == 19)
      try await store.checkIntegrity()
      let last = try await store.lastTaskEvent()
      try await store.commit(.insertTask(task(1)))
      #expect(try await store.taskEvents(after: last, of: nil, limit: 9).map(\.event) == [task(1).creation])
    }
  }

  @Test func `are refused one by one, also when each is committed at once`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      let refused = await failure { () throws(StoreFailure) in
        _ = try await store.commit(
          .insertTask(task(2)), .transition(identifier(1), .wake(input: nil), revision: nil))
      }
      #expect(refused == .conflict(.refused(.notWaiting(.queued))))
      #expect(try await store.task(identifier(2)) == nil)
      // What the writer remembers was undone with it.
      try await store.commit(.insertTask(task(2)))
      #expect(try await store.claim(9).map(\.id) == [identifier(1), identifier(2)])
    }
  }

  @Test func `leave nothing behind when they are removed, and others take their rows`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)), .insertTask(task(2)))
      _ = try await store.claim(2)
      // What the writer remembers of the one that runs is not taken for its successor.
      try await store.commit(
        .transition(identifier(2), .cancel(reason: "x"), revision: nil),
        .transition(identifier(2), .stop(LeaseNumber(rawValue: 1)), revision: nil),
        .removeTask(identifier(2)), .insertTask(task(3)))
      #expect(try await store.claim(9).map(\.id) == [identifier(3)])
      #expect(try await store.allTasks().map(\.id) == [identifier(3), identifier(1)])
      try await store.checkIntegrity()
      await store.close()
      let again = try await open(path)
      #expect(try await again.allTasks().map(\.id) == [identifier(3), identifier(1)])
      #expect(try await again.events().count == 4)
    }
  }

  @Test func `that wait for a provider are stored under its name`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      _ = try await store.claim(1)
      let wait = TaskTransition.wait(LeaseNumber(rawValue: 1), .provider("all rest"), limit: nil)
      try await store.commit(.transition(identifier(1), wait, revision: nil))
      let raw = RawDatabase(path)
      for table in ["tasks", "task_events"] {
        try raw.run(
          """
          CREATE TEMP TABLE found_in_\(table) (name TEXT NOT NULL CHECK (name = 'provider'));
          INSERT INTO found_in_\(table)
            VALUES ((SELECT wait_kind FROM \(table) WHERE wait_kind IS NOT NULL));
          """)
      }
      let stored = try await store.task(identifier(1))
      #expect(stored?.state == .waiting(TaskWait(reason: .provider("all rest"), since: StoppedClock().now)))
    }
  }

  @Test func `that are not there cost no write`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      _ = try await store.claim(1)
      let before = await store.commits
      for _ in 1...5 { #expect(try await store.claim(1).isEmpty) }
      #expect(await store.commits == before)
      try await store.commit(.insertTask(task(1)))
      #expect(try await store.claim(1).map(\.id) == [identifier(1)])
    }
  }
}
