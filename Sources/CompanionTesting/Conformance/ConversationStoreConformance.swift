import CompanionDomain
public import CompanionPorts

/// The promises of `ConversationStore`, for every store to be checked against.
///
/// The checks need a new, empty store each. They take no real time: what time the store sees stands still.
public enum ConversationStoreConformance {
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any ConversationStore>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    sessions + appends + histories + amendments + erasing + drafts + changeSets + texts

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let sessions: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a session is read as it was stored") { store, _ in try await sessionIsKept(store) },
    ConformanceCheck("a session is stored once") { store, _ in try await sessionIsStoredOnce(store) },
    ConformanceCheck("a new session has no messages") { store, _ in try await newSessionIsEmpty(store) },
    ConformanceCheck("what is not there is not found") { store, _ in try await absentIsAbsent(store) },
    ConformanceCheck("sessions come newest first") { store, _ in try await sessionsComeInOrder(store) },
    ConformanceCheck("identifiers differ by their bytes") { store, _ in
      try await identifiersDifferByBytes(store)
    },
  ]

  static func sessionIsKept(_ store: any ConversationStore) async throws {
    let session = ChatSession(id: Make.id(7), createdAt: Make.time(1), updatedAt: Make.time(-5))
    try await store.commit(.insertSession(session))
    try await expect(store.session(session.id), session, "the session")
    try await expect(store.log(session.id), [], "its log")
  }

  static func sessionIsStoredOnce(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    let stored = try await store.session(Make.id(1))
    try await expectConflict(.sessionExists) { () throws(StoreFailure) in
      try await store.commit(.insertSession(Make.session(1, createdAt: Make.time(9))))
    }
    try await expect(store.session(Make.id(1)), stored, "the session that was there first")
  }

  static func newSessionIsEmpty(_ store: any ConversationStore) async throws {
    let session = ChatSession(id: Make.id(1), createdAt: Make.start, lastSequence: Make.at(3))
    try await expectInvalid { () throws(StoreFailure) in try await store.commit(.insertSession(session)) }
    try await expect(store.session(session.id), nil, "the session")
  }

  static func absentIsAbsent(_ store: any ConversationStore) async throws {
    try await expect(store.sessions(limit: 10), [], "the sessions of an empty store")
    try await store.begin()
    try await expect(store.session(Make.id(2)), nil, "an unknown session")
    try await expect(store.log(Make.id(2)), [], "the log of an unknown session")
    try await expect(store.draft(in: Make.id(2)), nil, "the draft of an unknown session")
    try await expect(store.draft(in: Make.id(1)), nil, "the draft of a session that has none")
  }

  static func sessionsComeInOrder(_ store: any ConversationStore) async throws {
    for (number, second) in [(1, 10), (2, 30), (3, 20), (4, 20), (5, -10)] {
      try await store.begin(Make.session(number, createdAt: Make.time(second)))
    }
    try await expect(
      store.sessions(limit: 10).map(\.id), [2, 4, 3, 1, 5].map { Make.id($0) }, "the sessions")
    try await expect(store.sessions(limit: 2).map(\.id), [2, 4].map { Make.id($0) }, "the two newest")
    try await expect(store.sessions(limit: .max).count, 5, "the number of all sessions")
    for limit in [0, -1, .min] {
      try await expect(store.sessions(limit: limit), [], "the sessions for limit \(limit)")
    }
    try await store.commit(.append([Make.message(1, at: Make.time(40))], to: Make.id(5), after: .zero))
    try await expect(
      store.sessions(limit: 10).map(\.id), [5, 2, 4, 3, 1].map { Make.id($0) },
      "the sessions after the oldest has got a message")
  }

  static func identifiersDifferByBytes(_ store: any ConversationStore) async throws {
    let written = ["\u{E9}", "e\u{301}"].compactMap { SessionID(rawValue: $0) }
    for id in written { try await store.commit(.insertSession(ChatSession(id: id, createdAt: Make.start))) }
    try await expect(store.sessions(limit: 10).map(\.id), [written[0], written[1]], "the sessions")
  }
}
