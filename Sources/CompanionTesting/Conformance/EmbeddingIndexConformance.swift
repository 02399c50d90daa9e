import CompanionDomain
public import CompanionPorts

/// The promises of `EmbeddingIndex`, for every store to be checked against.
///
/// Whatever can be found is in three spaces, side by side, and after each step it is embedded, waits or is parked in
/// each of them. What is near is compared with what comparing every vector finds: there are some thousand vectors, too
/// few for a store to miss one. The checks need a new, empty store each. They take no real time: what time the
/// store sees stands still.
public enum EmbeddingIndexConformance {
  /// What has an index of vectors, and what is embedded.
  public typealias Store = ConversationStore & MemoryStore & DocumentStore & EmbeddingIndex

  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any Store>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    waiting + retries + edits + removals + vectors + spaces + nearest + randomVectors + filters + metrics
    + changeSets + changes

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }
}

// MARK: What there is in the checks

extension EmbeddingIndexConformance {
  /// A space, another of the same model with more numbers, and one of another model.
  static let small = EmbeddingSpace(
    model: ModelIdentity(provider: "scripted", model: "near"), dimension: 4)
  static let wide = EmbeddingSpace(
    model: ModelIdentity(provider: "scripted", model: "near"), dimension: 8)
  static let other = EmbeddingSpace(
    model: ModelIdentity(provider: "scripted", model: "far"), dimension: 4)
  static let allSpaces = [small, wide, other]

  static let allKinds = Set(RecallSource.Kind.allCases)
  static let allScopes = TextIndexConformance.allScopes.union([.user(.forgotten, in: .main)])

  static let session = ChatSession(
    id: Make.id(1), place: ConversationPlace(workspace: "home", channel: "kitchen"), createdAt: Make.start)

  static func document(_ number: Int) -> RecallSource { .document(Make.id(number)) }

  static func fact(_ number: Int) -> RecallSource { .fact(Make.id(number)) }

  static func message(_ place: Int, in number: Int = 1) -> RecallSource {
    .message(Make.id(number), Make.at(place))
  }

  static let memory = RecallSource.memory(Make.memory().key)

  /// The vector of a space with 1 at one place.
  static func axis(_ place: Int, in space: EmbeddingSpace = small) -> [Float] {
    var numbers = [Float](repeating: 0, count: space.dimension)
    numbers[place] = 1
    return numbers
  }

  /// Stores something of every kind.
  ///
  /// - Returns: what can be found, in the order in which it was changed: not that of the names.
  static func fill(_ store: any Store) async throws -> [RecallSource] {
    try await store.commit(.putDocument(Make.document(2)))
    try await store.commit(
      .insertSession(session),
      .append([Make.message(1, "A zebra"), Make.message(2, "Really?")], to: session.id, after: .zero))
    try await store.commit(.insertFact(Make.fact(1)))
    try await store.commit(.putMemory(Make.memory(), adding: []), .putDocument(Make.document(1, "Soup")))
    return [document(2), message(1), message(2), fact(1), memory, document(1)]
  }

  static func open(_ store: any Store, _ spaces: [EmbeddingSpace] = allSpaces) async throws {
    for space in spaces { try await store.commit(.openEmbeddingSpace(space)) }
  }

  /// What could not be embedded, as it is now.
  static func failure(
    _ source: RecallSource, in store: any Store, attempts: Int = 1, retryAt: Timestamp? = nil,
    reason: String = "It is too long."
  ) async throws -> FailedEmbedding {
    FailedEmbedding(
      source: source, hash: try await store.hash(of: source), attempts: attempts, reason: reason,
      retryAt: retryAt)
  }

  /// The vectors of something as it is now; without any, the first axis of the space.
  static func embedded(
    _ source: RecallSource, in store: any Store, as vectors: [[Float]] = [], space: EmbeddingSpace = small
  ) async throws -> EmbeddedSource {
    EmbeddedSource(
      source: source, hash: try await store.hash(of: source),
      vectors: vectors.isEmpty ? [axis(0, in: space)] : vectors)
  }

  /// Embeds something as it is now.
  static func embed(
    _ store: any Store, _ source: RecallSource, as vectors: [[Float]] = [], in space: EmbeddingSpace = small
  ) async throws {
    let embedded = try await embedded(source, in: store, as: vectors, space: space)
    try await store.commit(.putEmbedding(embedded, in: space))
  }

