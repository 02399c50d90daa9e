import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `The states in a SQLite file` {
  private let ofSession = StateKey(.session(chat.id), .summary)
  private let ofTask = StateKey(.task(identifier(1)), .round, StateName(number: 3))

  @Test func `are there when it is opened again, at the versions that they had`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      let states = try await fill(store)
      await store.close()
      store = try await open(path)
      for state in states { #expect(try await store.state(state.key) == state) }
      #expect(
        await failure { () throws(StoreFailure) in try await store.commit(.putState(states[0])) }
          == .conflict(.stateMoved))
      // What goes with its owner does so in a file that was opened again.
      try await store.commit(.eraseSession(chat.id), .eraseTask(identifier(1)))
      try expectRows(0, path)
      try await store.checkIntegrity()
    }
  }

  @Test func `can be put with what a file of version 7 has`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat), append(1), .insertTask(task(1)))
      let (session, log) = (try await store.session(chat.id), try await store.log())
      await store.close()
      try toVersionSeven(path)
      let migrated = try await open(path)
      #expect(try RawDatabase(path).number("PRAGMA user_version") == 9)
      try await migrated.checkIntegrity()
      #expect(try await migrated.session(chat.id) == session)
      #expect(try await migrated.log() == log)
      for key in [ofSession, ofTask] {
        #expect(try await migrated.state(key) == nil)
        #expect(try await migrated.states(of: key.owner, key.kind, after: nil, limit: 9) == [])
      }
      for state in [ofSession, ofTask].map({ StateRecord(key: $0, updatedAt: .epoch, json: "{}") }) {
        try await migrated.commit(.putState(state))
        #expect(try await migrated.state(state.key) == state)
      }
      try await migrated.commit(.eraseSession(chat.id), .eraseTask(identifier(1)))
      try expectRows(0, path)
    }
  }

  @Test func `go with the tasks that another process removes`() async throws {
    try await withDatabase { path in
      let (store, other) = (try await open(path), try await open(path))
      try await fill(store)
      try await other.commit(
        .transition(identifier(1), .cancel(reason: "no"), revision: nil), .removeTask(identifier(1)))
      #expect(try await store.state(ofTask) == nil)
      #expect(
        await failure { () throws(StoreFailure) in
          try await store.commit(.putState(StateRecord(key: ofTask, updatedAt: .epoch, json: "{}")))
        } == .conflict(.noSuchTask))
      try expectRows(1, path)
    }
  }

  @Test(arguments: ["version = -1", "version = 9223372036854775807", "name = 'a b'", "json = x'80'"])
  func `do not pass for sound ones`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await fill(store)
      // What the table itself refuses cannot come to be in it.
      guard (try? RawDatabase(path).run("UPDATE session_states SET \(damage)")) != nil else { return }
      #expect(
        await failure { () throws(StoreFailure) in
          _ = try await store.states(of: .session(chat.id), .summary, after: nil, limit: 9)
        }.isCorrupt)
    }
  }

  /// Puts the second version of a state with a session, and one with a task.
  @discardableResult
  private func fill(_ store: SQLiteStore) async throws -> [StateRecord] {
    let states = [
      StateRecord(key: ofSession, version: 2, updatedAt: .distantFuture, json: "{\"text\":\"日本\"}"),
      StateRecord(key: ofTask, updatedAt: .epoch, json: ""),
    ]
    try await store.commit(
      .insertSession(chat), .insertTask(task(1)),
      .putState(StateRecord(key: ofSession, updatedAt: .epoch, json: "{}")), .putState(states[0]),
      .putState(states[1]))
    return states
  }

  private func expectRows(_ count: Int64, _ path: String) throws {
    let file = RawDatabase(path)
    let found = try ["session_states", "task_states"].map { try file.number("SELECT count(*) FROM \($0)") }
    #expect(found.reduce(0, +) == count)
  }
}
