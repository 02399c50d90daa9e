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
      try await writing.commit(.openEmbeddingSpace(space))
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
      try await writing.commit(.closeEmbeddingSpace(space))
      #expect(try await following.nearestDocuments(to: 8) == [])
      try await writing.commit(.openEmbeddingSpace(space))
      #expect(try await following.nearestDocuments(to: 8) == [])
      try await writing.embed(8...8)
      #expect(try await following.nearestDocuments(to: 9) == [8])
      try await writing.commit(.closeEmbeddingSpace(space), .openEmbeddingSpace(space))
      try await writing.embed(10...10)
      #expect(try await following.nearestDocuments(to: 8) == [10])
    }
  }

  @Test func `are read anew by whoever cannot be told all that went`() async throws {
    try await withDatabase { path in
      let writing = try await open(path)
      let following = try await open(path)
      try await writing.commit(.openEmbeddingSpace(space))
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
      try await store.commit(.openEmbeddingSpace(space))
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
      try await store.commit(.openEmbeddingSpace(space))
      try await store.embed(1...130)
      // Of a document in a block, one in the tail, and one that has another text then.
      for number in [5, 128, 40] { #expect(try bytes(of: number, areIn: folder)) }
      try await store.commit(
        .removeDocument(identifier(5)), .removeDocument(identifier(128)),
        .putDocument(numbered(40, "something else")))
      try await store.eraseRemoved()
      for number in [5, 128, 40] { #expect(try !bytes(of: number, areIn: folder)) }
      #expect(try bytes(of: 6, areIn: folder))
      try await store.commit(.closeEmbeddingSpace(space))
      try await store.eraseRemoved()
      #expect(try !bytes(of: 6, areIn: folder))
    }
  }

  @Test func `leave nothing behind when everything is gone`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(space), .insertSession(chat))
      let messages = (1...3000).map { message($0, "number \($0)") }
      try await store.commit(.append(messages, to: chat.id, after: .zero))
      try await store.embed(1...100)
      while true {
        let work = try await store.embeddingWork(in: space, at: .epoch, limit: 500)
        guard !work.isEmpty else { break }
        try await store.commit(
          ChangeSet(
            work.enumerated().compactMap { place, work in
              EmbeddingText(work.record).map { text in
                .putEmbedding(
                  EmbeddedSource(source: text.source, hash: text.hash, vectors: [vector(place)]), in: space)
              }
            }))
      }
      #expect(try await store.embeddingCoverage(in: space) == EmbeddingCoverage(embedded: 3100))
      #expect(try await store.nearestDocuments(to: 7).first == 7)
      try await store.commit(.eraseSession(chat.id))
      #expect(try await store.embeddingCoverage(in: space) == EmbeddingCoverage(embedded: 100))
      #expect(try await store.nearestDocuments(to: 7).first == 7)
      #expect(try await store.nearest(to: vector(3), scopes: [chat.searchScope]) == [])
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
      try await store.commit(.openEmbeddingSpace(space))
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
      try await store.commit(.openEmbeddingSpace(space))
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
      try await store.commit(.openEmbeddingSpace(space))
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
        let coverage = try await copy.embeddingCoverage(in: space)
        let found = try await copy.nearest(to: vector(1), limit: 200)
        #expect(found.count == coverage?.embedded ?? 0)
        await copy.close()
      }
    }
  }

  @Test func `lose nothing when the disk is full`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(space))
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

  @Test func `are given to embed in pages that fit into memory`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.openEmbeddingSpace(space))
      let text = String(repeating: "x", count: 3 << 20)
      for number in 1...4 { try await store.commit(.putDocument(numbered(number, text))) }
      #expect(try await store.embeddingWork(in: space, at: .epoch, limit: 9).count == 2)
      try await store.commit(.putDocument(numbered(5)))
      #expect(try await store.embeddingWork(in: space, at: .epoch, limit: 1).count == 1)
    }
  }
}

