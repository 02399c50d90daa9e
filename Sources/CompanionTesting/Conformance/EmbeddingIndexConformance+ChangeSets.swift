import CompanionDomain
import CompanionPorts

extension EmbeddingIndexConformance {
  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what a set embeds is as the changes before have left it") { store, _ in
      try await changesApplyInOrder(store)
    },
    ConformanceCheck("a space that is not open undoes a whole set") { store, _ in
      try await unopenedSpaceIsConflict(store)
    },
    ConformanceCheck("one failing change leaves all spaces as they were") { store, _ in
      try await setIsAtomic(store)
    },
  ]

  static func changesApplyInOrder(_ store: any Store) async throws {
    let (one, two) = (Make.document(1), Make.document(2, "Soup"))
    try await store.commit(.putDocument(one), .putDocument(two))
    let vectors = try await embedded(document(1), in: store)
    let others = try await embedded(document(2), in: store)
    let failed = try await failure(document(1), in: store, attempts: 3)
    try await store.commit(.removeDocument(one.id))
    try await store.commit(
      .openEmbeddingSpace(small), .putDocument(one), .putEmbedding(vectors, in: small))
    try await expectSpace(store, embedded: [document(1)], waiting: [document(2)], "that was opened just then")
    try await store.commit(
      .putEmbedding(others, in: small), .closeEmbeddingSpace(small), .openEmbeddingSpace(small))
    try await expectFresh(store, in: [small], [document(2), document(1)], "that was opened anew")
    try await store.commit(
      .noteFailedEmbedding(failed, in: small), .closeEmbeddingSpace(small), .openEmbeddingSpace(small),
      .putEmbedding(others, in: small))
    try await expectSpace(store, embedded: [document(2)], waiting: [document(1)], "that was opened anew")
    try await store.commit(.putEmbedding(vectors, in: small), .noteFailedEmbedding(failed, in: small))
    try await expectSpace(store, embedded: [document(2), document(1)], "after a failure that came late")
    try await store.commit(
      .putDocument(Make.document(1, "Bread")), .putEmbedding(vectors, in: small),
      .noteFailedEmbedding(failed, in: small))
    try await expectSpace(store, embedded: [document(2)], waiting: [document(1)], "after an edit before")
    try await store.commit(.putDocument(one))
    try await store.commit(.putEmbedding(vectors, in: small), .putDocument(Make.document(1, "Bread")))
    try await expectSpace(store, embedded: [document(2)], waiting: [document(1)], "after an edit behind")
    try await store.commit(
      .putDocument(one), .noteFailedEmbedding(failed, in: small), .retryEmbeddings(in: small))
    try await expectSpace(store, embedded: [document(2)], waiting: [document(1)], "after it is asked for")
    try await store.commit(.retryEmbeddings(in: small), .noteFailedEmbedding(failed, in: small))
    try await expectSpace(store, embedded: [document(2)], parked: [document(1)], "after it was asked for")
    try await store.commit(
      .noteFailedEmbedding(failed, in: small), .putEmbedding(vectors, in: small), .removeDocument(two.id))
    try await expectSpace(store, embedded: [document(1)], "after the other has gone")
  }

  static func unopenedSpaceIsConflict(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small, wide])
    let (vectors, failed) = (
      try await embedded(sources[0], in: store), try await failure(sources[0], in: store)
    )
    let changes: [ChangeSet.Change] = [
      .putEmbedding(vectors, in: other), .noteFailedEmbedding(failed, in: other), .retryEmbeddings(in: other),
    ]
    for change in changes {
      for set in [[change], [.closeEmbeddingSpace(other), change], [change, .openEmbeddingSpace(other)]] {
        try await expectConflict(.noSuchEmbeddingSpace) { () throws(StoreFailure) in
          let before: [ChangeSet.Change] = [
            .putEmbedding(vectors, in: small), .noteFailedEmbedding(failed, in: wide),
            .removeDocument(Make.id(1)), .closeEmbeddingSpace(wide),
          ]
          try await store.commit(ChangeSet(before + set))
        }
        try await expect(store.embeddingSpaces(), [small, wide], "the spaces after a set that failed")
        try await expectFresh(store, in: [small, wide], sources, "after a set that failed")
      }
    }
    // What is gone has no space to be in, either.
    let gone = EmbeddedSource(source: document(9), hash: vectors.hash, vectors: vectors.vectors)
    try await expectConflict(.noSuchEmbeddingSpace) { () throws(StoreFailure) in
      try await store.commit(.putEmbedding(gone, in: other))
    }
    try await store.commit(.openEmbeddingSpace(other), .putEmbedding(vectors, in: other))
    try await expectSpace(
      store, other, embedded: [sources[0]], waiting: Array(sources[1...]), "after the set that succeeds")
  }

  static func setIsAtomic(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await store.commit(
      .putDocument(Make.document(3)), .insertFact(Make.fact(2)), .putDocument(Make.document(4)))
    try await open(store, [small, other])
    for (index, source) in sources.enumerated() {
      try await embed(store, source, as: [axis(index % 4), [1, 1, 1, Float(index)]])
      guard index % 3 > 0 else { continue }
      let retryAt = index % 3 == 1 ? nil : Make.time(index)
      try await fail(store, source, attempts: index, retryAt: retryAt, in: other)
    }
    try await fail(store, document(3), attempts: 4)
    try await fail(store, fact(2), attempts: 4, retryAt: Make.time(1))
    let late = try await embedded(document(3), in: store, as: [axis(1)])
    let failed = try await failure(document(4), in: store, attempts: 2)
    let wideVectors = try await embedded(fact(2), in: store, space: wide)
    let changes: [ChangeSet.Change] = [
      .putEmbedding(late, in: small), .noteFailedEmbedding(failed, in: small), .openEmbeddingSpace(wide),
      .putEmbedding(wideVectors, in: wide), .retryEmbeddings(in: other), .closeEmbeddingSpace(small),
      .openEmbeddingSpace(small), .putDocument(Make.document(1, "Bread")),
      .amend(Make.at(1), .edit([.text("A lion")]), in: session.id, at: Make.time(9)),
      .eraseMessage(Make.at(2), in: session.id, at: Make.time(9)), .eraseSession(session.id),
      .removeMemory(Make.memory().key), .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)),
      .putDocument(Make.document(2, in: .workspace("home"))), .removeDocument(Make.id(3)),
      .closeEmbeddingSpace(other), .closeEmbeddingSpace(small), .closeEmbeddingSpace(wide),
      .openEmbeddingSpace(other),
    ]
    let before = try await contents(of: store)
    for count in 1...changes.count {
      try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
        try await store.commit(
          ChangeSet(changes.prefix(count) + [.append([], to: Make.id(9), after: .zero)]))
      }
      try await expect(contents(of: store), before, "all spaces after a set that failed")
    }
    try await store.commit(ChangeSet(changes))
    try await expect(store.embeddingSpaces(), [other], "the spaces after the set that succeeds")
    try await expect(
      Set(store.embeddingWork(in: other, at: Make.start, limit: 99).map(\.source)),
      [document(1), document(2), document(4), fact(2)], "what waits after the set that succeeds")
  }

  /// Everything that a store says of its spaces.
  private struct Contents: Equatable {
    var spaces: [EmbeddingSpace] = []
    var coverages: [EmbeddingCoverage?] = []
    var work: [[EmbeddingWork]] = []
    var failures: [[FailedEmbedding]] = []
    var near: [[[EmbeddingMatch]]] = []
  }

  private static func contents(of store: any Store) async throws -> Contents {
    var contents = Contents(spaces: try await store.embeddingSpaces())
    for space in allSpaces {
      contents.coverages.append(try await store.embeddingCoverage(in: space))
      for time in [Make.start, .distantFuture] {
        contents.work.append(try await store.embeddingWork(in: space, at: time, limit: .max))
      }
      contents.failures.append(try await store.failedEmbeddings(in: space, after: nil, limit: .max))
      var near: [[EmbeddingMatch]] = []
      for place in 0..<4 {
        let found = try await store.nearest(
          to: axis(place, in: space), in: space, scopes: allScopes, matching: .all, by: .cosine, limit: 99)
        // Of those that are equally near any may come first.
        near.append(found.sorted { $0.source < $1.source })
      }
      contents.near.append(near)
    }
    return contents
  }
}
