import CompanionDomain
import CompanionPorts

/// Spaces that are opened and closed.
extension EmbeddingIndexConformance {
  static let spaces: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("spaces are listed in the order in which they were opened") { store, _ in
      try await spacesAreListed(store)
    },
    ConformanceCheck("a space knows nothing of what is in another") { store, _ in
      try await spacesAreApart(store)
    },
    ConformanceCheck("a space that is opened again while it is open stays as it is") { store, _ in
      try await openedTwice(store)
    },
    ConformanceCheck("a space that was closed has nothing, and begins anew") { store, _ in
      try await closedIsEmpty(store)
    },
    ConformanceCheck("a space of vectors that cannot be kept is refused") { store, _ in
      try await badSpacesAreRefused(store)
    },
  ]

  static func spacesAreListed(_ store: any Store) async throws {
    try await expectSpaces([], "of an empty store")
    try await open(store, [wide, small, other])
    try await expectSpaces([wide, small, other], "that were opened")
    try await open(store, [other, wide, small])
    try await expectSpaces([wide, small, other], "after they were opened again")
    try await store.commit(.closeEmbeddingSpace(wide), .closeEmbeddingSpace(wide))
    try await expectSpaces([small, other], "after the first was closed")
    try await open(store, [wide])
    try await store.commit(.closeEmbeddingSpace(small), .openEmbeddingSpace(small))
    try await expectSpaces([other, wide, small], "after two were opened anew")
    var all = [other, wide, small]
    var names: Set<String> = []
    // Names that mean the same are the same space, or two: that is not said.
    for name in Make.texts where names.insert(name).inserted {
      let spaces = [
        EmbeddingSpace(model: ModelIdentity(provider: name, model: "a"), dimension: 1),
        EmbeddingSpace(model: ModelIdentity(provider: "a", model: name), dimension: 16_384),
      ]
      try await open(store, spaces)
      all += spaces
      try await expectSpaces(all, "with their names scalar by scalar")
    }
    for space in all { try await store.commit(.closeEmbeddingSpace(space)) }
    try await expectSpaces([], "after all were closed")

    func expectSpaces(_ spaces: [EmbeddingSpace], _ what: String) async throws {
      try await expect(store.embeddingSpaces(), spaces, "the spaces \(what)")
    }
  }

  static func spacesAreApart(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store)
    // The same thing is embedded in one, parked in the next, and waits in the third.
    for (number, source) in sources.enumerated() {
      try await embed(store, source, in: allSpaces[number % 3])
      try await fail(store, source, in: allSpaces[(number + 1) % 3])
    }
    for (number, space) in allSpaces.enumerated() {
      let (embedded, parked, waiting) = (every(0), every(2), every(1))
      try await expectSpace(
        store, space, embedded: embedded, waiting: waiting, parked: parked, "beside others")

      func every(_ rest: Int) -> [RecallSource] {
        sources.indices.filter { ($0 - number - rest + 6) % 3 == 0 }.map { sources[$0] }
      }
    }
    try await store.commit(.closeEmbeddingSpace(wide))
    for source in sources {
      try await embed(store, source, as: [axis(1)])
      try await embed(store, source, as: [axis(2)], in: other)
    }
    try await expectSpace(store, small, embedded: sources, "after another was closed")
    try await expectSpace(store, other, embedded: sources, "after another was closed")
    for (space, place) in [(small, 1), (other, 2)] {
      let found = try await store.nearest(
        to: axis(place), in: space, scopes: allScopes, matching: .all, by: .cosine, limit: 9)
      try expect(found.map { $0.similarity > 0.999 }, sources.map { _ in true }, "what is near in \(space)")
    }
  }

  static func openedTwice(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small])
    try await embed(store, sources[0], as: [axis(1)])
    try await fail(store, sources[1], attempts: 3)
    try await fail(store, sources[2], attempts: 2, retryAt: Make.time(3))
    let failures = try await store.failedEmbeddings(in: small, after: nil, limit: 9)
    try await store.commit(.openEmbeddingSpace(small), .openEmbeddingSpace(small))
    try await expectSpace(
      store, embedded: [sources[0]], waiting: Array(sources[3...]) + [sources[2]], parked: [sources[1]],
      "after it was opened again")
    try await expect(store.failedEmbeddings(in: small, after: nil, limit: 9), failures, "what has failed")
    try await expectNearest(
      store, to: axis(1), [EmbeddingMatch(source: sources[0], similarity: 1)], "after it was opened again")
  }

  static func closedIsEmpty(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await expectNone("that was never open")
    try await open(store, [other, small])
    try await embed(store, sources[0])
    try await fail(store, sources[1], attempts: 3)
    try await fail(store, sources[2], retryAt: Make.time(3))
    try await store.commit(.closeEmbeddingSpace(small))
    try await expectNone("that was closed")
    try await expectFresh(store, in: [other], sources, "beside one that was closed")
    try await store.commit(.putDocument(Make.document(3)), .removeDocument(Make.id(2)))
    try await open(store, [small])
    let line = sources.filter { $0 != document(2) } + [document(3)]
    try await expectFresh(store, in: [small, other], line, "that was opened anew")

    func expectNone(_ what: String) async throws {
      try await expect(store.embeddingCoverage(in: small), nil, "how much is embedded in a space \(what)")
      try await expect(
        store.embeddingWork(in: small, at: .distantFuture, limit: 9), [], "what waits in a space \(what)")
      try await expect(
        store.failedEmbeddings(in: small, after: nil, limit: 9), [], "what has failed in a space \(what)")
      try await expect(
        store.nearest(to: axis(0), in: small, scopes: allScopes, matching: .all, by: .cosine, limit: 9), [],
        "what is found in a space \(what)")
      try await store.commit(.closeEmbeddingSpace(small))
    }
  }

  static func badSpacesAreRefused(_ store: any Store) async throws {
    let (text, model) = (Make.textWithNUL, small.model)
    let bad = [
      EmbeddingSpace(model: model, dimension: 0), EmbeddingSpace(model: model, dimension: -1),
      EmbeddingSpace(model: model, dimension: 16_385), EmbeddingSpace(model: model, dimension: .max),
      EmbeddingSpace(model: ModelIdentity(provider: text, model: "a"), dimension: 4),
      EmbeddingSpace(model: ModelIdentity(provider: "a", model: text), dimension: 4),
    ]
    for space in bad {
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.openEmbeddingSpace(small), .openEmbeddingSpace(space))
      }
    }
    try await expect(store.embeddingSpaces(), [], "the spaces after those that were refused")
  }
}
