import CompanionDomain
public import CompanionPorts

/// The promises of `TextIndex`, for every store to be checked against.
///
/// What a store finds is compared with what comparing every document finds: the same documents, with the same
/// counts and statistics. The checks need a new, empty store each. They take no real time: what time the store sees
/// stands still.
public enum TextIndexConformance {
  /// What has an index of texts, and the texts.
  public typealias Store = ConversationStore & MemoryStore & DocumentStore & TextIndex

  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any Store>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    contents + records + places + queries + filters + changeSets + randomLogs

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let contents: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("messages are found while they say something") { store, _ in
      try await messagesAreFound(store)
    },
    ConformanceCheck("only what is part of the talk is found") { store, _ in
      try await onlyTalkIsFound(store)
    },
    ConformanceCheck("a memory is found until it expires") { store, _ in try await memoriesAreFound(store) },
    ConformanceCheck("a fact is found while it holds") { store, _ in try await factsAreFound(store) },
    ConformanceCheck("a document is found until it is archived") { store, _ in
      try await documentsAreFound(store)
    },
    ConformanceCheck("texts of every language are found") { store, _ in try await languagesAreFound(store) },
  ]

  private static let session = ChatSession(
    id: Make.id(1), place: ConversationPlace(workspace: "home", channel: "kitchen"), createdAt: Make.start)

  static func messagesAreFound(_ store: any Store) async throws {
    try await expectFound(store, "zebra", [])
    try await store.commit(
      .insertSession(session),
      .append(
        [Make.message(1, "A zebra in the kitchen"), Make.message(2, "Really?")], to: session.id, after: .zero)
    )
    let found: [RecallSource] = [.message(session.id, Make.at(1)), .message(session.id, Make.at(2))]
    try await expectFound(store, "zebra", found)
    // The message after it is its neighbour.
    try await store.commit(
      .append([Make.message(3, "Zebras have stripes.")], to: session.id, after: Make.at(2)))
    try await expectFound(store, "zebra stripes", found + [.message(session.id, Make.at(3))])
    try await store.commit(
      .amend(Make.at(1), .edit([.text("A tiger in the kitchen")]), in: session.id, at: Make.time(1)))
    try await expectFound(store, "zebra", [2, 3].map { .message(session.id, Make.at($0)) })
    try await expectFound(store, "tiger", found)
    try await store.commit(.amend(Make.at(3), .delete, in: session.id, at: Make.time(2)))
    try await expectFound(store, "zebra", [])
    try await store.commit(.eraseMessage(Make.at(1), in: session.id, at: Make.time(3)))
    try await expectFound(store, "tiger", [])
    try await expectFound(store, "really", [.message(session.id, Make.at(2))])
    try await store.commit(.eraseSession(session.id))
    try await expectFound(store, "really", [])
    // Another session of the same name has its own words only.
    try await store.commit(
      .insertSession(session), .append([Make.message(1, "A lion")], to: session.id, after: .zero))
    try await expectFound(store, "lion tiger zebra really", [.message(session.id, Make.at(1))])
  }

  static func onlyTalkIsFound(_ store: any Store) async throws {
    var log = (1...7).map { Make.message($0, "zebra \($0)") }
    (log[1].role, log[1].origin) = (.assistant, .announcement(of: Make.id(1)))
    (log[2].role, log[2].origin) = (.assistant, .task(Make.id(1)))
    log[3].parts = [.toolCall(ToolCall(id: "1", name: "zebra", arguments: "zebra"))]
    (log[3].role, log[3].origin) = (.assistant, .model)
    log[4].parts = [.toolResult(ToolResult(callID: "1", outcome: .succeeded, content: "zebra"))]
    (log[4].role, log[4].origin) = (.tool, .model)
    (log[5].role, log[5].origin) = (.assistant, .repair)
    log[6].speaker = "zora"
    try await store.commit(.insertSession(session), .append(log, to: session.id, after: .zero))
    try await expectFound(store, "zebra", [1, 3, 7].map { .message(session.id, Make.at($0)) })
    // Who says it, and when, is found as if it were said.
    try await expectFound(store, "zora", [3, 7].map { .message(session.id, Make.at($0)) })
    try await expectFound(store, "2026", [1, 3, 7].map { .message(session.id, Make.at($0)) })
  }

  static func memoriesAreFound(_ store: any Store) async throws {
    let (memory, other) = (
      Make.memory(text: "They keep a zebra."), Make.memory(.workspace("home"), text: "A zebra.")
    )
    try await store.commit(.putMemory(memory, adding: []), .putMemory(other, adding: []))
    try await expectFound(store, "zebra", [.memory(memory.key), .memory(other.key)])
    try await store.commit(.putMemory(Make.memory(version: 2, text: "They keep a tiger."), adding: []))
    try await expectFound(store, "zebra", [.memory(other.key)])
    try await expectFound(store, "tiger", [.memory(memory.key)])
    try await store.commit(.putMemory(Make.memory(version: 3, text: ""), adding: []))
    try await expectFound(store, "tiger", [])
    try await store.commit(.putMemory(Make.memory(version: 4, text: "They keep a lion."), adding: []))
    try await expectFound(store, "lion", [.memory(memory.key)])
    try await store.commit(.removeMemory(memory.key), .removeMemory(other.key))
    try await expectFound(store, "lion zebra", [])
  }

  static func factsAreFound(_ store: any Store) async throws {
    var facts = [
      Make.fact(1, "The zebra eats grass."), Make.fact(2, "The zebra eats hay."), Make.fact(3, "Hay."),
    ]
    facts[2].validFrom = Timestamp(nanosecondsSinceEpoch: -1)
    facts[2].subject = "Zora"
    try await store.commit(ChangeSet(facts.map { .insertFact($0) }))
    try await expectFound(store, "zebra", [.fact(Make.id(1)), .fact(Make.id(2))])
    try await expectFound(store, "zora", [.fact(Make.id(3))])
    try await expectFound(store, "1969", [.fact(Make.id(3))])
    try await store.commit(.supersedeFact(Make.id(1), by: Make.id(2), at: Make.time(1)))
    try await expectFound(store, "zebra", [.fact(Make.id(2))])
    try await store.commit(.restoreFact(Make.id(1), validTo: Make.time(1)))
    try await expectFound(store, "zebra", [.fact(Make.id(1)), .fact(Make.id(2))])
    try await expectFound(store, "2026", [.fact(Make.id(1))])
    try await store.commit(.removeFact(Make.id(1)))
    try await expectFound(store, "zebra", [.fact(Make.id(2))])
  }

  static func documentsAreFound(_ store: any Store) async throws {
    var document = Make.document(1, "They eat grass.", title: "Zebras")
    document.metadata = ["place": "savanna"]
    try await store.commit(.putDocument(document))
    try await expectFound(store, "zebra", [.document(Make.id(1))])
    try await expectFound(store, "grass", [.document(Make.id(1))])
    try await expectFound(store, "savanna", [])
    document.status = .archived
    try await store.commit(.putDocument(document))
    try await expectFound(store, "zebra", [])
    document.status = .normal
    (document.title, document.scope) = ("Tigers", .workspace("home"))
    try await store.commit(.putDocument(document))
    try await expectFound(store, "zebra", [])
    try await expectFound(store, "tiger", [.document(Make.id(1))])
    try await store.commit(.removeDocument(Make.id(1)))
    try await expectFound(store, "tiger grass", [])
  }

  static func languagesAreFound(_ store: any Store) async throws {
    let texts = [
      ("I painted the sunset over Kyoto.", "paintings of sunsets"), ("昨日、京都で紅葉を見ました。", "京都の紅葉"),
      ("我昨天在北京吃了烤鸭。", "北京的烤鸭"), ("어제 부산에서 바다를 봤어요.", "부산 바다"),
      ("カフェでコーヒーを飲んだ", "ｺｰﾋｰ"), ("The CAFE\u{301} was open", "caf\u{E9}"), ("\u{212B}ngström", "Ångström"),
    ]
    try await store.commit(.insertSession(session))
    for (index, text) in texts.enumerated() {
      try await store.commit(
        .append([Make.message(index + 1, text.0)], to: session.id, after: Make.at(index)),
        .putDocument(Make.document(index, text.0, title: "")), .insertFact(Make.fact(index, text.0)))
    }
    for (index, text) in texts.enumerated() {
      for query in [text.1, text.0] {
        let found = try await expectComparison(store, query)
        let expected: [RecallSource] = [
          .message(session.id, Make.at(index + 1)), .document(Make.id(index)), .fact(Make.id(index)),
        ]
        for source in expected { try expect(found.contains(source), "\(source) to be found by \(query)") }
      }
    }
  }
}

