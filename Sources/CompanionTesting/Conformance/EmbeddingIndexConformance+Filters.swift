import CompanionDomain
import CompanionPorts

/// What filters leave of what is near, and what metrics say is near.
extension EmbeddingIndexConformance {
  static let filters: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what is near is found if it is from a time that is asked for") { store, _ in
      try await timesAreApart(store)
    },
    ConformanceCheck("documents are found by their metadata, and nothing else is") { store, _ in
      try await metadataIsCompared(store)
    },
    ConformanceCheck("what a filter rejects takes no other's place") { store, _ in
      try await rejectedTakesNoPlace(store)
    },
    ConformanceCheck("a filter goes by what is stored now, and nothing is embedded again for it") {
      store, _ in
      try await filtersFollowChanges(store)
    },
    ConformanceCheck("the little that a filter accepts among thousands is found") { store, _ in
      try await littleAmongManyIsFound(store)
    },
  ]

  static let metrics: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what is near by its product comes in that order, however long its vector is") {
      store, _ in
      try await productsCount(store)
    }
  ]

  private static func times(_ first: Int, _ end: Int) -> Range<Timestamp> {
    Make.time(first)..<Make.time(end)
  }

  private static func fact(_ number: Int, from time: Int) -> Fact {
    var fact = Make.fact(number)
    if number.isMultiple(of: 2) { fact.validFrom = Make.time(time) } else { fact.createdAt = Make.time(time) }
    return fact
  }

  private static func document(
    _ number: Int, at time: Int, _ metadata: [String: String] = [:]
  ) -> Document {
    var document = Make.document(number, at: Make.time(time))
    document.metadata = metadata
    return document
  }

  /// Embeds all of these as they are stored, by vectors that are drawn.
  private static func embed(
    _ store: any Store, _ sources: [RecallSource], as draw: (Int) -> [[Float]],
    in space: EmbeddingSpace = small
  ) async throws -> ComparedVectors {
    var compared = ComparedVectors()
    for (place, source) in sources.enumerated() {
      guard let record = try await store.record(of: source), let text = EmbeddingText(record) else {
        throw BrokenPromise(expected: "\(source) to have a text", found: "none")
      }
      let vectors = draw(place)
      try await store.commit(
        .putEmbedding(EmbeddedSource(source: source, hash: text.hash, vectors: vectors), in: space))
      compared.put(vectors, of: source, in: text.scope, as: record)
    }
    return compared
  }

  static func timesAreApart(_ store: any Store) async throws {
    try await store.commit(.openEmbeddingSpace(small), .insertSession(session))
    var sources: [RecallSource] = []
    for time in 1...6 {
      let text = Make.message(time, "A zebra", at: Make.time(time))
      try await store.commit(
        .append([text], to: session.id, after: Make.at(time - 1)), .insertFact(fact(time, from: time)),
        .putDocument(document(time, at: time)))
      sources += [message(time), fact(time), document(time)]
    }
    for (place, scope) in [Make.kitchen, .workspace("home")].enumerated() {
      var memory = Make.memory(scope, scope.kinds[0])
      memory.updatedAt = Make.time(2 + 2 * place)
      try await store.commit(.putMemory(memory, adding: []))
      sources.append(.memory(memory.key))
    }
    var random = Dice(seed: 2)
    let compared = try await embed(store, sources) { _ in
      [random.vector(of: small), random.vector(of: small)]
    }
    for first in 0...7 {
      for end in first...7 {
        for kinds in [allKinds, [.memory], [.fact, .document], [.message]] {
          let filter = RecallFilter(kinds: kinds, times: times(first, end))
          try await expectComparison(store, compared, to: axis(0), matching: filter)
          try await expectComparison(store, compared, to: axis(1), matching: filter, limit: 3)
        }
      }
    }
    let ever = [
      Timestamp(nanosecondsSinceEpoch: .min)..<Make.time(3), Make.time(3)..<Timestamp.distantFuture,
    ]
    for times in ever + [Timestamp(nanosecondsSinceEpoch: .min)..<Timestamp.distantFuture] {
      try await expectComparison(store, compared, to: axis(2), matching: RecallFilter(times: times))
    }
  }

  static func metadataIsCompared(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small])
    let metadata: [[String: String]] = [
      ["kind": "note"], ["kind": "note", "place": "garden"], ["kind": "Note"], ["kind": "notes"],
      ["note": "kind"],
      ["place": "garden"], ["kind": ""], ["": "note"], ["kind": "caf\u{E9}"], ["kind": "cafe\u{301}"],
      ["caf\u{E9}": "note"], ["kind": "%"], ["k%": "note"],
    ]
    for (number, metadata) in metadata.enumerated() {
      try await store.commit(.putDocument(document(number + 10, at: number, metadata)))
    }
    let all = sources + metadata.indices.map { document($0 + 10) }
    var random = Dice(seed: 3)
    let compared = try await embed(store, all) { _ in [random.vector(of: small)] }
    let wanted: [[String: String]] =
      metadata + [["cafe\u{301}": "note"], ["kind": "nothing"], ["kind": "note", "place": "kitchen"], [:]]
    for metadata in wanted {
      for kinds in [allKinds, [.document], [.message, .fact, .memory]] {
        for times in [nil, times(1, 9), times(4, 4)] {
          let filter = RecallFilter(kinds: kinds, times: times, metadata: metadata)
          try await expectComparison(store, compared, to: axis(0), matching: filter)
          try await expectComparison(store, compared, to: axis(0), matching: filter, limit: 1)
        }
      }
      try await expectComparison(
        store, compared, to: axis(1), scopes: [.workspace("home")], matching: RecallFilter(metadata: metadata)
      )
    }
  }

  static func rejectedTakesNoPlace(_ store: any Store) async throws {
    try await store.commit(.openEmbeddingSpace(small))
    // The later, the nearer; and each has many vectors.
    for number in 1...60 {
      try await store.commit(
        .putDocument(document(number, at: number, number.isMultiple(of: 20) ? ["kind": "note"] : [:])))
    }
    let compared = try await embed(store, (1...60).map { document($0) }) { place in
      (0...3).map { [1, Float(100 - place) / 10 + Float($0) / 7, 0, 0] }
    }
    let filters = [
      RecallFilter(times: times(0, 4)), RecallFilter(metadata: ["kind": "note"]),
      RecallFilter(times: times(20, 21), metadata: ["kind": "note"]), RecallFilter(times: times(1, 58)),
    ]
    for filter in filters {
      for limit in [1, 2, 3, 4, 50, .max] {
        try await expectComparison(store, compared, to: axis(0), matching: filter, limit: limit)
      }
    }
  }

  static func filtersFollowChanges(_ store: any Store) async throws {
    try await store.commit(.openEmbeddingSpace(small))
    var changed = document(1, at: 1, ["kind": "note", "place": "garden"])
    try await store.commit(
      .putDocument(changed), .putDocument(document(2, at: 2, ["kind": "note"])),
      .putMemory(Make.memory(), adding: []))
    let sources = [document(1), document(2), memory]
    var compared = try await embed(store, sources) { [axis($0), axis(3)] }
    try await expectAll("at first")
    for (time, metadata) in [(5, changed.metadata), (5, ["kind": "letter"]), (1, [:]), (9, ["kind": "note"])]
    {
      (changed.updatedAt, changed.metadata) = (Make.time(time), metadata)
      try await store.commit(.putDocument(changed))
      compared.change(document(1), to: .document(changed))
      try await expectAll("after a change to \(metadata) at \(time)")
    }
    var next = Make.memory(version: 2)
    next.updatedAt = Make.time(7)
    try await store.commit(.putMemory(next, adding: []))
    compared.change(memory, to: .memory(next))
    try await expectAll("after another version of a memory that says the same")
    // What fails leaves all as it was.
    changed.metadata = ["kind": "letter"]
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.putDocument(changed), .append([], to: Make.id(9), after: .zero))
    }
    try await expectAll("after a set that failed")
    try await store.commit(.removeDocument(changed.id))
    compared.put(nil, of: document(1), in: Make.kitchen)
    try await store.commit(.putDocument(changed))
    try await expectFiltered()

    func expectAll(_ what: String) async throws {
      try await expectSpace(store, embedded: sources, what)
      try await expectFiltered()
    }

    func expectFiltered() async throws {
      for first in 0...9 {
        let filter = RecallFilter(times: times(first, first + 1))
        try await expectComparison(store, compared, to: axis(3), matching: filter)
      }
      for metadata in [["kind": "note"], ["kind": "letter"], ["place": "garden"]] {
        try await expectComparison(
          store, compared, to: axis(3), matching: RecallFilter(metadata: metadata))
      }
    }
  }

  /// There are more numbers than any store compares with all of: it is rather the few that it has to compare.
  static func littleAmongManyIsFound(_ store: any Store) async throws {
    let space = EmbeddingSpace(model: small.model, dimension: 1100)
    try await store.commit(.openEmbeddingSpace(space))
    var random = Dice(seed: 4)
    var query = [Float](repeating: 0, count: space.dimension)
    for place in 0..<40 { query[place] = 1 }
    var compared = ComparedVectors()
    let count = 84
    for first in stride(from: 1, through: count, by: 12) {
      var changes: [ChangeSet.Change] = []
      for number in first..<first + 12 {
        let document = document(number, at: number, number.isMultiple(of: 4) ? ["kind": "note"] : [:])
        guard let text = EmbeddingText(.document(document)) else { continue }
        // Those with metadata are the farthest of all, and those before a time are.
        let isFar = number.isMultiple(of: 4) || number <= 3
        let vectors = (0..<50).map { _ in
          var vector = [Float](repeating: 0, count: space.dimension)
          for place in 0..<40 { vector[place] = Float(random.number(in: 1...100)) / (isFar ? -100 : 100) }
          return vector
        }
        changes.append(.putDocument(document))
        changes.append(
          .putEmbedding(EmbeddedSource(source: text.source, hash: text.hash, vectors: vectors), in: space))
        if isFar { compared.put(vectors, of: text.source, in: text.scope, as: .document(document)) }
      }
      try await store.commit(ChangeSet(changes))
    }
    let filters = [
      RecallFilter(metadata: ["kind": "note"]), RecallFilter(times: times(0, 4)),
      RecallFilter(times: times(44, 45), metadata: ["kind": "note"]),
    ]
    for filter in filters {
      for limit in [2, 10, 20] {
        try await expectComparison(store, compared, to: query, in: space, matching: filter, limit: limit)
      }
    }
  }

  static func productsCount(_ store: any Store) async throws {
    try await store.commit(.openEmbeddingSpace(small))
    var random = Dice(seed: 5)
    for number in 1...80 { try await store.commit(.putDocument(document(number, at: number))) }
    let compared = try await embed(store, (1...80).map { document($0) }) { place in
      let length: Float = [1e-4, 0.5, 1, 30, 2e3][place % 5]
      return (0...place % 3).map { _ in random.vector(of: small).map { $0 * length } }
    }
    for query in [axis(0), [2, -1, 0.5, 0], [0, 0, 0, 0], [-3e3, 1, 1, 1]] {
      for limit in [1, 5, 79, 500] {
        try await expectComparison(store, compared, to: query, by: .dotProduct, limit: limit)
        try await expectComparison(
          store, compared, to: query, matching: RecallFilter(times: times(10, 50)), by: .dotProduct,
          limit: limit)
      }
    }
  }
}
