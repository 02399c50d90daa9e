import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import CompanionTesting
import Foundation
import Testing

/// What filters leave in a SQLite file.
@Suite struct `A filter over SQLite` {
  /// A few thousand things: more than are looked up at once, and fewer than a search would miss any of.
  @Test func `finds the same, however many it accepts`() async throws {
    try await withDatabase { path in
      let (store, reference) = (try await open(path), InMemoryStore(time: StoppedClock()))
      try await fill(store, 1...2_700)
      try await fill(reference, 1...2_700)
      // Some are from another time now, say the same, and are others' neighbours in the file.
      for number in [5, 2_600] {
        let moved = ChangeSet([.putDocument(document(number, at: 99_999, ["kind": "letter"]))])
        try await store.commit(moved)
        try await reference.commit(moved)
      }
      let filters = [
        RecallFilter(times: times(0, 2_500)), RecallFilter(times: times(2_690, 100_000)),
        RecallFilter(times: times(100, 200)), RecallFilter(metadata: ["kind": "note"]),
        RecallFilter(metadata: ["third": "yes"]), RecallFilter(metadata: ["kind": "letter"]),
        RecallFilter(times: times(1_000, 1_300), metadata: ["kind": "note"]),
        RecallFilter(times: times(1, 2_698), metadata: ["kind": "note"]),
        RecallFilter(metadata: ["kind": "note", "third": "yes"]), RecallFilter(times: times(7, 7)),
        RecallFilter(metadata: ["kind": "none"]),
      ]
      for filter in filters {
        for (scopes, limit, metric) in [
          ([scope], 3, .dotProduct), ([scope, other], 40, .cosine),
        ] as [(Set<MemoryScope>, Int, VectorMetric)] {
          let found = try await store.nearest(
            to: vector(17), in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
          let expected = try await reference.nearest(
            to: vector(17), in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
          #expect(found == expected, "\(filter)")
          let texts = try await store.textCandidates(
            for: TextQuery("number 17"), in: scopes, matching: filter, limit: limit)
          let expectedTexts = try await reference.textCandidates(
            for: TextQuery("number 17"), in: scopes, matching: filter, limit: limit)
          #expect(Set(texts.ids) == Set(expectedTexts.ids), "\(filter)")
          #expect(texts.matches.documentStatistics == expectedTexts.matches.documentStatistics)
        }
      }
      // All of what is accepted, of the most and of the least.
      for filter in [filters[0], filters[8], filters[5]] {
        let found = try await store.nearest(
          to: vector(17), in: space, scopes: [scope, other], matching: filter, by: .cosine, limit: .max)
        let expected = try await reference.nearest(
          to: vector(17), in: space, scopes: [scope, other], matching: filter, by: .cosine, limit: .max)
        #expect(found == expected, "\(filter)")
      }
    }
  }

  @Test func `works on a file of version 6, whose vectors stay`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await fill(store, 1...20)
      let fact = Fact(
        id: identifier(1), scope: scope, subject: "anna", statement: "Anna sings.",
        validFrom: Timestamp(nanosecondsSinceEpoch: 4), source: .statement(by: "anna", in: chat.id),
        createdAt: .epoch)
      try await store.commit(
        .insertSession(chat), append(1), append(2), .insertFact(fact),
        .putDocument(document(30, at: 30, status: .archived)))
      for record in [RecallRecord.fact(fact), .message(message(2), in: chat)] {
        guard let text = EmbeddingText(record) else { continue }
        try await store.commit(
          .putEmbedding(
            EmbeddedSource(source: text.source, hash: text.hash, vectors: [vector(1)]), in: space))
      }
      let before = try await store.embeddingCoverage(in: space)
      await store.close()
      try toVersionSix(path)
      let migrated = try await open(path)
      try await migrated.checkIntegrity()
      #expect(try await migrated.embeddingCoverage(in: space) == before)
      #expect(before?.embedded == 22 && before?.waiting == 1)
      let places = [scope, other, chat.searchScope] as Set<MemoryScope>
      func found(_ filter: RecallFilter) async throws -> Set<RecallSource> {
        Set(
          try await migrated.nearest(
            to: vector(1), in: space, scopes: places, matching: filter, by: .cosine, limit: 50
          ).map(\.source))
      }
      #expect(
        try await found(RecallFilter(times: times(2, 5)))
          == [
            .document(identifier(2)), .document(identifier(3)), .document(identifier(4)), .fact(fact.id),
            .message(chat.id, SequenceNumber(rawValue: 2)),
          ])
      #expect(
        try await found(RecallFilter(metadata: ["third": "yes"]))
          == Set((1...20).filter { $0.isMultiple(of: 3) }.map { .document(identifier($0)) }))
      let file = RawDatabase(path)
      #expect(try file.number("PRAGMA user_version") == 9)
      await migrated.close()
      // Opening it again changes nothing.
      let again = try await open(path)
      #expect(try await again.embeddingCoverage(in: space) == before)
    }
  }

  /// A search reads vectors first and names then. What goes in between takes no other's place.
  @Test(.timeLimit(.minutes(2))) func `finds as many as are wanted while others go and come`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await fill(store, 1...300)
      let wanted = try await store.nearest(
        to: vector(17), in: space, scopes: [scope], matching: .all, by: .cosine, limit: 10)
      let sources = wanted.map(\.source)
      let numbers = (1...300).filter { sources.contains(.document(identifier($0))) }
      let writer = Task {
        while !Task.isCancelled {
          try await store.commit(ChangeSet(numbers.map { .removeDocument(identifier($0)) }))
          try await store.commit(ChangeSet(numbers.flatMap { embedded($0) }))
        }
      }
      for _ in 0..<300 {
        for filter in [RecallFilter.all, RecallFilter(times: times(0, 1_000))] {
          let found = try await store.nearest(
            to: vector(17), in: space, scopes: [scope], matching: filter, by: .cosine, limit: 10)
          #expect(found.count == 10)
        }
      }
      writer.cancel()
      _ = try? await writer.value
    }
  }

  @Test func `leaves no metadata of what is gone, archived or changed`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await fill(store, 1...3)
      try await store.commit(.removeDocument(identifier(1)))
      try await store.commit(.putDocument(document(2, at: 2, status: .archived)))
      try await store.commit(.putDocument(document(3, at: 3, ["kind": "letter"])))
      let file = RawDatabase(path)
      #expect(try file.number("SELECT count(*) FROM embedding_metadata") == 1)
      #expect(try file.number("SELECT count(*) FROM embedding_metadata WHERE value = 'letter'") == 1)
      #expect(try await store.embeddingCoverage(in: space)?.embedded == 1)
    }
  }
}