extension TextIndexConformance {
  static let allScopes: Set<MemoryScope> = [
    Make.kitchen, .channel("garden", of: "home"), .workspace("home"), .user(.user, in: .main),
    .user("anna", in: .main), .thread("soup", of: "kitchen", in: "home"),
  ]

  /// Checks that a query finds this and nothing else, and gives what comparing everything gives.
  static func expectFound(_ store: any Store, _ query: String, _ sources: [RecallSource]) async throws {
    try await expect(expectComparison(store, query), Set(sources), "what is found by \"\(query)\"")
  }

  /// Checks that a query gives what comparing everything gives.
  ///
  /// - Returns: what it finds.
  @discardableResult
  static func expectComparison(
    _ store: any Store, _ query: String, in scopes: Set<MemoryScope> = allScopes,
    matching filter: RecallFilter = .all
  ) async throws -> Set<RecallSource> {
    let query = TextQuery(query)
    let found = try await store.textCandidates(for: query, in: scopes, matching: filter, limit: 10_000)
    try await ComparedTexts(of: store.allRecords()).expect(
      found, for: query, in: scopes, matching: filter)
    return Set(found.ids)
  }
}

extension ConversationStore where Self: MemoryStore & DocumentStore {
  /// What can be found in a store, or could be, by what it says that it holds.
  func allRecords() async throws -> [RecallRecord] {
    var records: [RecallRecord] = []
    for session in try await sessions(matching: SessionFilter(), after: nil, limit: .max) {
      records += try await log(session.id).map { .message($0, in: session) }
    }
    records += try await allMemories().map { .memory($0) }
    records += try await allFacts().map { .fact($0) }
    records += try await allDocuments().map { .document($0) }
    return records
  }
}
