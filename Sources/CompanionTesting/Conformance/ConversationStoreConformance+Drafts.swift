import CompanionDomain
import CompanionPorts

extension ConversationStoreConformance {
  static let drafts: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a draft grows by what is new") { store, _ in try await draftGrows(store) },
    ConformanceCheck("a draft's length counts bytes of UTF-8") { store, _ in
      try await draftCountsBytes(store)
    },
    ConformanceCheck("an empty draft is a draft") { store, _ in try await emptyDraftIsKept(store) },
    ConformanceCheck("a draft that moved is refused") { store, _ in try await movedDraftIsRefused(store) },
    ConformanceCheck("a draft is of one turn") { store, _ in try await draftIsOfOneTurn(store) },
    ConformanceCheck("discarding a draft twice changes nothing more") { store, _ in
      try await discardIsIdempotent(store)
    },
    ConformanceCheck("an answer replaces its draft at once") { store, _ in
      try await answerReplacesDraft(store)
    },
  ]

  static func draftGrows(_ store: any ConversationStore) async throws {
    try await store.begin()
    var text = ""
    for (number, piece) in ["Once", " upon", " a", " time"].enumerated() {
      let more = Make.draft(piece, startedAt: Make.time(number))
      try await store.commit(.extendDraft(more, of: Make.id(1), offset: text.utf8.count))
      text += piece
      try await expect(store.draft(in: Make.id(1)), Make.draft(text), "the draft, since its first piece")
    }
    let session = try await store.session(Make.id(1))
    try expect(session, Make.session(), "the session, which a draft leaves alone")
  }

  static func draftCountsBytes(_ store: any ConversationStore) async throws {
    try await store.begin()
    var text = ""
    // The third begins with a mark that joins the letter before it.
    for piece in ["日本", "e", "\u{301}", "👩‍👩‍👧", "\u{200D}👦", ""] {
      try await store.commit(
        .extendDraft(Make.draft(piece), of: Make.id(1), offset: text.utf8.count))
      text += piece
    }
    try await expect(store.draft(in: Make.id(1)), Make.draft(text), "the draft")
    let characters = text.count
    try await expectConflict(.draftMoved) { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft("!"), of: Make.id(1), offset: characters))
    }
  }

  static func emptyDraftIsKept(_ store: any ConversationStore) async throws {
    try await store.begin()
    for _ in 0..<2 {
      try await store.commit(.extendDraft(Make.draft(""), of: Make.id(1), offset: 0))
      try await expect(store.draft(in: Make.id(1)), Make.draft(""), "the draft")
    }
    try await store.commit(.extendDraft(Make.draft("now"), of: Make.id(1), offset: 0))
    try await expect(store.draft(in: Make.id(1)), Make.draft("now"), "the draft")
  }

  static func movedDraftIsRefused(_ store: any ConversationStore) async throws {
    try await store.begin()
    for offset in [1, -1, .min] { try await expectMoved(offset, store) }
    try await expectInvalid { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft("x"), of: Make.id(1), offset: .max))
    }
    try await expect(store.draft(in: Make.id(1)), nil, "the draft")
    try await store.commit(.extendDraft(Make.draft("four"), of: Make.id(1), offset: 0))
    for offset in [0, 3, 5, -4] { try await expectMoved(offset, store) }
    try await expect(store.draft(in: Make.id(1)), Make.draft("four"), "the draft")
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft("x"), of: Make.id(2), offset: 0))
    }
  }

  private static func expectMoved(_ offset: Int, _ store: any ConversationStore) async throws {
    try await expectConflict(.draftMoved) { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft("x"), of: Make.id(1), offset: offset))
    }
  }

  static func draftIsOfOneTurn(_ store: any ConversationStore) async throws {
    try await store.begin()
    try await store.commit(.extendDraft(Make.draft("mine", turn: 1), of: Make.id(1), offset: 0))
    for offset in [0, 4] {
      try await expectConflict(.draftMoved) { () throws(StoreFailure) in
        try await store.commit(.extendDraft(Make.draft("yours", turn: 2), of: Make.id(1), offset: offset))
      }
    }
    let next = Make.draft("yours", turn: 2, startedAt: Make.time(8))
    try await store.commit(.discardDraft(of: Make.id(1)), .extendDraft(next, of: Make.id(1), offset: 0))
    try await expect(store.draft(in: Make.id(1)), next, "the draft of the next turn")
  }

  static func discardIsIdempotent(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    try await store.commit(.extendDraft(Make.draft("a"), of: Make.id(1), offset: 0))
    for session in [1, 1, 2] {
      try await store.commit(.discardDraft(of: Make.id(session)))
      try await expect(store.draft(in: Make.id(1)), nil, "the draft")
    }
    try await expect(store.log().count, 1, "the number of messages")
    try await expect(store.session(Make.id(2)), nil, "a session that was never stored")
  }

  static func answerReplacesDraft(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    try await store.commit(.extendDraft(Make.draft("answer"), of: Make.id(1), offset: 0))
    try await store.commit(
      .append([Make.message(2, "answer")], to: Make.id(1), after: Make.at(1)),
      .discardDraft(of: Make.id(1)))
    try await expect(store.draft(in: Make.id(1)), nil, "the draft")
    try await expect(store.log().map(\.text), ["message 1", "answer"], "the log")
  }
}
