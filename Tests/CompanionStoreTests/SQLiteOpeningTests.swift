import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

@Suite struct `Opening a SQLite store` {
  @Test func `finds everything that was stored before`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      let draft = AnswerDraft(turn: identifier(2), startedAt: .epoch, text: "half")
      try await store.commit(
        .insertSession(chat), append(1), append(2), .insertTask(task(1)),
        .extendDraft(draft, of: chat.id, offset: 0))
      let claimed = try await store.claim(1)
      await store.close()

      store = try await open(path)
      #expect(try await store.log() == [message(1), message(2)])
      #expect(try await store.session(chat.id)?.lastSequence == message(2).sequence)
      #expect(try await store.draft(in: chat.id) == draft)
      #expect(try await store.allTasks() == claimed)
      #expect(
        try await store.overdueTasks(limit: 9).nextAlarm == StoppedClock().now.advanced(by: .seconds(30)))
    }
  }

  @Test func `makes files that only their owner reads`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      for file in [path, path + "-wal", path + "-shm"] {
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(file)")
      }
      await store.close()
      #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    }
  }

  @Test func `by many at once gives each of them the same store`() async throws {
    // Several times, because who comes first is chance.
    for _ in 0..<20 {
      try await withDatabase { path in
        let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
          for _ in 0..<8 { group.addTask { try await open(path) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        try await stores[0].commit(.insertSession(chat))
        for store in stores { #expect(try await store.session(chat.id) == chat) }
      }
    }
  }

  @Test func `takes every path as it stands`() async throws {
    try await withTemporaryFolder { folder in
      for name in [":memory:", "file:x?mode=memory", "ü 日本.db", "a%20b?c#d"] {
        let path = folder.appending(component: name).path
        try await open(path).close()
        #expect(FileManager.default.fileExists(atPath: path), "\(name)")
      }
      #expect(await failure { () throws(StoreFailure) in _ = try await open("") } != nil)
      #expect(await failure { () throws(StoreFailure) in _ = try await open("a\u{0}b") } != nil)
    }
  }

  @Test func `refuses a path where no file can be`() async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appending(path: "file")
      try Data("text".utf8).write(to: file)
      let paths = [
        folder.appending(path: "missing/store.db").path, file.appending(path: "store.db").path,
        folder.path, "/proc/self/store.db",
      ]
      for path in paths {
        let failure = await failure { () throws(StoreFailure) in _ = try await open(path) }
        #expect(failure.isInaccessible)
        #expect(failure?.description.contains(path) == true)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "missing").path))
    }
  }

  @Test func `refuses a newer schema`() async throws {
    try await withDatabase { path in
      try await open(path).close()
      try RawDatabase(path).run("PRAGMA user_version = 999")
      let failure = await failure { () throws(StoreFailure) in _ = try await open(path) }
      #expect(failure == .newerSchema(found: 999, supported: 9))
    }
  }

  @Test(arguments: [
    ("PRAGMA user_version = 999", StoreFailure.newerSchema(found: 999, supported: 9)),
    ("PRAGMA user_version = 6", .otherVersion), ("UPDATE text_analysis SET version = 999", .otherVersion),
    ("UPDATE embedding_state SET rules = 999", .otherVersion),
  ])
  func `writes nothing any more when another version opens the file beside it`(
    sql: String, expected: StoreFailure
  ) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      let other = RawDatabase(path)
      try other.run(sql)
      let writes = try other.number("SELECT count(*) FROM messages")
      for _ in 0..<2 {
        let failure = await failure { () throws(StoreFailure) in
          try await store.commit(append(1))
        }
        #expect(failure == expected)
      }
      #expect(try other.number("SELECT count(*) FROM messages") == writes)
      await store.close()
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `tells whoever waits for changes when another version opens the file`() async throws {
    try await withDatabase { path in
      let watcher = Told()
      let store = try await open(path, watcher: watcher)
      var changes = store.taskChanges().makeAsyncIterator()
      try RawDatabase(path).run("UPDATE text_analysis SET version = 999")
      watcher.changes.continuation.yield()
      #expect(await changes.next() != nil)
      let failure = await failure { () throws(StoreFailure) in _ = try await store.claim(1) }
      #expect(failure == .otherVersion)
      await store.close()
    }
  }

  @Test(arguments: [
    "CREATE TABLE notes (text TEXT)", "PRAGMA application_id = 42", "PRAGMA user_version = 1",
    "PRAGMA journal_mode = WAL; CREATE TABLE sessions (id)",
  ])
  func `refuses another application's database and leaves it alone`(sql: String) async throws {
    try await withDatabase { path in
      try RawDatabase(path).run(sql)
      let before = try Data(contentsOf: URL(filePath: path))
      let failure = await failure { () throws(StoreFailure) in _ = try await open(path) }
      #expect(failure.isInaccessible)
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func `refuses a file that is no database`() async throws {
    try await withDatabase { path in
      let text = Data(String(repeating: "This is a letter.\n", count: 1000).utf8)
      try text.write(to: URL(filePath: path))
      let failure = await failure { () throws(StoreFailure) in _ = try await open(path) }
      #expect(failure.isCorrupt)
      #expect(try Data(contentsOf: URL(filePath: path)) == text)
    }
  }

  @Test func `refuses a file that cannot be written`() async throws {
    try await withDatabase { path in
      try await open(path).close()
      let folder = URL(filePath: path).deletingLastPathComponent().path
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
      // In a process of its own, which can give up the rights that root has.
      await #expect(processExitsWith: .success) { [path = path as String] in
        if geteuid() == 0 { #expect(setuid(65534) == 0) }
        let failure = await failure { () throws(StoreFailure) in _ = try await open(path) }
        #expect(failure.isInaccessible, "\(String(describing: failure))")
      }
    }
  }

  @Test func `ends with closing`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      await store.close()
      await store.close()
      #expect(await failure { () throws(StoreFailure) in _ = try await store.commit(append(1)) } == .closed)
      #expect(await failure { () throws(StoreFailure) in _ = try await store.session(chat.id) } == .closed)
      #expect(await failure { () throws(StoreFailure) in try await store.checkIntegrity() } == .closed)
      #expect(
        await failure { () throws(StoreFailure) in
          _ = try await store.claim(1)
        } == .closed)
    }
  }
}

/// Has changes when it is told so.
private struct Told: FileWatcher {
  let changes = AsyncStream<Void>.makeStream()

  func changes(of path: String) throws -> AsyncStream<Void> { changes.stream }
}
