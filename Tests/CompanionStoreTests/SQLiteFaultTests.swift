import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

@Suite struct `When the disk is full, a SQLite store` {
  @Test func `says so, loses nothing, and goes on when there is room`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      try await store.limitPages(to: 60)
      let stored = await appendUntilFull(store)
      #expect(stored > 0)
      #expect(try await store.log().count == stored)
      try await store.checkIntegrity()

      try await store.limitPages(to: 100_000)
      try await store.commit(append(stored + 1))
      #expect(try await store.isGapless())
      await store.close()
      #expect(try await open(path).log().count == stored + 1)
    }
  }

  @Test func `says so when the system lets no file grow`() async throws {
    try await withDatabase { path in
      // In a process of its own, whose files may not grow beyond 200 kB.
      await #expect(processExitsWith: .success) { [path = path as String] in
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 200_000, rlim_max: rlim_t.max)
        let store = try await open(path)
        try await store.commit(.insertSession(chat))
        #expect(setrlimit(fileSizeLimit, &limit) == 0)
        let stored = await appendUntilFull(store)
        #expect(stored > 0)
        #expect(try await store.log().count == stored)
        limit.rlim_cur = rlim_t.max
        #expect(setrlimit(fileSizeLimit, &limit) == 0)
        try await store.commit(append(stored + 1))
        try await store.checkIntegrity()
        #expect(try await store.isGapless())
      }
    }
  }

  @Test func `fails only the change that has no room`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      try await store.limitPages(to: 60)
      let big = String(repeating: "x", count: 1_000_000)
      let failures = await commitAsOneGroup(
        store, path: path,
        (1...20).map { ChangeSet([$0 == 10 ? append(1, big) : .insertTask(task($0))]) })
      #expect(failures.indices.filter { failures[$0] != nil } == [9])
      #expect(failures[9].isFull)
      #expect(try await store.allTasks().count == 19)
      #expect(try await store.log().isEmpty)
    }
  }
}

#if canImport(Glibc)
  private let fileSizeLimit = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
#else
  private let fileSizeLimit = RLIMIT_FSIZE
#endif

/// Appends until there is no room.
///
/// - Returns: how many appends were acknowledged.
private func appendUntilFull(_ store: SQLiteStore) async -> Int {
  for place in 1...10_000 {
    let failure = await failure { () throws(StoreFailure) in
      try await store.commit(append(place, String(repeating: "text ", count: 400)))
    }
    guard let failure else { continue }
    #expect(Optional(failure).isFull, "\(failure)")
    return place - 1
  }
  Issue.record("there was always room")
  return 0
}

@Suite struct `A damaged SQLite store` {
  @Test func `is found out by the integrity check`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      try await store.commit(.insertSession(chat))
      for place in 1...50 { try await store.commit(append(place, String(repeating: "text ", count: 400))) }
      try await store.checkIntegrity()
      await store.close()

