import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

@Suite struct `The vectors of a SQLite store` {
  @Test(arguments: 1...2)
  func `are found as those in memory are, however many come and go`(seed: UInt64) async throws {
    try await withDatabase { path in
      var store = try await open(path)
      let reference = InMemoryStore(time: StoppedClock())
      var changes = VectorChanges(seed: seed)
      for change in changes.opening {
        try await store.commit(change)
        try await reference.commit(change)
      }
      for step in 1...60 {
        let set = changes.next(80)
        try await store.commit(set)
        try await reference.commit(set)
        guard step.isMultiple(of: 12) else { continue }
        try await expectSame(store, reference, &changes)
        try expectSound(path)
        guard step == 36 else { continue }
        await store.close()
        store = try await open(path)
      }
      try await store.checkIntegrity()
      for set in changes.removals(of: 700) {
        try await store.commit(set)
        try await reference.commit(set)
      }
      try await expectSame(store, reference, &changes)
      try expectSound(path)
      // What is left is not strewn over many blocks.
      let file = RawDatabase(path)
      let vectors = try file.number(
        "SELECT coalesce(sum(count), 0) FROM embedding_vectors WHERE space = \(spaceKey(file))")
      let blocks = try file.number("SELECT count(*) FROM embedding_blocks WHERE key < 2 << 40")
      #expect(blocks <= vectors / 12 + 2, "\(blocks) blocks with \(vectors) vectors")
      await store.close()
      store = try await open(path)
      try await expectSame(store, reference, &changes)
    }
  }

  @Test func `are followed by whoever else has the file`() async throws {
    try await withDatabase { path in
      let writing = try await open(path)
      let following = try await open(path)
      #expect(try await following.nearestDocuments(to: 0) == [])
      try await writing.commit(.openEmbeddingSpace(nearSpace))
      #expect(try await following.nearestDocuments(to: 0) == [])
      try await writing.embed(1...300)
      #expect(try await following.nearestDocuments(to: 7).first == 7)
      // Those that were read at first, those that came later, and those that were never seen.
      try await writing.embed(301...500)
      #expect(try await following.nearestDocuments(to: 450).first == 450)
      try await writing.embed(501...600)
      for number in [7, 450, 599] {
        try await writing.commit(.removeDocument(identifier(number)))
        #expect(try await following.nearestDocuments(to: number).contains(number) == false)
      }
      // Their places are taken by others.
      try await writing.embed(601...640)
      for number in [1, 8, 301, 449, 600, 601, 620, 640] {
        #expect(try await following.nearestDocuments(to: number).first == number)
      }
      try await writing.commit(.closeEmbeddingSpace(nearSpace))
      #expect(try await following.nearestDocuments(to: 8) == [])
      try await writing.commit(.openEmbeddingSpace(nearSpace))
      #expect(try await following.nearestDocuments(to: 8) == [])
      try await writing.embed(8...8)
      #expect(try await following.nearestDocuments(to: 9) == [8])
      try await writing.commit(.closeEmbeddingSpace(nearSpace), .openEmbeddingSpace(nearSpace))
      try await writing.embed(10...10)
      #expect(try await following.nearestDocuments(to: 8) == [10])
    }
  }

  @Test func `are read anew by whoever cannot be told all that went`() async throws {
    try await withDatabase { path in
      let writing = try await open(path)
      let following = try await open(path)
      try await writing.commit(.openEmbeddingSpace(nearSpace))
      try await writing.embed(1...200)
      #expect(try await following.nearestDocuments(to: 3).first == 3)
      try await writing.commit(.removeDocument(identifier(3)), .removeDocument(identifier(150)))
      // As if so many had gone meanwhile.
      let file = RawDatabase(path)
      try file.run("UPDATE sqlite_sequence SET seq = seq + 70000 WHERE name = 'embedding_removals'")
      try await writing.commit(.removeDocument(identifier(4)))
      #expect(try file.number("SELECT count(*) FROM embedding_removals") == 1)
      for number in [3, 4, 150] {
        #expect(try await following.nearestDocuments(to: number).contains(number) == false)
      }
      #expect(try await following.nearestDocuments(to: 5).first == 5)
    }
  }

