import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation
import Synchronization
import Testing

@Suite struct `After a crash, a SQLite store` {
  @Test(arguments: [7, 60, 250])
  func `has everything that a killed process was acknowledged`(commits: Int) async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "store.db").path
      let journal = folder.appending(path: "acknowledged").path
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, journal = journal as String, commits = commits as Int] in
        try await appendUntilKilled(path: path, journal: journal, commits: commits)
      }

      let store = try await open(path)
      try await store.checkIntegrity()
      let lines = try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n")
      #expect(lines.count >= commits)
      for line in lines {
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        let id: SessionID = identifier(numbers[0])
        #expect(try await store.session(id)?.lastSequence.rawValue ?? 0 >= Int64(numbers[1]))
        #expect(try await store.isGapless(id))
      }
      try await store.commit(.insertTask(task(1)))
    }
  }

  @Test(arguments: [9, 120])
  func `has every task with its events, numbered without a gap`(commits: Int) async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "store.db").path
      let journal = folder.appending(path: "acknowledged").path
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, journal = journal as String, commits = commits as Int] in
        try await workUntilKilled(path: path, journal: journal, commits: commits)
      }

      let store = try await open(path)
      try await store.checkIntegrity()
      let lines = try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n")
      #expect(lines.count >= commits)
      for line in lines {
        let number = try #require(Int(line))
        #expect(try await store.task(identifier(number))?.state.name == .completed)
      }
      for task in try await store.allTasks() {
        let events = try await store.taskEvents(after: .start, of: task.id, limit: .max)
        #expect(events.map(\.event.number) == Array(1...task.lastEvent))
      }
    }
  }

  @Test func `opens at an earlier moment when its log is cut`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "store.db").path
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      for place in 1...20 { try await store.commit(append(place)) }
      let file = try Data(contentsOf: URL(filePath: path))
      let log = try Data(contentsOf: URL(filePath: path + "-wal"))

      var counts: [Int] = []
      for length in Array(stride(from: 0, to: log.count, by: 3001)) + [log.count] {
        let image = folder.appending(path: "image-\(length).db").path
        try file.write(to: URL(filePath: image))
        try log.prefix(length).write(to: URL(filePath: image + "-wal"))
        let copy = try await open(image)
        try await copy.checkIntegrity()
        #expect(try await copy.isGapless())
        counts.append(try await copy.log().count)
        await copy.close()
      }
      #expect(counts == counts.sorted())
      #expect(Set(counts) == Set(0...20))
    }
  }
}

/// Appends to eight logs at the same time, notes what has been acknowledged, and kills the process while
/// others are in the middle of it.
private func appendUntilKilled(path: String, journal: String, commits: Int) async throws {
  let store = try await SQLiteStore(path: path, time: StoppedClock())
  let descriptor = Foundation.open(journal, O_CREAT | O_WRONLY | O_APPEND, 0o600)
  let acknowledged = Counter()
  try await withThrowingTaskGroup(of: Void.self) { group in
    for number in 1...8 {
      group.addTask {
        let id: SessionID = identifier(number)
        try await store.commit(.insertSession(ChatSession(id: id, createdAt: .epoch)))
        for place in 1... {
          try await store.commit(append(place, String(repeating: "text ", count: 200), to: id))
          let line = Array("\(number) \(place)\n".utf8)
          guard write(descriptor, line, line.count) == line.count else { throw CancellationError() }
          if acknowledged.next() == commits { kill(getpid(), SIGKILL) }
        }
      }
    }
    try await group.waitForAll()
  }
}

/// Works on tasks in both ways of committing, notes what has been acknowledged, and kills the process while
/// others are in the middle of it.
private func workUntilKilled(path: String, journal: String, commits: Int) async throws {
  let store = try await open(path)
  let descriptor = Foundation.open(journal, O_CREAT | O_WRONLY | O_APPEND, 0o600)
  let acknowledged = Counter()
  try await withThrowingTaskGroup(of: Void.self) { group in
    for worker in 1...8 {
      group.addTask {
        for round in 0... {
          try await store.commit(.insertTask(task(round * 8 + worker)))
          for task in try await store.claim(1, by: worker) {
            let done = TaskTransition.complete(task.lease, text: "done", usage: nil)
            try await store.commit(.transition(task.id, done, revision: nil))
            let number = task.createdAt.nanosecondsSinceEpoch
            let line = Array("\(number)\n".utf8)
            guard write(descriptor, line, line.count) == line.count else { throw CancellationError() }
            if acknowledged.next() == commits { kill(getpid(), SIGKILL) }
          }
        }
      }
    }
    try await group.waitForAll()
  }
}

private final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