      let file = try FileHandle(forUpdating: URL(filePath: path))
      let pageSize: UInt64 = 4096
      // The messages came last: the tables' own descriptions are further in front.
      let pages = try file.seekToEnd() / pageSize
      for page in (pages - 12)..<(pages - 2) {
        try file.seek(toOffset: UInt64(page) * pageSize)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 64))
      }
      try file.close()
      store = try await open(path)
      #expect(await failure { () throws(StoreFailure) in try await store.checkIntegrity() }.isCorrupt)
    }
  }

  @Test(arguments: [
    "UPDATE messages SET parts = '[{]'", "UPDATE messages SET role = 'nobody'",
    "UPDATE messages SET parts = CAST(x'ff' AS TEXT)", "UPDATE messages SET origin = 'task'",
    "UPDATE messages SET turn = ''",
  ])
  func `does not pass for a sound one`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat), append(1))
      try RawDatabase(path).run(damage)
      #expect(await failure { () throws(StoreFailure) in _ = try await store.log() }.isCorrupt)
    }
  }

  @Test(arguments: [
    "state = 'nowhere'", "created_at = 1, state = 'running'", "kind = ''", "worker = x'00'", "lease = -1",
    "lease = 9223372036854775807", "revision = 9223372036854775807", "last_event = 9223372036854775807",
    "failed_attempts = 9223372036854775807", "rescues = -5", "requester = 'two'", "session = NULL",
    "has_progress = 2", "state = 'waiting'", "state = 'completed'", "state = 'deadLettered', failure = '{'",
  ])
  func `does not pass for one with sound tasks`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      // What the table itself refuses cannot come to be in it.
      guard (try? RawDatabase(path).run("UPDATE tasks SET \(damage)")) != nil else { return }
      #expect(await failure { () throws(StoreFailure) in _ = try await store.task(identifier(1)) }.isCorrupt)
      #expect(
        await failure { () throws(StoreFailure) in
          _ = try await store.commit(.transition(identifier(1), .cancel(reason: "no"), revision: nil))
        }.isCorrupt)
    }
  }

  @Test(arguments: [
    "priority = 9223372036854775807", "created_at = -9223372036854775808",
    "deadline = 9223372036854775807", "queued_since = -9223372036854775808",
    "failed_attempts = 4611686018427380000", "lease = 4611686018427380000", "input_tokens = -9",
  ])
  func `survives numbers that nobody has counted to`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      try RawDatabase(path).run("UPDATE tasks SET \(damage)")
      let lease = try await store.claim(1).first?.lease ?? LeaseNumber(rawValue: 0)
      try await store.commit(
        .transition(
          identifier(1), .fail(lease, .handler("no", isPermanent: false), retryIn: .seconds(1)), revision: nil
        ))
      #expect(try await store.allTasks().count == 1)
      _ = try await store.taskStatistics()
      _ = try await store.overdueTasks(limit: 9)
    }
  }

  @Test(arguments: [
    "kind = 'nothing'", "number = -1", "kind = 'started'", "kind = 'retried', not_before = 1, failure = '{'",
    "kind = 'waiting'", "kind = 'woken', has_input = 7",
  ])
  func `does not pass for one with sound events`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      try RawDatabase(path).run("UPDATE task_events SET \(damage)")
      #expect(await failure { () throws(StoreFailure) in _ = try await store.events() }.isCorrupt)
    }
  }

  @Test func `does not pass for a sound one when a task has lost its request`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertTask(task(1)))
      try RawDatabase(path).run("DELETE FROM task_requests")
      #expect(await failure { () throws(StoreFailure) in _ = try await store.task(identifier(1)) }.isCorrupt)
      #expect(await failure { () throws(StoreFailure) in _ = try await store.claim(1) }.isCorrupt)
    }
  }
}

@Suite struct `A backup of a SQLite store` {
  @Test func `opens, and has what the store had`() async throws {
    try await withTemporaryFolder { folder in
      let store = try await open(folder.appending(path: "store.db").path)
      try await store.commit(.insertSession(chat), .insertTask(task(1)), .insertTask(task(2)))
      for place in 1...100 { try await store.commit(append(place, String(repeating: "text ", count: 400))) }
      _ = try await store.claim(1)
      let destination = folder.appending(path: "backup.db").path
      try await store.backUp(to: destination)
      try await store.commit(append(101))

      let backup = try await open(destination)
      try await backup.checkIntegrity()
      #expect(try await backup.log() == store.log().dropLast())
      #expect(try await backup.allTasks() == store.allTasks())
      #expect(try await backup.events() == store.events())
      await backup.close()
      await store.close()
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.sorted() == ["backup.db", "store.db"])
    }
  }

  @Test func `replaces no file and leaves nothing behind when it cannot be made`() async throws {
    try await withTemporaryFolder { folder in
      let store = try await open(folder.appending(path: "store.db").path)
      let existing = folder.appending(path: "letter").path
      try Data("Dear all".utf8).write(to: URL(filePath: existing))
      for path in [existing, folder.path, folder.appending(path: "missing/backup.db").path] {
        #expect(await failure { () throws(StoreFailure) in try await store.backUp(to: path) }.isInaccessible)
      }
      #expect(try String(contentsOfFile: existing, encoding: .utf8) == "Dear all")
      await store.close()
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.sorted() == ["letter", "store.db"])
    }
  }
}
