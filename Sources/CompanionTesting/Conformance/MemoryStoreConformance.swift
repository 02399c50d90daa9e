import CompanionDomain
public import CompanionPorts

/// The promises of `MemoryStore`, for every store to be checked against.
///
/// The checks need a new, empty store each. They take no real time: what time the store sees stands still. What
/// is remembered comes from conversations, so the store has to keep those too.
public enum MemoryStoreConformance {
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any ConversationStore & MemoryStore>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    memories + sources + facts + factListings + progress + changeSets + refusals

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let memories: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a memory is read as it was stored") { store, _ in try await memoryIsKept(store) },
    ConformanceCheck("a version of a memory comes behind the one before it") { store, _ in
      try await versionsFollow(store)
    },
    ConformanceCheck("a memory that is expected has its version, or nothing is stored") { store, _ in
      try await versionsAreExpected(store)
    },
    ConformanceCheck("memories that have expired are left out where they are not asked for") { store, _ in
      try await expiredAreLeftOut(store)
    },
    ConformanceCheck("the previous version of a memory is kept") { store, _ in
      try await previousIsKept(store)
    },
    ConformanceCheck("nothing is left of a memory that was removed") { store, _ in
      try await removedMemoryIsGone(store)
    },
    ConformanceCheck("memories are listed by their keys, by what they are") { store, _ in
      try await memoriesAreListed(store)
    },
  ]

  static func memoryIsKept(_ store: any ConversationStore & MemoryStore) async throws {
    try await expect(store.allMemories(), [], "the memories of an empty store")
    try await expect(store.memory(Make.memory().key), nil, "a memory that is not there")
    let merged = [
      MergedMemory(MemoryKey(Make.kitchen, .shortTerm), version: .max),
      MergedMemory(MemoryKey(.thread("soup", of: "kitchen", in: "home"), .shortTerm), version: 2),
    ]
    var expired = Make.memory(.user("anna", in: "home"), .longTerm, text: "", sourceCount: 0)
    expired.createdAt = Timestamp(nanosecondsSinceEpoch: .min)
    expired.updatedAt = .distantFuture
    let kept = [
      Make.memory(), Make.memory(Make.kitchen, .longTerm, sourceCount: .max, merged: merged),
      Make.memory(.workspace("home"), sourceCount: 0, merged: merged, newest: .distantFuture), expired,
    ]
    for memory in kept {
      let changed = try await store.commit(.putMemory(memory, adding: []))
      try expect(changed, [], "what is returned for a memory")
    }
    for memory in kept { try await expect(store.memory(memory.key), memory, "the memory") }
    for (index, text) in Make.texts.enumerated() where !text.isEmpty {
      var memory = Make.memory(
        .thread("soup", of: "kitchen", in: "home"), version: Int64(index + 1), text: text)
      memory.origin = MemoryOrigin(model: ModelIdentity(provider: text, model: text), instructions: text)
      // The empty one among the texts is no version.
      memory.version = (try await store.memory(memory.key)?.version ?? 0) + 1
      try await store.commit(.putMemory(memory, adding: []))
      try await expect(store.memory(memory.key), memory, "the memory with its text scalar by scalar")
    }
  }

  static func versionsAreExpected(_ store: any ConversationStore & MemoryStore) async throws {
    let key = Make.memory().key
    let other = Make.memory(Make.kitchen, .longTerm)
    for version in [0, 1, 2] as [Int64] {
      if version > 0 { try await store.commit(.putMemory(Make.memory(version: version), adding: [])) }
      try await store.commit(.expectMemory(key, version: version))
      for wrong in [-1, 0, 1, 2, 3, .max] as [Int64] where wrong != version {
        try await expectConflict(.memoryMoved) { () throws(StoreFailure) in
          try await store.commit(.putMemory(other, adding: []), .expectMemory(key, version: wrong))
        }
      }
    }
    try await expect(store.memory(other.key), nil, "what was stored with a wrong expectation")
    try await store.commit(.removeMemory(key), .expectMemory(key, version: 0))
  }

  static func expiredAreLeftOut(_ store: any ConversationStore & MemoryStore) async throws {
    let kept = Make.memory(Make.kitchen, .longTerm)
    var expired = Make.memory(version: 2, text: "")
    expired.newestSource = kept.newestSource
    try await store.commit(
      .putMemory(kept, adding: []), .putMemory(Make.memory(), adding: []), .putMemory(expired, adding: []))
    var filter = MemoryFilter(includesExpired: false)
    try await expect(store.memories(matching: filter, after: nil, limit: 9), [kept], "those with a text")
    filter.newestSourceBefore = .distantFuture
    try await expect(
      store.memories(matching: filter, after: nil, limit: 9), [kept], "those with a text, before")
    filter.kind = .shortTerm
    try await expect(
      store.memories(matching: filter, after: nil, limit: 9), [], "short-term ones with a text")
    filter.includesExpired = true
    try await expect(store.memories(matching: filter, after: nil, limit: 9), [expired], "all short-term ones")
  }

  static func versionsFollow(_ store: any ConversationStore & MemoryStore) async throws {
    let key = Make.memory().key
    for version in [2, .max] as [Int64] { try await expectMoved(to: version, by: "none") }
    try await store.commit(.putMemory(Make.memory(), adding: []))
    for version in [1, 3, .max] as [Int64] { try await expectMoved(to: version, by: "the first") }
    try await store.commit(.putMemory(Make.memory(version: 2, text: "second"), adding: []))
    for version in [1, 2, 4] as [Int64] { try await expectMoved(to: version, by: "the second") }
    try await expect(store.memory(key)?.text, "second", "the memory")
    // Another kind, and another scope, have versions of their own.
    try await store.commit(
      .putMemory(Make.memory(Make.kitchen, .longTerm), adding: []),
      .putMemory(Make.memory(.channel("garden", of: "home")), adding: []),
      .putMemory(Make.memory(.channel("kitchen", of: "office")), adding: []))
    try await expect(store.allMemories().map(\.version), [1, 2, 1, 1], "the versions")

    func expectMoved(to version: Int64, by what: String) async throws {
      let before = try await store.memory(key)
      try await expectConflict(.memoryMoved) { () throws(StoreFailure) in
        try await store.commit(.putMemory(Make.memory(version: version, text: "late"), adding: []))
      }
      try await expect(store.memory(key), before, "the memory behind \(what)")
    }
  }

  static func previousIsKept(_ store: any ConversationStore & MemoryStore) async throws {
    let key = Make.memory().key
    let versions = (1...3).map { number in
      Make.memory(
        version: Int64(number), text: "version \(number)", sourceCount: number, newest: Make.time(number))
    }
    for (number, version) in versions.enumerated() {
      try await store.commit(.putMemory(version, adding: []))
      try await expect(store.memory(key), version, "the memory")
      try await expect(
        store.previousMemory(key), number == 0 ? nil : versions[number - 1], "the version before it")
    }
    try await expect(
      store.previousMemory(MemoryKey(Make.kitchen, .longTerm)), nil, "that of a memory that is not there")
    try await expect(store.allMemories(), [versions[2]], "all memories")
  }

  static func removedMemoryIsGone(_ store: any ConversationStore & MemoryStore) async throws {
    let (kept, gone) = (Make.memory(Make.kitchen, .longTerm), Make.memory())
    try await store.commit(
      .putMemory(gone, adding: [Make.span(1, 1...2)]), .putMemory(kept, adding: [Make.span(1, 1...2)]),
      .putMemory(Make.memory(version: 2), adding: [Make.span(1, 3...4)]))
    // One that is not there is not missed.
    try await store.commit(.removeMemory(gone.key), .removeMemory(MemoryKey(.workspace("home"), .longTerm)))
    try await expect(store.memory(gone.key), nil, "the memory")
    try await expect(store.previousMemory(gone.key), nil, "its previous version")
    try await expect(store.allSources(of: gone.key), [], "its sources")
    try await expect(store.allMemories(), [kept], "all memories")
    try await expect(store.allSources(of: kept.key), [Make.span(1, 1...2)], "those of another one")
    try await expectConflict(.memoryMoved) { () throws(StoreFailure) in
      try await store.commit(.putMemory(Make.memory(version: 3), adding: []))
    }
    try await store.commit(.putMemory(gone, adding: []))
    try await expect(store.previousMemory(gone.key), nil, "the version before the one that begins anew")
    try await expect(store.allSources(of: gone.key), [], "its sources")
  }

  static func memoriesAreListed(_ store: any ConversationStore & MemoryStore) async throws {
    let scopes: [MemoryScope] = [
      .user("anna", in: "home"), .workspace("home"), .thread("soup", of: "kitchen", in: "home"),
      Make.kitchen, .channel("garden", of: "home"), .workspace("Home"), .channel("kitchen", of: "office"),
    ]
    var stored: [(memory: MemoryRecord, sessions: Set<SessionID>)] = []
    for (number, scope) in scopes.enumerated() {
      for kind in MemoryKind.allCases.reversed() {
        let memory = Make.memory(scope, kind, text: "\(scope)", newest: Make.time(number))
        let sessions = number % 3 == 0 ? [] : [number % 2 + 1, 3]
        try await store.commit(.putMemory(memory, adding: sessions.map { Make.span($0, 1...2) }))
        stored.append((memory, Set(sessions.map { Make.id($0) })))
      }
    }
    stored.sort { $0.memory.key < $1.memory.key }
    let filters = [
      MemoryFilter(), MemoryFilter(kind: .longTerm), MemoryFilter(scopes: []),
      MemoryFilter(scopes: [Make.kitchen]), MemoryFilter(scopes: Set(scopes.prefix(3)), kind: .shortTerm),
      MemoryFilter(newestSourceBefore: Make.time(3)), MemoryFilter(session: Make.id(1)),
      MemoryFilter(session: Make.id(3)), MemoryFilter(session: Make.id(4)),
      MemoryFilter(
        scopes: Set(scopes.dropFirst()), kind: .shortTerm, newestSourceBefore: Make.time(5),
        session: Make.id(2)),
    ]
    for filter in filters {
      let all = stored.filter { filter.includes($0.memory, from: $0.sessions) }.map(\.memory)
      try await expectPages(all, "the memories of \(filter)", by: \.key) { after, limit in
        try await store.memories(matching: filter, after: after, limit: limit)
      }
    }
  }
}
