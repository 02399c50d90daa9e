import CompanionDomain
import CompanionPorts

/// What is not found any more.
extension EmbeddingIndexConformance {
  static let removals: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("nothing of a message is left in any space that was deleted or erased") { store, _ in
      try await messagesGo(store)
    },
    ConformanceCheck("nothing of an erased session is left in any space") { store, _ in
      try await sessionsGo(store)
    },
    ConformanceCheck("nothing of a memory is left in any space that was removed or has expired") {
      store, _ in
      try await memoriesGo(store)
    },
    ConformanceCheck("nothing of a fact is left in any space that was removed or superseded") { store, _ in
      try await factsGo(store)
    },
    ConformanceCheck("nothing of a document is left in any space that was removed or archived") { store, _ in
      try await documentsGo(store)
    },
  ]

  /// Checks that a change leaves nothing of these, be they embedded, parked or tried again; what waits beside them
  /// still does.
  private static func expectGone(
    _ store: any Store, _ sources: [RecallSource], by change: ChangeSet.Change, leaving rest: [RecallSource]
  ) async throws {
    for (index, source) in sources.enumerated() {
      try await embed(store, source, as: [axis(0), axis(1)])
      try await fail(store, source, attempts: 3, in: wide)
      try await fail(store, source, retryAt: Make.time(9 + index), in: other)
    }
    try await expectSpace(store, small, embedded: sources, waiting: rest, "before they go")
    try await expectSpace(store, wide, waiting: rest, parked: sources, "before they go")
    try await expectSpace(store, other, waiting: rest + sources, "before they go")
    try await store.commit(change)
    try await expectFresh(store, rest, "after they are gone")
  }

  static func messagesGo(_ store: any Store) async throws {
    try await open(store)
    let log = (1...5).map { Make.message($0, "zebra \($0)") }
    try await store.commit(.insertSession(session), .append(log, to: session.id, after: .zero))
    let changes: [ChangeSet.Change] = [
      .amend(Make.at(1), .delete, in: session.id, at: Make.time(1)),
      .eraseMessage(Make.at(2), in: session.id, at: Make.time(1)),
      .amend(Make.at(3), .edit([.text(" \n")]), in: session.id, at: Make.time(1)),
      .amend(Make.at(4), .delete, in: session.id, at: Make.time(1)),
    ]
    for (index, change) in changes.enumerated() {
      try await expectGone(
        store, [message(index + 1)], by: change, leaving: (index + 2...5).map { message($0) })
    }
    // What has never been tried goes just so, and what said nothing may say something again.
    try await store.commit(
      .eraseMessage(Make.at(4), in: session.id, at: Make.time(2)),
      .eraseMessage(Make.at(5), in: session.id, at: Make.time(2)))
    try await expectFresh(store, [], "after all are gone")
    try await store.commit(.amend(Make.at(3), .edit([.text("hay")]), in: session.id, at: Make.time(3)))
    try await expectFresh(store, [message(3)], "after it says something again")
  }

  static func sessionsGo(_ store: any Store) async throws {
    try await open(store)
    let log = (1...3).map { Make.message($0, "zebra \($0)") }
    for number in 1...2 {
      try await store.commit(
        .insertSession(ChatSession(id: Make.id(number), createdAt: Make.start)),
        .append(log, to: Make.id(number), after: .zero))
    }
    let rest = (1...3).map { message($0, in: 2) }
    try await expectGone(
      store, (1...3).map { message($0) }, by: .eraseSession(Make.id(1)), leaving: rest)
    // Another session of the same name has its own words only, even where they are the same.
    try await store.commit(
      .insertSession(ChatSession(id: Make.id(1), createdAt: Make.start)),
      .append([log[0]], to: Make.id(1), after: .zero))
    try await expectFresh(store, rest + [message(1)], "after another session of its name")
    try await store.commit(.eraseSession(Make.id(1)), .eraseSession(Make.id(2)))
    try await expectFresh(store, [], "after both are gone")
  }

  static func memoriesGo(_ store: any Store) async throws {
    try await open(store)
    let stays = Make.memory(.workspace("home"), text: "They keep a zebra.")
    try await store.commit(.putMemory(stays, adding: []))
    var version: Int64 = 0
    for isRemoved in [false, true, true, false] {
      version += 1
      try await store.commit(.putMemory(Make.memory(version: version), adding: []))
      try await expectFresh(store, [.memory(stays.key), memory], "after it was stored")
      version = isRemoved ? 0 : version + 1
      let expired = Make.memory(version: version, text: "")
      try await expectGone(
        store, [memory], by: isRemoved ? .removeMemory(expired.key) : .putMemory(expired, adding: []),
        leaving: [.memory(stays.key)])
    }
  }

  static func factsGo(_ store: any Store) async throws {
    try await open(store)
    try await store.commit(
      .insertFact(Make.fact(1)), .insertFact(Make.fact(2)), .insertFact(Make.fact(3, "Hay.")))
    try await expectGone(
      store, [fact(2)], by: .supersedeFact(Make.id(2), by: Make.id(1), at: Make.time(1)),
      leaving: [fact(1), fact(3)])
    // It holds again: it has the text that it had, and none of its vectors.
    try await store.commit(.restoreFact(Make.id(2), validTo: nil))
    try await expectFresh(store, [fact(1), fact(3), fact(2)], "after it was restored")
    try await expectGone(store, [fact(2)], by: .removeFact(Make.id(2)), leaving: [fact(1), fact(3)])
    try await store.commit(.supersedeFact(Make.id(1), by: Make.id(3), at: Make.time(1)))
    try await expectFresh(store, [fact(3)], "after what was never tried is superseded")
    try await expectGone(store, [fact(3)], by: .removeFact(Make.id(3)), leaving: [])
    try await store.commit(.removeFact(Make.id(1)), .insertFact(Make.fact(1)))
    try await expectFresh(store, [fact(1)], "after another fact of its name")
  }

  static func documentsGo(_ store: any Store) async throws {
    try await open(store)
    let stays = [document(2), document(1)]
    try await store.commit(.putDocument(Make.document(2)), .putDocument(Make.document(1)))
    let changes: [ChangeSet.Change] = [
      .putDocument(Make.document(3, status: .archived)), .removeDocument(Make.id(3)),
      .putDocument(Make.document(3, " ", title: "\n")), .removeDocument(Make.id(3)),
    ]
    for change in changes {
      try await store.commit(.putDocument(Make.document(3)))
      try await expectFresh(store, stays + [document(3)], "after it was stored")
      try await expectGone(store, [document(3)], by: change, leaving: stays)
    }
    try await store.commit(.removeDocument(Make.id(2)), .putDocument(Make.document(1, status: .archived)))
    try await expectFresh(store, [], "after what was never tried is gone")
  }
}
