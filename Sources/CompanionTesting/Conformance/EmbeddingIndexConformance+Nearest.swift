import CompanionDomain
import CompanionPorts

/// What is near.
extension EmbeddingIndexConformance {
  static let nearest: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what is near comes in the order of its cosine, whatever the length of its vector") {
      store, _ in
      try await nearestComeFirst(store)
    },
    ConformanceCheck("what has several vectors is found once, by the nearest of them") { store, _ in
      try await eachIsFoundOnce(store)
    },
    ConformanceCheck("what is near is found where it is, if it is of a kind that is asked for") {
      store, _ in
      try await kindsAndScopesAreApart(store)
    },
    ConformanceCheck("a limit leaves what is nearest") { store, _ in try await limitLeavesTheNearest(store) },
    ConformanceCheck("a vector of zeros is as far from all others as one at a right angle") { store, _ in
      try await zerosAreFar(store)
    },
  ]

  /// Stores documents, and embeds each by the vectors at its place.
  private static func embedDocuments(
    _ store: any Store, as vectors: [[[Float]]]
  ) async throws -> ComparedVectors {
    var compared = ComparedVectors()
    try await store.commit(.openEmbeddingSpace(small))
    for (index, vectors) in vectors.enumerated() {
      try await store.commit(.putDocument(Make.document(index + 1)))
      try await embed(store, document(index + 1), as: vectors)
      compared.put(vectors, of: document(index + 1), in: Make.kitchen)
    }
    return compared
  }

  private static func near(_ similarities: [(number: Int, similarity: Double)]) -> [EmbeddingMatch] {
    similarities.map { EmbeddingMatch(source: document($0.number), similarity: $0.similarity) }
  }

  static func nearestComeFirst(_ store: any Store) async throws {
    _ = try await embedDocuments(
      store,
      as: [
        [[0, 3e9, 0, 0]], [[2e-6, 2e-6, 0, 0]], [[-1e9, 0, 0, 0]], [[1e-6, 0, 0, 0]], [[6, -8, 0, 0]],
      ])
    let diagonal = 0.5.squareRoot()
    for length: Float in [1, 1e9, 1e-6] {
      try await expectNearest(
        store, to: [length, 0, 0, 0], near([(4, 1), (2, diagonal), (5, 0.6), (1, 0), (3, -1)]),
        "a vector of length \(length)")
      try await expectNearest(
        store, to: [-length, 0, 0, 0], near([(3, 1), (1, 0), (5, -0.6), (2, -diagonal), (4, -1)]),
        "the opposite of a vector of length \(length)")
    }
    // A vector is no farther from itself than it can be, and no nearer.
    for number in 1...50 {
      let vector = (1...4).map { Float(number) / Float($0 + number % 7) }
      try await embed(store, document(1), as: [vector])
      let found = try await store.nearest(
        to: vector, in: small, scopes: allScopes, matching: .all, by: .cosine, limit: 1)
      try expect(found.map(\.source), [document(1)], "what is nearest to its own vector")
      let opposite = try await store.nearest(
        to: vector.map { -$0 }, in: small, scopes: allScopes, matching: .all, by: .cosine, limit: 9)
      for match in found + opposite {
        try expect((-1...1).contains(match.similarity), "a cosine from -1 to 1, not \(match.similarity)")
      }
    }
  }

  static func eachIsFoundOnce(_ store: any Store) async throws {
    let compared = try await embedDocuments(
      store,
      as: [
        [[1, 1, 0, 0]], (0..<300).map { [1, Float($0) / 400, 0, 0] }, [axis(2), axis(1), axis(3)],
        [axis(3), [0, 1, 0, 0.2], axis(2)], [[1, 0.7, 0, 0.1]],
      ])
    for query in (0..<4).map({ axis($0) }) + [[1, 0.5, 0, 0], [1, 1, 1, 1], [-1, 0, 0.5, 0]] {
      for limit in 1...6 { try await expectComparison(store, compared, to: query, limit: limit) }
    }
  }

  static func kindsAndScopesAreApart(_ store: any Store) async throws {
    var compared = ComparedVectors()
    try await store.commit(.openEmbeddingSpace(small))
    var random = Dice(seed: 1)
    for (number, scope) in TextIndexConformance.allScopes.sorted().enumerated() {
      let memory = Make.memory(scope, scope.kinds[0])
      let place: ConversationPlace? =
        if case .channel(let channel, let workspace) = scope {
          ConversationPlace(workspace: workspace, channel: channel, thread: "soup")
        } else { nil }
      let user: UserID = if case .user(let user, _) = scope { user } else { "carl" }
      let session = ChatSession(id: Make.id(number), place: place, user: user, createdAt: Make.start)
      try await store.commit(
        .insertSession(session), .append([Make.message(1)], to: session.id, after: .zero),
        .putMemory(memory, adding: []), .insertFact(Make.fact(number, in: scope)),
        .putDocument(Make.document(number, in: scope)))
      for source in [message(1, in: number), .memory(memory.key), fact(number), document(number)] {
        let vectors = (1...random.number(in: 1...7)).map { _ in random.vector(of: small) }
        try await embed(store, source, as: vectors)
        compared.put(vectors, of: source, in: source.kind == .message ? session.searchScope : scope)
      }
    }
    let scopes = TextIndexConformance.allScopes.sorted()
    for kind in RecallSource.Kind.allCases {
      for scope in scopes {
        try await expectComparison(
          store, compared, to: axis(0), scopes: [scope], matching: RecallFilter(kinds: [kind]))
      }
      try await expectComparison(store, compared, to: axis(1), matching: RecallFilter(kinds: [kind]))
    }
    for count in 0...3 {
      try await expectComparison(
        store, compared, to: axis(2), scopes: Set(scopes.prefix(count)),
        matching: RecallFilter(kinds: [.message, .fact]))
    }
    try await expectComparison(store, compared, to: axis(3), matching: RecallFilter(kinds: []))
    let elsewhere: Set<MemoryScope> = [
      .workspace("office"), .channel("kitchen", of: "office"), .user("carla", in: .main),
      .user("anna", in: "home"), .thread("soup", of: "garden", in: "home"),
    ]
    try await expectComparison(store, compared, to: axis(3), scopes: elsewhere)
  }

  static func limitLeavesTheNearest(_ store: any Store) async throws {
    let compared = try await embedDocuments(
      store, as: (1...20).map { number in [[1, Float((number * 7) % 20), 0, 0]] })
    for limit in [1, 2, 19, 20, 21, 10_000, .max] {
      try await expectComparison(store, compared, to: axis(0), limit: limit)
    }
    for limit in [0, -1, Int.min] {
      try await expect(
        store.nearest(to: axis(0), in: small, scopes: allScopes, matching: .all, by: .cosine, limit: limit),
        [],
        "none of what is near")
    }
  }

  static func zerosAreFar(_ store: any Store) async throws {
    let zero: [Float] = [0, 0, 0, 0]
    let compared = try await embedDocuments(
      store, as: [[zero], [axis(0)], [[-1, 0, 0, 0]], [zero, [-1, 1, 0, 0]], [zero, zero]])
    for query in [axis(0), axis(1), [-1, -1, 0, 0], zero] {
      for limit in 1...6 { try await expectComparison(store, compared, to: query, limit: limit) }
    }
  }

  /// Checks that what is found is what comparing everything finds.
  static func expectComparison(
    _ store: any Store, _ compared: ComparedVectors, to query: [Float], in space: EmbeddingSpace = small,
    scopes: Set<MemoryScope> = allScopes, matching filter: RecallFilter = .all,
    by metric: VectorMetric = .cosine, limit: Int = 10_000
  ) async throws {
    let found = try await store.nearest(
      to: query, in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
    try compared.expect(
      found, near: query, in: scopes, matching: filter, by: metric, limit: limit,
      "of at most \(limit) by \(metric) near \(query.prefix(8)), matching \(filter)")
  }
}

extension Dice {
  /// A vector of numbers from -1 to 1.
  mutating func vector(of space: EmbeddingSpace) -> [Float] {
    (0..<space.dimension).map { _ in Float(number(in: -100...100)) / 100 }
  }
}
