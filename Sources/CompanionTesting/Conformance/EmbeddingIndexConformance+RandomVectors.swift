import CompanionDomain
import CompanionPorts

extension EmbeddingIndexConformance {
  static let randomVectors: [ConformanceCheck<MakeStore>] = (1...3).map { seed in
    ConformanceCheck("what is near in random vectors \(seed) is what comparing all of them finds") {
      store, _ in
      try await whatIsNearIsCompared(store, seed: UInt64(seed))
    }
  }

  static func whatIsNearIsCompared(_ store: any Store, seed: UInt64) async throws {
    var random = RandomVectors(seed: seed)
    try await open(store, [small, wide])
    try await store.commit(ChangeSet(random.begin()))
    for step in 0...300 {
      if step > 0 { try await store.commit(random.nextChange()) }
      guard step.isMultiple(of: 100) else { continue }
      let coverage = try await store.embeddingCoverage(in: wide)
      try expect(coverage?.embedded, random.compared.count, "how many are embedded after \(step) steps")
      try expect(coverage?.total, random.texts.count, "how many can be found after \(step) steps")
      for _ in 1...5 {
        let (kinds, scopes) = (random.some(of: RandomVectors.kinds), random.some(of: RandomVectors.scopes))
        try await expectComparison(
          store, random.compared, to: random.vector(), in: wide, scopes: scopes,
          matching: RecallFilter(kinds: kinds), limit: random.limit())
      }
    }
    try await expect(
      store.embeddingCoverage(in: small)?.waiting, random.texts.count, "what waits in another space")
  }
}

/// Documents and facts that come, change and go by chance, and their vectors.
private struct RandomVectors {
  static let kinds: [RecallSource.Kind] = [.document, .fact]
  static let scopes = TextIndexConformance.allScopes.sorted()

  private var dice: Dice
  /// What can be found, as it is now.
  private(set) var texts: [RecallSource: EmbeddingText] = [:]
  private(set) var compared = ComparedVectors()

  init(seed: UInt64) { dice = Dice(seed: seed) }

  mutating func vector() -> [Float] { dice.vector(of: EmbeddingIndexConformance.wide) }

  mutating func limit() -> Int { dice.pick([1, 3, 10, 50, 400, 10_000]) }

  /// At least one of several.
  mutating func some<Element: Hashable>(of elements: [Element]) -> Set<Element> {
    Set(elements.filter { _ in dice.happens(percent: 60) } + [dice.pick(elements)])
  }

  /// What there is at first: some 2,000 vectors.
  mutating func begin() -> [ChangeSet.Change] {
    let texts = (1...200).map { number in
      number <= 140 ? put(.document(document(number))) : put(.fact(fact(number)))
    }
    return texts + (1...200).compactMap { embed($0) }
  }

  mutating func nextChange() -> ChangeSet.Change {
    let number = dice.number(in: 1...200)
    let source = Self.source(number)
    switch dice.number(in: 0...99) {
    case 0..<30 where number <= 140: return put(.document(document(number)))
    case 0..<30 where texts[source] == nil: return put(.fact(fact(number)))
    case 30..<40:
      forget(source)
      return number <= 140 ? .removeDocument(Make.id(number)) : .removeFact(Make.id(number))
    default: return embed(number) ?? .openEmbeddingSpace(EmbeddingIndexConformance.wide)
    }
  }

  private static func source(_ number: Int) -> RecallSource {
    number <= 140 ? .document(Make.id(number)) : .fact(Make.id(number))
  }

  private mutating func fact(_ number: Int) -> Fact { Make.fact(number, in: dice.pick(Self.scopes)) }

  private mutating func document(_ number: Int) -> Document {
    Make.document(
      number, dice.pick(["tea", "soup", "bread"]), title: "", in: dice.pick(Self.scopes),
      status: dice.happens(percent: 10) ? .archived : .normal)
  }

  /// Vectors of what is there, mostly of its text as it is.
  private mutating func embed(_ number: Int) -> ChangeSet.Change? {
    guard let text = texts[Self.source(number)] else { return nil }
    let vectors = (1...dice.number(in: 1...20)).map { _ in vector() }
    let isLate = dice.happens(percent: 10)
    if !isLate { compared.put(vectors, of: text.source, in: text.scope) }
    let embedded = EmbeddedSource(
      source: text.source, hash: isLate ? ContentHash(of: "late") : text.hash, vectors: vectors)
    return .putEmbedding(embedded, in: EmbeddingIndexConformance.wide)
  }

  /// Whatever says something else, or somewhere else, loses its vectors.
  private mutating func put(_ record: RecallRecord) -> ChangeSet.Change {
    let text = EmbeddingText(record)
    switch record {
    case .document(let document):
      let source = RecallSource.document(document.id)
      if texts[source] != text { forget(source) }
      texts[source] = text
      return .putDocument(document)
    case .fact(let fact):
      texts[.fact(fact.id)] = text
      return .insertFact(fact)
    case .message, .memory: return .removeDocument(Make.id(0))
    }
  }

  private mutating func forget(_ source: RecallSource) {
    texts[source] = nil
    compared.put(nil, of: source, in: Make.kitchen)
  }
}
