import CompanionDomain
import CompanionPorts

/// What is read of what was found.
extension TextIndexConformance {
  static let records: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what was found is read at once, by its name") { store, _ in
      try await namesAreRead(store)
    },
    ConformanceCheck("what has changed since is read as it is now") { store, _ in
      try await changesAreRead(store)
    },
  ]

  private static let session = ChatSession(
    id: Make.id(1), place: ConversationPlace(workspace: "home", channel: "kitchen"), createdAt: Make.start)
  private static let personal = ChatSession(id: Make.id(2), user: "anna", createdAt: Make.start)
  private static let empty = ChatSession(id: Make.id(3), createdAt: Make.start)

  private static let there: Set<RecallSource> = [
    .message(session.id, Make.at(1)), .message(session.id, Make.at(2)), .message(personal.id, Make.at(1)),
    .memory(Make.memory().key), .fact(Make.id(1)), .fact(Make.id(2)), .document(Make.id(1)),
  ]

  private static func fill(_ store: any Store) async throws {
    try await store.commit(
      .insertSession(session), .insertSession(personal), .insertSession(empty),
      .append([Make.message(1, "A zebra"), Make.message(2, "Really?")], to: session.id, after: .zero),
      .append([Make.message(1, "A lion")], to: personal.id, after: .zero),
      .putMemory(Make.memory(), adding: []),
      .insertFact(Make.fact(1, "The zebra eats grass.")), .insertFact(Make.fact(2, "The zebra eats hay.")),
      .putDocument(Make.document(1, "They eat grass.", title: "Zebras")))
  }

  static func namesAreRead(_ store: any Store) async throws {
    try await fill(store)
    let places = [Int64.min, -1, 0, 3, .max].map { SequenceNumber(rawValue: $0) }
    let missing = Set<RecallSource>(
      places.map { .message(session.id, $0) } + [
        .message(empty.id, Make.at(1)), .message(Make.id(4), Make.at(1)),
        .memory(MemoryKey(Make.kitchen, .longTerm)), .memory(MemoryKey(.workspace("home"), .shortTerm)),
        .fact(Make.id(3)), .document(Make.id(2)),
      ])
    try await expect(Set(store.records(of: there.union(missing)).keys), there, "the names of what is read")
    try await expectRecords(store)
    for source in there {
      try await expect(Set(store.records(of: [source]).keys), [source], "what is read of one name")
    }
    try await expect(store.records(of: missing), [:], "what is read of names of nothing")
    try await expect(store.records(of: []), [:], "what is read of no names")
  }

  static func changesAreRead(_ store: any Store) async throws {
    try await fill(store)
    // What cannot be found any more is read all the same.
    var document = Make.document(1, "They eat hay.", title: "Tigers", at: Make.time(1))
    (document.scope, document.status) = (.workspace("home"), .archived)
    try await store.commit(
      .amend(Make.at(1), .edit([.text("A tiger")]), in: session.id, at: Make.time(1)),
      .amend(Make.at(2), .delete, in: session.id, at: Make.time(1)),
      .putMemory(Make.memory(version: 2, text: ""), adding: []),
      .supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)), .putDocument(document))
    try await expectRecords(store)
    try await expect(Set(store.records(of: there).keys), there, "the names of what was changed")
    try await store.commit(
      .append([Make.message(3, "A bear")], to: session.id, after: Make.at(2)),
      .append([Make.message(2, "A hare")], to: personal.id, after: Make.at(1)),
      .putMemory(Make.memory(version: 3, text: "They talk of bears."), adding: []),
      .restoreFact(Make.id(1), validTo: nil))
    try await expectRecords(store)
    try await store.commit(
      .eraseMessage(Make.at(1), in: session.id, at: Make.time(2)), .eraseUser(of: personal.id),
      .removeMemory(Make.memory().key), .removeFact(Make.id(1)), .removeDocument(Make.id(1)))
    try await expectRecords(store)
    let left: Set<RecallSource> = [
      .message(session.id, Make.at(1)), .message(session.id, Make.at(2)), .message(personal.id, Make.at(1)),
      .fact(Make.id(2)),
    ]
    try await expect(Set(store.records(of: there).keys), left, "the names of what is left")
    try await store.commit(.eraseSession(session.id))
    try await expectRecords(store)
  }

  /// Checks that what is read at once is what is read one by one.
  private static func expectRecords(_ store: any Store) async throws {
    var expected: [RecallSource: RecallRecord] = [:]
    for source in there { expected[source] = try await store.record(of: source) }
    try await expect(store.records(of: there), expected, "what is read at once")
  }
}
