import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

extension `The vectors of a SQLite store` {
  @Test(arguments: [
    "UPDATE embedding_blocks SET vectors = substr(vectors, 2)",
    "UPDATE embedding_blocks SET vectors = x''",
    "UPDATE embedding_blocks SET owners = x''",
    "UPDATE embedding_blocks SET owners = substr(owners, 2)",
    "UPDATE embedding_blocks SET owners = zeroblob(length(owners))",
    "UPDATE embedding_blocks SET owners = randomblob(length(owners))",
    "UPDATE embedding_blocks SET owners = CAST(owners || owners AS BLOB)",
    "UPDATE embedding_blocks SET key = key + 7",
    "UPDATE embedding_blocks SET vectors = CAST(x'ffffffff' || substr(vectors, 5) AS BLOB)",
    "UPDATE embedding_tail SET vector = x'00'",
    "UPDATE embedding_tail SET partition = -1",
    "UPDATE embedding_tail SET partition = 4294967297",
    "UPDATE embedding_tail SET key = key + 100000",
    "UPDATE embedding_spaces SET next = -1",
    "UPDATE embedding_spaces SET next = 9223372036854775807",
    "UPDATE embedding_spaces SET tail = 1000",
    "UPDATE embedding_sources SET kind = 9",
    "UPDATE embedding_sources SET hash = x'00'",
    "UPDATE embedding_sources SET owner = -1",
    "UPDATE embedding_partitions SET key = key + 99999999",
  ])
  func `that are damaged say so`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...100)
      try RawDatabase(path).run(damage)
      let failure = await failure { () throws(StoreFailure) in
        _ = try await store.nearestDocuments(to: 1)
      }
      #expect(failure.isCorrupt, "\(String(describing: failure))")
      try await expectNoTrap(store)
    }
  }

  @Test(arguments: [
    "DELETE FROM embedding_blocks", "DELETE FROM embedding_tail", "DELETE FROM embedding_sources",
    "DELETE FROM embedding_vectors", "DELETE FROM embedding_partitions", "DELETE FROM embedding_state",
    "UPDATE embedding_vectors SET first = 1000", "UPDATE embedding_vectors SET count = 1000000000",
    "UPDATE embedding_vectors SET count = -1", "UPDATE embedding_spaces SET tail = 0",
    "UPDATE embedding_state SET last_removed = 9223372036854775807",
    "UPDATE embedding_sources SET key = 9223372036854775807 WHERE key = 100",
    "UPDATE embedding_spaces SET key = 9223372036854775807",
    "UPDATE embedding_blocks SET key = 9223372036854775807",
    "UPDATE embedding_tail SET source = 1", "UPDATE embedding_spaces SET next = 1",
  ])
  func `do not trap, whatever is damaged`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...100)
      _ = try await store.nearestDocuments(to: 1)
      try RawDatabase(path).run(damage)
      _ = await failure { () throws(StoreFailure) in _ = try await store.nearestDocuments(to: 1) }
      try await expectNoTrap(store)
    }
  }

  @Test func `are all there or not at all when the log is cut`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "store.db").path
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...60)
      for number in 61...70 {
        try await store.embed(number...number)
        try await store.commit(.removeDocument(identifier(number - 60)))
      }
      let file = try Data(contentsOf: URL(filePath: path))
      let log = try Data(contentsOf: URL(filePath: path + "-wal"))
      for length in stride(from: 0, to: log.count, by: log.count / 25) {
        let image = folder.appending(path: "image-\(length).db").path
        try file.write(to: URL(filePath: image))
        try log.prefix(length).write(to: URL(filePath: image + "-wal"))
        let copy = try await open(image)
        try await copy.checkIntegrity()
        try expectSound(image)
        let coverage = try await copy.embeddingCoverage(in: nearSpace)
        let found = try await copy.nearest(to: numberedVector(1), limit: 200)
        #expect(found.count == coverage?.embedded ?? 0)
        await copy.close()
      }
    }
  }

  @Test func `lose nothing when the disk is full`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...50)
      try await store.limitPages(to: 130)
      var stored = 50
      while stored < 5000 {
        do throws(StoreFailure) { try await store.embed(stored + 1...stored + 1) } catch {
          #expect(Optional(error).isFull, "\(error)")
          break
        }
        stored += 1
      }
      #expect((51..<5000).contains(stored))
      try await store.limitPages(to: 1_000_000)
      try await store.embed(stored + 1...stored + 100)
      try expectSound(path)
      for number in [1, stored, stored + 1, stored + 100] {
        #expect(try await store.nearestDocuments(to: number).first == number)
      }
    }
  }
}

/// Changes what is damaged in all ways; what comes of it does not matter.
private func expectNoTrap(_ store: SQLiteStore) async throws {
  let changes: [ChangeSet.Change] = [
    .removeDocument(identifier(3)), .putDocument(numbered(4, "else")), .removeDocument(identifier(99)),
    .retryEmbeddings(in: nearSpace), .openEmbeddingSpace(nearSpace),
  ]
  for change in changes {
    _ = await failure { () throws(StoreFailure) in try await store.commit(change) }
  }
  _ = await failure { () throws(StoreFailure) in try await store.embed(1...70) }
  _ = await failure { () throws(StoreFailure) in
    try await store.commit(ChangeSet((1...200).map { .removeDocument(identifier($0)) }))
  }
  _ = await failure { () throws(StoreFailure) in _ = try await store.embeddingCoverage(in: nearSpace) }
  _ = await failure { () throws(StoreFailure) in
    _ = try await store.embeddingWork(in: nearSpace, at: .epoch, limit: 9)
  }
  _ = await failure { () throws(StoreFailure) in
    _ = try await store.failedEmbeddings(in: nearSpace, after: nil, limit: 9)
  }
  _ = await failure { () throws(StoreFailure) in _ = try await store.nearestDocuments(to: 1) }
  _ = await failure { () throws(StoreFailure) in try await store.commit(.closeEmbeddingSpace(nearSpace)) }
}
