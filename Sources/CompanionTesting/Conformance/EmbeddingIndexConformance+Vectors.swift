import CompanionDomain
import CompanionPorts

/// Vectors that come, and those that come too late.
extension EmbeddingIndexConformance {
  static let vectors: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("vectors take the place of those before, and of a failure") { store, _ in
      try await vectorsAreReplaced(store)
    },
    ConformanceCheck("vectors of an older text are not kept") { store, _ in
      try await oldVectorsAreNotKept(store)
    },
    ConformanceCheck("vectors of what is gone are not kept") { store, _ in
      try await lateVectorsAreNotKept(store)
    },
    ConformanceCheck("a failure of what is embedded changes nothing") { store, _ in
      try await lateFailuresChangeNothing(store)
    },
    ConformanceCheck("vectors that are none of their space are refused") { store, _ in
      try await badVectorsAreRefused(store)
    },
    ConformanceCheck("a failure without an attempt, or with NUL, is refused") { store, _ in
      try await badFailuresAreRefused(store)
    },
  ]

  static func vectorsAreReplaced(_ store: any Store) async throws {
    try await store.commit(.putDocument(Make.document(1)), .putDocument(Make.document(2)))
    try await open(store, [small, other])
    try await fail(store, document(1), attempts: 3)
    try await fail(store, document(2), retryAt: Make.time(1))
    for number in 1...2 { try await embed(store, document(number), as: [axis(0), axis(number)]) }
    try await expectSpace(store, embedded: [document(1), document(2)], "after both have failed before")
    try await expect(store.failedEmbeddings(in: small, after: nil, limit: 9), [], "what has failed")
    try await expectNearest(store, to: axis(1), of: [(1, 1), (2, 0)], "before")
    try await embed(store, document(1), as: [axis(3)])
    try await expectNearest(store, to: axis(1), of: [(1, 0), (2, 0)], "after its vector has gone")
    try await expectNearest(store, to: axis(0), of: [(2, 1), (1, 0)], "after its first vector has gone")
    try await expectNearest(store, to: axis(3), of: [(1, 1), (2, 0)], "after another has come")
    try await embed(store, document(1), as: [axis(1), axis(0), axis(2), axis(1)])
    try await expectNearest(store, to: axis(3), of: [(1, 0), (2, 0)], "after others have come")
    try await expectNearest(store, to: axis(1), of: [(1, 1), (2, 0)], "after others have come")
    try await expectSpace(store, embedded: [document(1), document(2)], "in the end")
    try await expectFresh(store, in: [other], [document(1), document(2)], "in another space")
  }

  /// Of documents that are equally near any may come first.
  private static func expectNearest(
    _ store: any Store, to vector: [Float], of expected: [(number: Int, similarity: Double)], _ what: String
  ) async throws {
    let found = try await store.nearest(
      to: vector, in: small, scopes: allScopes, matching: .all, by: .cosine, limit: 9)
    let places = found.map { match in "\(match.source): \((match.similarity * 1000).rounded() / 1000 + 0)" }
    let all = expected.map { "\(document($0.number)): \($0.similarity)" }
    try expect(places.sorted(), all.sorted(), "how near all are to \(vector) \(what)")
    try expect(
      found.map(\.similarity), found.map(\.similarity).sorted(by: >), "the nearest first \(what)")
  }

  static func oldVectorsAreNotKept(_ store: any Store) async throws {
    let line = try await fill(store)
    try await open(store, [small, other])
    let edits: [(source: RecallSource, change: ChangeSet.Change)] = [
      (message(2), .amend(Make.at(2), .edit([.text("A lion?")]), in: session.id, at: Make.time(1))),
      (memory, .putMemory(Make.memory(version: 2, text: "They talk of lions."), adding: [])),
      (document(2), .putDocument(Make.document(2, "Water for black tea boils."))),
    ]
    var waiting = line
    for (source, change) in edits {
      let late = try await embedded(source, in: store)
      let failed = try await failure(source, in: store, attempts: 2)
      try await store.commit(change)
      waiting = waiting.filter { $0 != source } + [source]
      for space in [small, other] { try await store.commit(.putEmbedding(late, in: space)) }
      try await expectFresh(store, in: [small, other], waiting, "after vectors of its older text")
      for space in [small, other] { try await store.commit(.noteFailedEmbedding(failed, in: space)) }
      try await expectFresh(store, in: [small, other], waiting, "after a failure of its older text")
      // Nor do they harm what has come meanwhile.
      try await fail(store, source, retryAt: Make.time(9))
      try await embed(store, source, as: [axis(3)], in: other)
      let failures = try await store.failedEmbeddings(in: small, after: nil, limit: 9)
      for space in [small, other] {
        try await store.commit(.putEmbedding(late, in: space), .noteFailedEmbedding(failed, in: space))
      }
      try await expect(
        store.failedEmbeddings(in: small, after: nil, limit: 9), failures, "what is tried again")
      try await expectNearest(
        store, to: axis(0), in: other, [EmbeddingMatch(source: source, similarity: 0)], "of the newer text")
      try await store.commit(.retryEmbeddings(in: small), .closeEmbeddingSpace(other))
      try await open(store, [other])
    }
  }

  static func lateVectorsAreNotKept(_ store: any Store) async throws {
    let line = try await fill(store)
    try await store.commit(.insertFact(Make.fact(2, "Hay.")))
    try await open(store, [small, other])
    var late: [ChangeSet.Change] = []
    for source in line {
      try await late.append(.putEmbedding(embedded(source, in: store), in: small))
      try await late.append(.noteFailedEmbedding(failure(source, in: store), in: other))
    }
    let documents = [Make.document(1, status: .archived), Make.document(2, status: .archived)]
    try await store.commit(
      .eraseMessage(Make.at(1), in: session.id, at: Make.time(1)),
      .amend(Make.at(2), .delete, in: session.id, at: Make.time(1)), .removeMemory(Make.memory().key),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)), .putDocument(documents[0]),
      .removeDocument(documents[1].id))
    for change in late {
      try await store.commit(change)
      try await expectFresh(
        store, in: [small, other], [fact(2)], "after vectors and failures that come late")
    }
    // What can be found again has none of it.
    try await store.commit(
      .restoreFact(Make.id(1), validTo: nil), .putDocument(Make.document(1, "Soup")),
      .putDocument(Make.document(2)), .putMemory(Make.memory(), adding: []))
    try await expectFresh(
      store, in: [small, other], [fact(2), fact(1), document(1), document(2), memory], "after they are back")
    // The text is the one that the vectors are of: they are as good as others.
    for change in late { try await store.commit(change) }
    let back = [fact(1), document(1), document(2), memory]
    try await expectSpace(store, small, embedded: back, waiting: [fact(2)], "after vectors of their texts")
    try await expectSpace(store, other, waiting: [fact(2)], parked: back, "after failures of their texts")
  }

  static func lateFailuresChangeNothing(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small, other])
    for source in sources {
      try await embed(store, source, as: [axis(2)])
      try await fail(store, source, attempts: 5)
      try await fail(store, source, attempts: 5, retryAt: Make.start)
    }
    try await expectSpace(store, embedded: sources, "after failures of what is embedded")
    try await expect(store.failedEmbeddings(in: small, after: nil, limit: 9), [], "what has failed")
    try await store.commit(.retryEmbeddings(in: small))
    try await expectSpace(store, embedded: sources, "after what has failed is to be tried again")
    try await expectFresh(store, in: [other], sources, "in another space")
  }

  static func badVectorsAreRefused(_ store: any Store) async throws {
    try await store.commit(.putDocument(Make.document(1)), .putDocument(Make.document(2)))
    try await open(store, [small])
    try await embed(store, document(2))
    let hash = try await store.hash(of: document(1))
    let bad: [[Float]] = [
      [], [1, 0, 0], [1, 0, 0, 0, 0], [.nan, 0, 0, 0], [0, 0, 0, .infinity], [0, -.infinity, 0, 0],
      [3e38, 0, 0, 0], axis(0, in: wide),
    ]
    for vectors in bad.flatMap({ [[$0], [axis(0), $0], [$0, axis(0)]] }) + [[]] {
      let embedded = EmbeddedSource(source: document(1), hash: hash, vectors: vectors)
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.removeDocument(Make.id(2)), .putEmbedding(embedded, in: small))
      }
    }
    try await expectSpace(
      store, embedded: [document(2)], waiting: [document(1)], "after vectors that were refused")
    for vector in bad {
      for space in [small, other] {
        try await expectInvalid { () throws(StoreFailure) in
          _ = try await store.nearest(
            to: vector, in: space, scopes: allScopes, matching: .all, by: .cosine, limit: 9)
        }
      }
    }
  }

  static func badFailuresAreRefused(_ store: any Store) async throws {
    try await store.commit(.putDocument(Make.document(1)))
    try await open(store, [small])
    for (attempts, reason) in [(0, ""), (-1, ""), (Int.min, ""), (1, Make.textWithNUL)] {
      let failed = try await failure(document(1), in: store, attempts: attempts, reason: reason)
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.removeDocument(Make.id(1)), .noteFailedEmbedding(failed, in: small))
      }
    }
    try await expectFresh(store, in: [small], [document(1)], "after failures that were refused")
  }
}
