import CompanionDomain
import CompanionPorts

extension ConversationStoreConformance {
  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a change builds on those before it") { store, _ in try await changesBuild(store) },
    ConformanceCheck("one failing change leaves nothing of its set") { store, _ in
      try await setIsAtomic(store)
    },
    ConformanceCheck("a set of nothing changes nothing") { store, _ in try await emptySet(store) },
    ConformanceCheck("cancelling the caller does not tear a set") { store, _ in
      try await cancellationTearsNothing(store)
    },
  ]

  static let texts: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("text is kept scalar by scalar") { store, _ in try await textIsKept(store) },
    ConformanceCheck("text with NUL is refused") { store, _ in try await textWithNULIsRefused(store) },
    ConformanceCheck("text beyond the limit is refused") { store, _ in
      try await longTextIsRefused(store)
    },
  ]

  static func changesBuild(_ store: any ConversationStore) async throws {
    try await store.commit(
      .insertSession(Make.session()),
      .append([Make.message(1)], to: Make.id(1), after: .zero),
      .extendDraft(Make.draft("a"), of: Make.id(1), offset: 0),
      .extendDraft(Make.draft("b"), of: Make.id(1), offset: 1),
      .append([Make.message(2)], to: Make.id(1), after: Make.at(1)))
    try await expect(store.log().map(\.sequence), [1, 2].map { Make.at($0) }, "the places")
    try await expect(store.draft(in: Make.id(1)), Make.draft("ab"), "the draft")
    // The other way round the second change takes away what the third needs.
    try await expectConflict(.draftMoved) { () throws(StoreFailure) in
      try await store.commit(
        .discardDraft(of: Make.id(1)), .extendDraft(Make.draft("c"), of: Make.id(1), offset: 2))
    }
    try await expect(store.draft(in: Make.id(1)), Make.draft("ab"), "the draft after a failed set")
  }

  static func setIsAtomic(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    // The new piece joins the last letter, so that undoing it has to cut within what looks like one.
    try await store.commit(.extendDraft(Make.draft("Cafe"), of: Make.id(1), offset: 0))
    let failing: [(StoreConflict, ChangeSet.Change)] = [
      (.sessionExists, .insertSession(Make.session(1))),
      (.noSuchSession, .append([Make.message(1)], to: Make.id(9), after: .zero)),
      (.logMoved, .append([Make.message(9)], to: Make.id(1), after: Make.at(8))),
      (.draftMoved, .extendDraft(Make.draft("x"), of: Make.id(1), offset: 99)),
    ]
    for (conflict, change) in failing {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(
          .insertSession(Make.session(2)),
          .append([Make.message(1)], to: Make.id(2), after: .zero),
          .append([Make.message(3, at: Make.time(99))], to: Make.id(1), after: Make.at(2)),
          .extendDraft(Make.draft("\u{301}s"), of: Make.id(1), offset: 4),
          .discardDraft(of: Make.id(1)),
          .extendDraft(Make.draft("new", turn: 2), of: Make.id(1), offset: 0),
          change)
      }
      try await expect(store.session(Make.id(2)), nil, "the session of the failed set")
      try await expect(store.log(Make.id(2)), [], "its log")
      try await expect(store.session(Make.id(1))?.updatedAt, Make.time(2), "the time of the last message")
      try await expect(store.log().map(\.text), ["message 1", "message 2"], "the log")
      try await expect(store.draft(in: Make.id(1)), Make.draft("Cafe"), "the draft")
      try await expect(store.sessions(limit: 10).map(\.id), [Make.id(1)], "the sessions")
    }
    try await store.commit(.append([Make.message(3)], to: Make.id(1), after: Make.at(2)))
    try await expect(store.log().count, 3, "the number of messages after one that succeeds")
  }

  static func emptySet(_ store: any ConversationStore) async throws {
    try await store.commit(ChangeSet([]))
    try await expect(store.sessions(limit: 10), [], "the sessions")
  }

  static func cancellationTearsNothing(_ store: any ConversationStore) async throws {
    for number in 1...50 {
      let isStored = await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await store.begin(Make.session(number), messages: 3)
            return true
          } catch { return false }
        }
        group.cancelAll()
        return await group.next() ?? false
      }
      let session = try await store.session(Make.id(number))
      let count = try await store.log(Make.id(number)).count
      try expect(count, session == nil ? 0 : 3, "the number of messages of a set whose caller was cancelled")
      try expect(!isStored || session != nil, "what was acknowledged to be stored")
    }
  }

  static func textIsKept(_ store: any ConversationStore) async throws {
    try await store.begin()
    for (index, text) in Make.texts.enumerated() {
      let parts: [MessagePart] = [
        .text(text), .toolCall(ToolCall(id: text, name: text, arguments: text)),
        .toolResult(ToolResult(callID: text, outcome: .succeeded, content: text)),
      ]
      let message = Make.message(index + 1, parts: parts)
      try await store.commit(
        .append([message], to: Make.id(1), after: Make.at(index)),
        .extendDraft(Make.draft(text), of: Make.id(1), offset: 0))
      try await expect(store.log().last, message, "the message")
      try await expect(store.draft(in: Make.id(1)), Make.draft(text), "the draft")
      try await store.commit(.discardDraft(of: Make.id(1)))
    }
  }

  static func textWithNULIsRefused(_ store: any ConversationStore) async throws {
    try await store.begin()
    let text = Make.textWithNUL
    let parts: [MessagePart] = [
      .text(text), .toolCall(ToolCall(id: text, name: "", arguments: "")),
      .toolCall(ToolCall(id: "", name: text, arguments: "")),
      .toolCall(ToolCall(id: "", name: "", arguments: text)),
      .toolResult(ToolResult(callID: text, outcome: .failed, content: "")),
      .toolResult(ToolResult(callID: "", outcome: .failed, content: text)),
    ]
    for part in parts {
      try await expectInvalid { () throws(StoreFailure) in
        let message = Make.message(1, parts: [.text("fine"), part])
        try await store.commit(.append([message], to: Make.id(1), after: .zero))
      }
    }
    try await expectInvalid { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft(text), of: Make.id(1), offset: 0))
    }
    try await expect(store.log(), [], "the log")
    try await expect(store.draft(in: Make.id(1)), nil, "the draft")
  }

  static func longTextIsRefused(_ store: any ConversationStore) async throws {
    try await store.begin()
    let half = Make.text(bytes: ChangeSet.maximumTextBytes / 2 + 1)
    try await expectInvalid { () throws(StoreFailure) in
      let message = Make.message(1, parts: [.text(half), .text(half)])
      try await store.commit(.append([message], to: Make.id(1), after: .zero))
    }
    try await expectInvalid { () throws(StoreFailure) in
      try await store.commit(.extendDraft(Make.draft(half + half), of: Make.id(1), offset: 0))
    }
    try await expect(store.log(), [], "the log")
    try await expect(store.draft(in: Make.id(1)), nil, "the draft")
  }
}