  /// Notes that something could not be embedded as it is now; it is parked, unless it is tried again.
  static func fail(
    _ store: any Store, _ source: RecallSource, attempts: Int = 1, retryAt: Timestamp? = nil,
    in space: EmbeddingSpace = small
  ) async throws {
    let failure = try await failure(source, in: store, attempts: attempts, retryAt: retryAt)
    try await store.commit(.noteFailedEmbedding(failure, in: space))
  }
}

// MARK: What is expected

extension EmbeddingIndexConformance {
  /// Checks what a space has of all that can be found: each is embedded, or waits, in this order, or is parked.
  static func expectSpace(
    _ store: any Store, _ space: EmbeddingSpace = small, embedded: [RecallSource] = [],
    waiting: [RecallSource] = [], parked: [RecallSource] = [], _ what: String
  ) async throws {
    let failed = try await store.failedEmbeddings(in: space, after: nil, limit: .max)
    try await expect(
      store.embeddingCoverage(in: space),
      EmbeddingCoverage(
        embedded: embedded.count, waiting: waiting.count, parked: parked.count,
        nextRetry: failed.compactMap(\.retryAt).min()), "how much is embedded in \(space) \(what)")
    let work = try await store.embeddingWork(in: space, at: .distantFuture, limit: .max)
    try expect(work.map(\.source), waiting, "what waits in \(space) \(what)")
    try expect(
      failed.filter { $0.retryAt == nil }.map(\.source), parked.sorted(), "what is parked in \(space) \(what)"
    )
    let retried = failed.filter { $0.retryAt != nil }
    try expect(
      work.filter { $0.attempts > 0 }.compactMap(\.source).sorted(), retried.map(\.source),
      "what waits after a failure in \(space) \(what)")
    for failure in retried {
      try expect(
        work.first { $0.source == failure.source }?.attempts, failure.attempts,
        "how often \(failure.source) was tried in \(space) \(what)")
    }
    let query = [Float](repeating: 1, count: space.dimension)
    let found = try await store.nearest(
      to: query, in: space, scopes: allScopes, matching: .all, by: .cosine, limit: 10_000)
    try expect(found.map(\.source).sorted(), embedded.sorted(), "what is found in \(space) \(what)")
  }

  /// Checks that nothing has ever been tried of what waits in a space, and that this is all.
  static func expectFresh(
    _ store: any Store, in spaces: [EmbeddingSpace] = allSpaces, _ waiting: [RecallSource], _ what: String
  ) async throws {
    for space in spaces {
      try await expectSpace(store, space, waiting: waiting, what)
      try await expect(
        store.failedEmbeddings(in: space, after: nil, limit: .max), [], "what has failed in \(space) \(what)")
    }
  }

  /// Checks what is found by a vector: these, the nearest first, and how near each is.
  static func expectNearest(
    _ store: any Store, to vector: [Float], in space: EmbeddingSpace = small, _ expected: [EmbeddingMatch],
    _ what: String
  ) async throws {
    let found = try await store.nearest(
      to: vector, in: space, scopes: allScopes, matching: .all, by: .cosine, limit: 10_000)
    try expect(found.map(\.source), expected.map(\.source), "what is near \(what)")
    for (found, expected) in zip(found, expected) {
      try expect(
        abs(found.similarity - expected.similarity) < 1e-5,
        "\(found.source) to be as near as \(expected.similarity) \(what)")
    }
  }
}

extension EmbeddingWork {
  /// What waits; it has an `EmbeddingText`, or it is none of the work.
  var source: RecallSource? { EmbeddingText(record)?.source }
}

extension ConversationStore where Self: MemoryStore & DocumentStore {
  /// What a source is, read by itself.
  func record(of source: RecallSource) async throws -> RecallRecord? {
    switch source {
    case .message(let id, let sequence):
      guard let session = try await session(id) else { return nil }
      return try await log(id).first { $0.sequence == sequence }.map { .message($0, in: session) }
    case .memory(let key): return try await memory(key).map { .memory($0) }
    case .fact(let id): return try await fact(id).map { .fact($0) }
    case .document(let id): return try await document(id).map { .document($0) }
    }
  }

  /// The hash of the text that a source has now.
  func hash(of source: RecallSource) async throws -> ContentHash {
    guard let text = try await record(of: source).flatMap({ EmbeddingText($0) }) else {
      throw BrokenPromise(expected: "\(source) to have a text", found: "none")
    }
    return text.hash
  }
}
