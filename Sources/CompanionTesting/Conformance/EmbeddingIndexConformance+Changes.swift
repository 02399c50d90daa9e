import CompanionDomain
import CompanionPorts

extension EmbeddingIndexConformance {
  static let changes: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("whatever may have to be embedded is told") { store, _ in
      try await changesAreTold(store)
    },
    ConformanceCheck("what there is to embed before anybody waits is told all the same") { store, _ in
      try await changesAreNotLost(store)
    },
  ]

  static func changesAreTold(_ store: any Store) async throws {
    try await store.commit(.insertSession(session))
    let changes: [ChangeSet.Change] = [
      .openEmbeddingSpace(small), .append([Make.message(1)], to: session.id, after: .zero),
      .amend(Make.at(1), .edit([.text("A zebra")]), in: session.id, at: Make.time(1)),
      .putMemory(Make.memory(), adding: []), .putMemory(Make.memory(version: 2, text: "Tea"), adding: []),
      .insertFact(Make.fact(1)), .putDocument(Make.document(1)), .putDocument(Make.document(1, "Soup")),
      .eraseUser(of: session.id),
    ]
    for change in changes { try await expectTold(of: change) }
    try await store.commit(
      .insertFact(Make.fact(2)), .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)))
    try await expectTold(of: .restoreFact(Make.id(1), validTo: nil))
    try await fail(store, document(1))
    try await expectTold(of: .retryEmbeddings(in: small))
    try await expectTold(of: .openEmbeddingSpace(wide))

    func expectTold(of change: ChangeSet.Change) async throws {
      var changes = store.embeddingChanges().makeAsyncIterator()
      try await store.commit(change)
      try expect(await changes.next() != nil, "a stream that goes on while its store is there")
    }
  }

  static func changesAreNotLost(_ store: any Store) async throws {
    try await open(store, [small])
    var changes = store.embeddingChanges().makeAsyncIterator()
    // One who has left keeps nothing from the others.
    _ = store.embeddingChanges()
    for number in 1...50 {
      async let insertion = store.commit(.putDocument(Make.document(number)))
      while try await store.embeddingCoverage(in: small)?.waiting != number {
        try expect(await changes.next() != nil, "a stream that goes on while its store is there")
      }
      _ = try await insertion
    }
  }
}