  @Test func `are read once for all who ask at the same time`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...2000)
      await store.close()
      let again = try await open(path)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 1...40 {
          group.addTask { try await again.nearestDocuments(to: number).first == number }
        }
        for try await isFound in group { #expect(isFound) }
      }
      await again.close()
      #expect(
        await failure { () throws(StoreFailure) in _ = try await again.nearestDocuments(to: 1) } == .closed)
    }
  }

  @Test func `are gone from the files with what they are of`() async throws {
    try await withTemporaryFolder { folder in
      let store = try await open(folder.appending(path: "store.db").path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...130)
      // Of a document in a block, one in the tail, and one that has another text then.
      for number in [5, 128, 40] { #expect(try bytes(of: number, areIn: folder)) }
      try await store.commit(
        .removeDocument(identifier(5)), .removeDocument(identifier(128)),
        .putDocument(numbered(40, "something else")))
      try await store.eraseRemoved()
      for number in [5, 128, 40] { #expect(try !bytes(of: number, areIn: folder)) }
      #expect(try bytes(of: 6, areIn: folder))
      try await store.commit(.closeEmbeddingSpace(nearSpace))
      try await store.eraseRemoved()
      #expect(try !bytes(of: 6, areIn: folder))
    }
  }

  @Test func `leave nothing behind when everything is gone`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace), .insertSession(chat))
      let messages = (1...3000).map { message($0, "number \($0)") }
      try await store.commit(.append(messages, to: chat.id, after: .zero))
      try await store.embed(1...100)
      while true {
        let work = try await store.embeddingWork(in: nearSpace, at: .epoch, limit: 500)
        guard !work.isEmpty else { break }
        try await store.commit(
          ChangeSet(
            work.enumerated().compactMap { place, work in
              EmbeddingText(work.record).map { text in
                .putEmbedding(
                  EmbeddedSource(source: text.source, hash: text.hash, vectors: [numberedVector(place)]),
                  in: nearSpace)
              }
            }))
      }
      #expect(try await store.embeddingCoverage(in: nearSpace) == EmbeddingCoverage(embedded: 3100))
      #expect(try await store.nearestDocuments(to: 7).first == 7)
      try await store.commit(.eraseSession(chat.id))
      #expect(try await store.embeddingCoverage(in: nearSpace) == EmbeddingCoverage(embedded: 100))
      #expect(try await store.nearestDocuments(to: 7).first == 7)
      #expect(try await store.nearest(to: numberedVector(3), scopes: [chat.searchScope]) == [])
      try await store.commit(ChangeSet((1...100).map { .removeDocument(identifier($0)) }))
      let file = RawDatabase(path)
      for table in embeddingTables
      where !["embedding_state", "embedding_spaces", "embedding_removals"].contains(table) {
        #expect(try file.number("SELECT count(*) FROM \(table)") == 0, "\(table)")
      }
      // Nothing that comes has the key of something that was there.
      try await store.commit(.putDocument(numbered(1)))
      #expect(try file.number("SELECT key FROM embedding_sources") == 3101)
    }
  }

  @Test func `are given to embed in pages that fit into memory`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      let text = String(repeating: "x", count: 3 << 20)
      for number in 1...4 { try await store.commit(.putDocument(numbered(number, text))) }
      #expect(try await store.embeddingWork(in: nearSpace, at: .epoch, limit: 9).count == 2)
      try await store.commit(.putDocument(numbered(5)))
      #expect(try await store.embeddingWork(in: nearSpace, at: .epoch, limit: 1).count == 1)
    }
  }
}

private func bytes(of number: Int, areIn folder: URL) throws -> Bool {
  var bytes = Data()
  for number in numberedVector(number) {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  return try files.contains { file in
    try (FileHandle(forReadingFrom: file).readToEnd() ?? Data()).range(of: bytes) != nil
  }
}

private func spaceKey(_ file: RawDatabase) throws -> Int64 {
  try file.number("SELECT key FROM embedding_spaces WHERE dimension = 8")
}

/// Checks that two stores say the same of what is embedded.
private func expectSame(
  _ store: SQLiteStore, _ reference: InMemoryStore, _ changes: inout VectorChanges
) async throws {
  for space in VectorChanges.spaces {
    #expect(
      try await store.embeddingCoverage(in: space) == reference.embeddingCoverage(in: space))
    #expect(
      try await store.embeddingWork(in: space, at: .epoch, limit: 5000)
        == reference.embeddingWork(in: space, at: .epoch, limit: 5000))
    for _ in 1...5 {
      let query = changes.vector(space.dimension)
      for scopes in [[kitchen], Set(VectorChanges.scopes)] {
        let found = try await store.nearest(
          to: query, in: space, scopes: scopes, matching: RecallFilter(kinds: [.document]), by: .cosine,
          limit: 40)
        let expected = try await reference.nearest(
          to: query, in: space, scopes: scopes, matching: RecallFilter(kinds: [.document]), by: .cosine,
          limit: 40)
        #expect(found == expected)
      }
    }
  }
}