@Suite struct `A SQLite file of version 5` {
  @Test func `opens with all that it has to be embedded`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let messages = (1...1100).map { message($0, "number \($0)") }
      let fact = Fact(
        id: identifier(1), scope: scope, subject: "anna", statement: "Anna sings.",
        source: .statement(by: "anna", in: chat.id), createdAt: .epoch)
      try await store.commit(
        .insertSession(chat), .append(messages, to: chat.id, after: .zero), .insertFact(fact),
        .putDocument(numbered(1)), .putDocument(numbered(2, " ")))
      await store.close()
      try toVersionFive(path)
      let migrated = try await open(path)
      try await migrated.checkIntegrity()
      #expect(try await migrated.embeddingSpaces() == [])
      try await migrated.commit(.openEmbeddingSpace(space))
      let work = try await migrated.embeddingWork(in: space, at: .epoch, limit: 5000)
      #expect(
        work.map(\.record)
          == messages.map { .message($0, in: session(chat, after: messages)) } + [
            .fact(fact), .document(numbered(1)),
          ])
      try await migrated.embed(1...3)
      try await migrated.commit(.eraseSession(chat.id), .removeFact(fact.id))
      #expect(try await migrated.embeddingCoverage(in: space) == EmbeddingCoverage(embedded: 3))
      try expectSound(path)
    }
  }

  @Test func `keeps its vectors when other rules say the same, and no others`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      try await store.commit(.openEmbeddingSpace(space))
      try await store.embed(1...100)
      await store.close()
      let file = RawDatabase(path)
      // As if the first ten had said something else by the rules before.
      try file.run(
        "UPDATE embedding_state SET rules = 0; UPDATE embedding_sources SET hash = zeroblob(16) WHERE key <= 10"
      )
      store = try await open(path)
      #expect(try file.number("SELECT rules FROM embedding_state") == Int64(EmbeddingText.version))
      #expect(
        try await store.embeddingCoverage(in: space) == EmbeddingCoverage(embedded: 90, waiting: 10))
      #expect(try await store.nearest(to: vector(5), limit: 200).count == 90)
      try expectSound(path)
    }
  }

  private func session(_ session: ChatSession, after messages: [ChatMessage]) -> ChatSession {
    var session = session
    session.lastSequence = messages.last?.sequence ?? .zero
    session.updatedAt = messages.last?.time ?? .epoch
    session.revision = LogRevision(rawValue: Int64(messages.count))
    return session
  }
}

private let space = EmbeddingSpace(
  model: ModelIdentity(provider: "scripted", model: "near"), dimension: 8)
private let scope = MemoryScope.channel("kitchen", of: .main)

private func numbered(_ number: Int, _ text: String? = nil, in place: MemoryScope = scope) -> Document {
  Document(id: identifier(number), scope: place, text: text ?? "number \(number)", createdAt: .epoch)
}

/// A vector that is nearer to itself than to that of any other number, and whose bytes are nowhere else.
private func vector(_ number: Int) -> [Float] {
  var random = Dice(state: UInt64(number) &* 0x9e37_79b9_7f4a_7c15 | 1)
  return (0..<space.dimension).map { _ in Float(Int(random.next(below: 2_000_001)) - 1_000_000) / 999_983 }
}

private func bytes(of number: Int, areIn folder: URL) throws -> Bool {
  var bytes = Data()
  for number in vector(number) {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  return try files.contains { file in
    try (FileHandle(forReadingFrom: file).readToEnd() ?? Data()).range(of: bytes) != nil
  }
}

private func embedded(
  _ document: Document, _ vectors: [[Float]], in space: EmbeddingSpace
) -> ChangeSet.Change? {
  EmbeddingText(.document(document)).map { text in
    .putEmbedding(EmbeddedSource(source: text.source, hash: text.hash, vectors: vectors), in: space)
  }
}

extension SQLiteStore {
  /// Stores documents with their vectors.
  fileprivate func embed(_ numbers: ClosedRange<Int>) async throws(StoreFailure) {
    try await commit(
      ChangeSet(
        numbers.map { .putDocument(numbered($0)) }
          + numbers.compactMap { embedded(numbered($0), [vector($0)], in: space) }))
  }

  fileprivate func nearest(
    to vector: [Float], scopes: Set<MemoryScope> = [scope], limit: Int = 10
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await nearest(
      to: vector, in: space, kinds: Set(RecallSource.Kind.allCases), scopes: scopes, limit: limit)
  }

  /// The numbers of the documents that are nearest to that of a number.
  fileprivate func nearestDocuments(to number: Int) async throws(StoreFailure) -> [Int] {
    try await nearest(to: vector(number)).map { match in
      guard case .document(let id) = match.source else { return -1 }
      return (1...5000).first { identifier($0) == id } ?? -1
    }
  }
}

/// Checks that each source is in one state in each space, and that vectors are where they are said to be.
private func expectSound(_ path: String) throws {
  let file = RawDatabase(path)
  let flaws = [
    """
    SELECT count(*) FROM embedding_spaces, embedding_sources WHERE 1 !=
      (SELECT count(*) FROM embedding_line l WHERE l.space = embedding_spaces.key AND l.source = embedding_sources.key)
      + (SELECT count(*) FROM embedding_failures f WHERE f.space = embedding_spaces.key AND f.source = embedding_sources.key)
      + (SELECT count(*) FROM embedding_vectors v WHERE v.space = embedding_spaces.key AND v.source = embedding_sources.key)
    """,
    """
    SELECT (SELECT coalesce(sum(count), 0) FROM embedding_vectors) - (SELECT count(*) FROM embedding_tail)
      - (SELECT coalesce(sum(length(owners) / 20), 0) FROM embedding_blocks)
    """,
    "SELECT (SELECT coalesce(sum(tail), 0) FROM embedding_spaces) - (SELECT count(*) FROM embedding_tail)",
    "SELECT count(*) FROM embedding_partitions WHERE name NOT IN (SELECT name FROM text_partitions)",
    "SELECT count(*) FROM embedding_sources WHERE partition NOT IN (SELECT key FROM embedding_partitions)",
    """
    SELECT count(*) FROM embedding_blocks WHERE length(owners) > 1280
      OR length(owners) / 20 * 4 * (SELECT dimension FROM embedding_spaces s WHERE s.key = embedding_blocks.key >> 40)
        != length(vectors)
    """,
  ]
  for (place, flaw) in flaws.enumerated() { #expect(try file.number(flaw) == 0, "\(place)") }
}

/// Changes what is damaged in all ways; what comes of it does not matter.
private func expectNoTrap(_ store: SQLiteStore) async throws {
  let changes: [ChangeSet.Change] = [
    .removeDocument(identifier(3)), .putDocument(numbered(4, "else")), .removeDocument(identifier(99)),
    .retryEmbeddings(in: space), .openEmbeddingSpace(space),
  ]
  for change in changes {
    _ = await failure { () throws(StoreFailure) in try await store.commit(change) }
  }
  _ = await failure { () throws(StoreFailure) in try await store.embed(1...70) }
  _ = await failure { () throws(StoreFailure) in
    try await store.commit(ChangeSet((1...200).map { .removeDocument(identifier($0)) }))
  }
  _ = await failure { () throws(StoreFailure) in _ = try await store.embeddingCoverage(in: space) }
  _ = await failure { () throws(StoreFailure) in
    _ = try await store.embeddingWork(in: space, at: .epoch, limit: 9)
  }
  _ = await failure { () throws(StoreFailure) in
    _ = try await store.failedEmbeddings(in: space, after: nil, limit: 9)
  }
  _ = await failure { () throws(StoreFailure) in _ = try await store.nearestDocuments(to: 1) }
  _ = await failure { () throws(StoreFailure) in try await store.commit(.closeEmbeddingSpace(space)) }
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
      for scopes in [[scope], Set(VectorChanges.scopes)] {
        let found = try await store.nearest(
          to: query, in: space, kinds: [.document], scopes: scopes, limit: 40)
        let expected = try await reference.nearest(
          to: query, in: space, kinds: [.document], scopes: scopes, limit: 40)
        #expect(found == expected)
      }
    }
  }
}

