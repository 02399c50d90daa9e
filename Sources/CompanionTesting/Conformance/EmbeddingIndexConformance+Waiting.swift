import CompanionDomain
import CompanionPorts

/// What has no vector yet.
extension EmbeddingIndexConformance {
  static let waiting: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what is stored when a space is opened waits, in the order of its last change") {
      store, _ in
      try await storedWaits(store)
    },
    ConformanceCheck("what is stored in an open space waits, behind all others") { store, _ in
      try await newWaits(store)
    },
    ConformanceCheck("what is not found is not embedded") { store, _ in try await unfoundNeverWaits(store) },
    ConformanceCheck("what waits is given as it is now, up to a limit") { store, _ in
      try await workIsCurrent(store)
    },
  ]

  static func storedWaits(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small])
    try await expectFresh(store, in: [small], sources, "when it is opened")
    try await store.commit(.putDocument(Make.document(2, "Tea from the mountains")))
    try await store.commit(.amend(Make.at(1), .edit([.text("A tiger")]), in: session.id, at: Make.time(1)))
    let moved = [message(2), fact(1), memory, document(1), document(2), message(1)]
    try await open(store, [other])
    try await expectFresh(store, in: [small, other], moved, "when it is opened after edits")
    try await embed(store, fact(1))
    try await open(store, [wide])
    try await expectFresh(store, in: [other, wide], moved, "whatever another space has embedded")
  }

  static func newWaits(_ store: any Store) async throws {
    try await open(store)
    try await expectFresh(store, [], "while nothing is stored")
    var expected: [RecallSource] = []
    try await store.commit(.insertSession(session))
    for number in 1...3 {
      // The names are in another order.
      try await store.commit(.putDocument(Make.document(9 - number)))
      expected.append(document(9 - number))
      try await expectFresh(store, expected, "after document \(9 - number)")
      try await store.commit(.append([Make.message(number)], to: session.id, after: Make.at(number - 1)))
      expected.append(message(number))
      try await expectFresh(store, expected, "after message \(number)")
      try await store.commit(.insertFact(Make.fact(9 - number)))
      expected.append(fact(9 - number))
      try await expectFresh(store, expected, "after fact \(9 - number)")
    }
    try await store.commit(
      .putMemory(Make.memory(), adding: []),
      .append((4...70).map { Make.message($0) }, to: session.id, after: Make.at(3)),
      .putDocument(Make.document(1)))
    expected += [memory] + (4...70).map { message($0) } + [document(1)]
    try await expectFresh(store, expected, "after many at once")
  }

  static func unfoundNeverWaits(_ store: any Store) async throws {
    try await open(store, [small])
    var log = (1...8).map { Make.message($0, "zebra \($0)") }
    (log[1].role, log[1].origin) = (.assistant, .announcement(of: Make.id(1)))
    (log[2].role, log[2].origin) = (.assistant, .task(Make.id(1)))
    log[3].parts = [.toolCall(ToolCall(id: "1", name: "zebra", arguments: "zebra"))]
    (log[3].role, log[3].origin) = (.assistant, .model)
    log[4].parts = [.toolResult(ToolResult(callID: "1", outcome: .succeeded, content: "zebra"))]
    (log[4].role, log[4].origin) = (.tool, .model)
    (log[5].role, log[5].origin) = (.assistant, .repair)
    log[6].parts = [.text(" \n")]
    try await store.commit(.insertSession(session), .append(log, to: session.id, after: .zero))
    try await store.commit(.amend(Make.at(8), .delete, in: session.id, at: Make.time(1)))
    try await store.commit(
      .insertFact(Make.fact(1)), .insertFact(Make.fact(2)), .insertFact(Make.fact(3, " ")),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)))
    try await store.commit(
      .putDocument(Make.document(1, status: .archived)), .putDocument(Make.document(2, " ", title: "")),
      .putMemory(Make.memory(text: ""), adding: []))
    try await open(store, [other, wide])
    try await expectFresh(store, [message(1), message(3), fact(2)], "of what is found")
    // Nor does it wait once it could have failed: there is nothing to note that of.
    for source in [message(2), message(8), fact(1), fact(3), document(1), memory, document(9)] {
      let hash = ContentHash(of: "zebra")
      try await store.commit(
        .putEmbedding(EmbeddedSource(source: source, hash: hash, vectors: [axis(0)]), in: small),
        .noteFailedEmbedding(
          FailedEmbedding(source: source, hash: hash, attempts: 1, reason: "", retryAt: Make.start), in: other
        ))
    }
    try await expectFresh(store, [message(1), message(3), fact(2)], "after vectors of what is not found")
  }

  static func workIsCurrent(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small])
    let all = try await store.embeddingWork(in: small, at: Make.start, limit: .max)
    for (work, source) in zip(all, sources) {
      try await expect(work.record, store.record(of: source), "what waits")
      try expect(work.attempts, 0, "how often it was tried")
    }
    for limit in 1...7 {
      try await expect(
        store.embeddingWork(in: small, at: Make.start, limit: limit).map(\.source),
        sources.prefix(limit).map(\.self),
        "the first \(limit) that wait")
    }
    for limit in [0, -1, Int.min] {
      try await expect(store.embeddingWork(in: small, at: Make.start, limit: limit), [], "none of the work")
    }
    // What is not embedded of it is as it is now, too.
    var document = Make.document(1, "Soup", owner: "anna", at: Make.time(9))
    (document.metadata, document.isPinned) = (["pot": "large"], true)
    try await store.commit(
      .putDocument(document), .append([Make.message(3, "!")], to: session.id, after: Make.at(2)))
    for work in try await store.embeddingWork(in: small, at: Make.start, limit: .max) {
      guard let source = work.source else { continue }
      try await expect(work.record, store.record(of: source), "what waits, as it is now")
    }
  }
}
