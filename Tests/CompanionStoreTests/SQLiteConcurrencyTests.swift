import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Synchronization
import Testing

@Suite struct `Commits at the same time` {
  @Test func `share transactions`() async throws {
    try await withDatabase { path in
      let store = try await SQLiteStore(path: path, busyTimeout: .seconds(60), time: StoppedClock())
      let before = await store.commits
      let failures = await commitAsOneGroup(
        store, path: path, (1...64).map { ChangeSet([.insertTask(task($0))]) })
      #expect(failures.allSatisfy { $0 == nil })
      #expect(try await store.allTasks().count == 64)
      #expect(await store.commits - before <= 8)
    }
  }

  @Test func `fail one by one`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      let sets = (1...40).map { number in
        // Every fourth names a log that has moved, after a change that would have succeeded.
        ChangeSet(
          [.insertTask(task(number))] + (number.isMultiple(of: 4) ? [append(7)] : []))
      }
      let failures = await commitAsOneGroup(store, path: path, sets)
      for (index, failure) in failures.enumerated() {
        let number = index + 1
        let fails = number.isMultiple(of: 4)
        #expect(failure == (fails ? .conflict(.logMoved) : nil))
        #expect(try await (store.task(identifier(number)) == nil) == fails)
      }
    }
  }

  @Test func `see each other's changes in turn`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      let failures = await commitAsOneGroup(
        store, path: path, (1...30).map { ChangeSet([append(1, "by \($0)")]) })
      #expect(failures.count { $0 == nil } == 1)
      #expect(failures.count { $0 == .conflict(.logMoved) } == 29)
      #expect(try await store.log().count == 1)
    }
  }

  @Test func `are all stored when the store is closed behind them`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 1...50 {
          group.addTask {
            await failure { () throws(StoreFailure) in _ = try await store.commit(.insertTask(task(number))) }
              == nil
          }
        }
        group.addTask {
          await store.close()
          return false
        }
        let stored = try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        let found = try await open(path).allTasks()
        #expect(found.count == stored)
      }
    }
  }
}

@Suite struct `Two stores on one file` {
  @Test func `claim disjoint tasks`() async throws {
    try await withDatabase { path in
      let stores = [try await open(path), try await open(path)]
      try await stores[0].commit(ChangeSet((1...200).map { .insertTask(task($0)) }))
      let claimed = try await withThrowingTaskGroup(of: [TaskID].self) { group in
        for worker in 1...40 {
          group.addTask {
            try await stores[worker % 2].claim(5, by: worker).map(\.id)
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(claimed.count == 200)
      #expect(Set(claimed).count == 200)
    }
  }

  @Test func `agree on who appended first`() async throws {
    try await withDatabase { path in
      let stores = [try await open(path), try await open(path)]
      try await stores[0].commit(.insertSession(chat))
      for place in 1...20 {
        let outcomes = await withTaskGroup(of: StoreFailure?.self) { group in
          for store in stores {
            group.addTask {
              await failure { () throws(StoreFailure) in _ = try await store.commit(append(place)) }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.contains(.conflict(.logMoved)))
      }
      for store in stores { #expect(try await store.isGapless()) }
    }
  }

  @Test func `tell the one that waits too long that the file is busy`() async throws {
    try await withDatabase { path in
      let store = try await open(path, busyTimeout: .milliseconds(1))
      try await store.commit(.insertSession(chat))
      let other = RawDatabase(path)
      try other.run("BEGIN IMMEDIATE")
      #expect(await failure { () throws(StoreFailure) in _ = try await store.commit(append(1)) }.isBusy)
      #expect(try await store.session(chat.id) == chat)
      try other.run("ROLLBACK")
      try await store.commit(append(1))
      #expect(try await store.log().count == 1)
    }
  }
}

/// Commits all sets at the same time, most of them in one transaction: another connection keeps the file
/// locked until all are on their way.
///
/// - Returns: what each of them threw.
func commitAsOneGroup(
  _ store: SQLiteStore, path: String, _ sets: [ChangeSet]
) async -> [StoreFailure?] {
  let lock = RawDatabase(path)
  #expect(throws: Never.self) { try lock.run("BEGIN IMMEDIATE") }
  let (started, starting) = AsyncStream.makeStream(of: Void.self)
  return await withTaskGroup(of: (Int, StoreFailure?).self) { group in
    for (index, set) in sets.enumerated() {
      group.addTask {
        starting.yield()
        return (index, await failure { () throws(StoreFailure) in _ = try await store.commit(set) })
      }
    }
    var waiting = sets.count
    for await _ in started {
      waiting -= 1
      if waiting == 0 { break }
    }
    #expect(throws: Never.self) { try lock.run("ROLLBACK") }
    var failures = [StoreFailure?](repeating: nil, count: sets.count)
    for await (index, failure) in group { failures[index] = failure }
    return failures
  }
}