private let space = EmbeddingSpace(
  model: ModelIdentity(provider: "scripted", model: "near"), dimension: 8)
private let scope = MemoryScope.channel("kitchen", of: .main)
private let other = MemoryScope.workspace(.main)

private func times(_ first: Int64, _ end: Int64) -> Range<Timestamp> {
  Timestamp(nanosecondsSinceEpoch: first)..<Timestamp(nanosecondsSinceEpoch: end)
}

private func document(
  _ number: Int, at time: Int64? = nil, _ metadata: [String: String]? = nil,
  status: Document.Status = .normal
) -> Document {
  // Nearly all are notes.
  let kind = number.isMultiple(of: 9) ? "list" : "note"
  let usual = number.isMultiple(of: 3) ? ["kind": kind, "third": "yes"] : ["kind": kind]
  return Document(
    id: identifier(number), scope: number.isMultiple(of: 10) ? other : scope, text: "number \(number)",
    status: status, metadata: metadata ?? usual,
    createdAt: Timestamp(nanosecondsSinceEpoch: time ?? Int64(number)))
}

private func vector(_ number: Int) -> [Float] {
  let random = SeededRandom(seed: UInt64(number))
  return (0..<space.dimension).map { _ in Float(Int64(random.nextBits() % 2_001) - 1_000) / 500 }
}

private func fill(_ store: any DocumentStore & EmbeddingIndex, _ numbers: ClosedRange<Int>) async throws {
  try await store.commit(.openEmbeddingSpace(space))
  for first in stride(from: numbers.lowerBound, through: numbers.upperBound, by: 300) {
    var changes: [ChangeSet.Change] = []
    for number in first...min(first + 299, numbers.upperBound) { changes += embedded(number) }
    try await store.commit(ChangeSet(changes))
  }
}

private func embedded(_ number: Int) -> [ChangeSet.Change] {
  let document = document(number)
  guard let text = EmbeddingText(.document(document)) else { return [] }
  let embedded = EmbeddedSource(source: text.source, hash: text.hash, vectors: [vector(number)])
  return [.putDocument(document), .putEmbedding(embedded, in: space)]
}