/// Documents that come, change and go, with vectors in two spaces.
private struct VectorChanges {
  static let spaces = [
    space, EmbeddingSpace(model: ModelIdentity(provider: "scripted", model: "far"), dimension: 1100),
  ]
  static let scopes = [scope, .workspace(.main)]

  private var random: Dice
  private var stored: [Int: Document] = [:]

  init(seed: UInt64) { random = Dice(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1) }

  var opening: [ChangeSet.Change] { Self.spaces.map { .openEmbeddingSpace($0) } }

  mutating func next(_ count: Int) -> ChangeSet {
    var changes: [ChangeSet.Change] = []
    var seen: Set<Int> = []
    while seen.count < count {
      let number = random.next(below: 1500) + 1
      // One change of each: what a set does and undoes stores may see differently.
      guard seen.insert(number).inserted else { continue }
      switch random.next(below: 8) {
      case 0:
        stored[number] = nil
        changes.append(.removeDocument(identifier(number)))
      case 1, 2:
        if let document = stored[number] { changes += vectors(of: document) }
      default:
        let document = numbered(
          number, "number \(number) \(random.next(below: 3))", in: Self.scopes[random.next(below: 2)])
        stored[number] = document
        changes.append(.putDocument(document))
        if random.next(below: 3) > 0 { changes += vectors(of: document) }
      }
    }
    return ChangeSet(changes)
  }

  /// Removes so many, in sets of some.
  mutating func removals(of count: Int) -> [ChangeSet] {
    var numbers = stored.keys.sorted()
    numbers.shuffle(using: &random)
    let removed = Array(numbers.prefix(count))
    for number in removed { stored[number] = nil }
    return stride(from: 0, to: removed.count, by: 35).map { start in
      ChangeSet(
        removed[start..<min(start + 35, removed.count)].map { .removeDocument(identifier($0)) })
    }
  }

  mutating func vector(_ dimension: Int) -> [Float] {
    (0..<dimension).map { _ in Float(random.next(below: 2_000_001) - 1_000_000) / 1_000_000 }
  }

  private mutating func vectors(of document: Document) -> [ChangeSet.Change] {
    var changes: [ChangeSet.Change] = []
    for space in Self.spaces {
      let count = random.next(below: 3)
      guard count > 0 else { continue }
      let vectors = (0..<count).map { _ in vector(space.dimension) }
      if let change = embedded(document, vectors, in: space) { changes.append(change) }
    }
    return changes
  }
}

/// The same throws for a seed.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
