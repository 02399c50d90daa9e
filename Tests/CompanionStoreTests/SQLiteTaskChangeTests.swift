import CompanionDomain
import CompanionPorts
import CompanionSQLite
import CompanionSystem
import Testing

@Suite struct `Changes of tasks in a SQLite file` {
  @Test func `are told to another store on it`() async throws {
    try await withDatabase { path in
      let writer = try await open(path)
      let reader = try await open(path, watcher: SystemFileWatcher())
      var changes = reader.taskChanges().makeAsyncIterator()
      for number in 1...20 {
        try await writer.commit(.insertTask(task(number)))
        // It may have been told of the commit before; never too little, so this comes to an end.
        while try await reader.task(identifier(number)) == nil { _ = await changes.next() }
        _ = await changes.next()
        #expect(try await reader.task(identifier(number)) != nil)
      }
      #expect(try await reader.claim(99).count == 20)
    }
  }

  @Test func `are told to all who listen, and to nobody who has let go`() async throws {
    try await withDatabase { path in
      let writer = try await open(path)
      let reader = try await open(path, watcher: SystemFileWatcher())
      let streams = [reader.taskChanges(), reader.taskChanges(), writer.taskChanges()]
      do {
        let left = reader.taskChanges()
        _ = left
      }
      try await writer.commit(.pauseTasks(nil))
      for stream in streams {
        var changes = stream.makeAsyncIterator()
        #expect(await changes.next() != nil)
      }
    }
  }

  @Test func `end with the store`() async throws {
    try await withDatabase { path in
      let store = try await open(path, watcher: SystemFileWatcher())
      let before = store.taskChanges()
      await store.close()
      for await _ in before {}
      for await _ in store.taskChanges() {}
    }
  }

  @Test func `need a log that can be watched`() async throws {
    struct Blind: FileWatcher {
      struct Reason: Error {}
      func changes(of path: String) throws -> AsyncStream<Void> { throw Reason() }
    }
    try await withDatabase { path in
      let failure = await failure { () throws(StoreFailure) in _ = try await open(path, watcher: Blind()) }
      #expect(failure.isInaccessible)
    }
  }

  @Test func `by others are seen by the writer, whatever it remembers`() async throws {
    try await withDatabase { path in
      let stores = [try await open(path), try await open(path)]
      try await stores[0].commit(.insertTask(task(1)))
      let lease = try #require(try await stores[1].claim(1).first).lease
      #expect(try await stores[0].claim(1, by: 2).isEmpty)
      try await stores[0].commit(.transition(identifier(1), .cancel(reason: "no need"), revision: nil))
      let end = try await stores[1].commit(
        .transition(identifier(1), .complete(lease, text: "done", usage: nil), revision: nil))
      #expect(end.first?.task.state.name == .cancelled)
      #expect(try await stores[0].events().map(\.event.number) == [1, 2, 3, 4])
      try await stores[0].commit(.pauseTasks(.textGeneration))
      try await stores[0].commit(.insertTask(task(2)))
      #expect(try await stores[1].claim(1).isEmpty)
      try await stores[0].commit(.resumeTasks(.textGeneration))
      #expect(try await stores[1].claim(1).map(\.id) == [identifier(2)])
    }
  }
}
