import CompanionDomain
import CompanionPorts

extension ConversationStoreConformance {
  static let amendments: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("place and user of a session are kept") { store, _ in try await placeIsKept(store) },
    ConformanceCheck("an edited message says something else in its place") { store, _ in
      try await editIsRead(store)
    },
    ConformanceCheck("a deleted message keeps its place, without parts") { store, _ in
      try await deletionIsRead(store)
    },
    ConformanceCheck("an amendment names a message that is there") { store, _ in
      try await amendmentNamesMessage(store)
    },
    ConformanceCheck("an amendment is undone with its set") { store, _ in
      try await amendmentIsUndone(store)
    },
    ConformanceCheck("the events of a log are read from any revision on") { store, _ in
      try await eventsAreRead(store)
    },
    ConformanceCheck("text with NUL is refused in an edit, too") { store, _ in
      try await editWithNULIsRefused(store)
    },
  ]

  static func placeIsKept(_ store: any ConversationStore) async throws {
    let place = ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup")
    for (number, place) in [(1, place), (2, ConversationPlace(channel: "kitchen")), (3, nil)] {
      let session = ChatSession(id: Make.id(number), place: place, user: "anna", createdAt: Make.start)
      try await store.commit(.insertSession(session))
      try await expect(store.session(session.id), session, "the session")
    }
    var message = Make.message(1)
    message.speaker = "bert"
    try await store.commit(.append([message], to: Make.id(1), after: .zero))
    try await expect(store.log(), [message], "the message of another person")
  }

  static func editIsRead(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 3)
    let before = try await store.session(Make.id(1))
    for (number, text) in ["once", "twice"].enumerated() {
      try await store.commit(
        .amend(Make.at(2), .edit([.text(text)]), in: Make.id(1), at: Make.time(50 + number)))
      try await expect(store.log().map(\.text), ["message 1", text, "message 3"], "the log")
      try await expect(store.log()[1].change, .edited(Make.time(50 + number)), "when it was edited")
    }
    let after = try await store.session(Make.id(1))
    try expect(after?.revision, LogRevision(rawValue: 5), "the log's revision")
    try expect(after?.updatedAt, before?.updatedAt, "the session's time")
    try await store.commit(.append([Make.message(4)], to: Make.id(1), after: Make.at(3)))
    try await expect(store.session(Make.id(1))?.revision, LogRevision(rawValue: 6), "the next revision")
  }

  static func deletionIsRead(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 3)
    try await store.commit(.amend(Make.at(3), .delete, in: Make.id(1), at: Make.time(50)))
    let log = try await store.log()
    try expect(log.map(\.sequence), [1, 2, 3].map { Make.at($0) }, "the places")
    try expect(log.map(\.parts.count), [1, 1, 0], "the numbers of parts")
    try expect(log.last?.change, .deleted(Make.time(50)), "when it was deleted")
    try await store.commit(.append([Make.message(4)], to: Make.id(1), after: Make.at(3)))
    for amendment in [MessageAmendment.delete, .edit([.text("again")])] {
      try await expectConflict(.noSuchMessage) { () throws(StoreFailure) in
        try await store.commit(.amend(Make.at(3), amendment, in: Make.id(1), at: Make.time(60)))
      }
    }
  }

  static func amendmentNamesMessage(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    for place in [0, -1, 3, Int.min, Int.max] {
      try await expectConflict(.noSuchMessage) { () throws(StoreFailure) in
        try await store.commit(.amend(Make.at(place), .delete, in: Make.id(1), at: Make.time(9)))
      }
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.amend(Make.at(1), .delete, in: Make.id(2), at: Make.time(9)))
    }
    let amended = Make.message(3).amended(by: .delete, at: Make.time(9)) ?? Make.message(3)
    try await expectInvalid { () throws(StoreFailure) in
      try await store.commit(.append([amended], to: Make.id(1), after: Make.at(2)))
    }
    try await expect(store.log().map(\.text), ["message 1", "message 2"], "the log")
  }

  static func amendmentIsUndone(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    try await store.commit(.amend(Make.at(1), .edit([.text("edited")]), in: Make.id(1), at: Make.time(9)))
    let (session, log) = (try await store.session(Make.id(1)), try await store.log())
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(
        .amend(Make.at(1), .edit([.text("again")]), in: Make.id(1), at: Make.time(10)),
        .append([Make.message(3)], to: Make.id(1), after: Make.at(2)),
        .amend(Make.at(3), .delete, in: Make.id(1), at: Make.time(10)),
        .append([], to: Make.id(9), after: .zero))
    }
    try await expect(store.session(Make.id(1)), session, "the session")
    try await expect(store.log(), log, "the log")
    try await expect(
      store.logEvents(in: Make.id(1), after: .zero, limit: 10).map(\.kind),
      [.appended, .appended, .edited(from: [.text("message 1")])], "the events")
  }

  static func eventsAreRead(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    try await store.commit(.amend(Make.at(1), .edit([.text("edited")]), in: Make.id(1), at: Make.time(9)))
    try await store.commit(.append([Make.message(3)], to: Make.id(1), after: Make.at(2)))
    try await store.commit(
      .amend(Make.at(3), .delete, in: Make.id(1), at: Make.time(9)),
      .amend(Make.at(1), .edit([.text("again")]), in: Make.id(1), at: Make.time(9)))
    try await store.commit(.append([Make.message(4), Make.message(5)], to: Make.id(1), after: Make.at(3)))
    let log = try await store.log()
    let happened: [(Int, LogEvent.Kind)] = [
      (1, .appended), (2, .appended), (1, .edited(from: [.text("message 1")])), (3, .appended),
      (3, .deleted([.text("hello")])), (1, .edited(from: [.text("edited")])), (4, .appended),
      (5, .appended),
    ]
    let all = happened.enumerated().map { index, event in
      LogEvent(
        revision: LogRevision(rawValue: Int64(index + 1)), kind: event.1, message: log[event.0 - 1])
    }
    for start in [Int64.min, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, .max] {
      for limit in [Int.min, -1, 0, 1, 2, 3, 8, 9, .max] {
        let expected = all.filter { $0.revision.rawValue > start }.prefix(max(0, limit))
        try await expect(
          store.logEvents(in: Make.id(1), after: LogRevision(rawValue: start), limit: limit),
          Array(expected), "the events after \(start), \(limit) at most")
      }
    }
    try await expect(store.logEvents(in: Make.id(2), after: .zero, limit: 9), [], "those of no session")
  }

  static func editWithNULIsRefused(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    try await expectInvalid { () throws(StoreFailure) in
      let edit = MessageAmendment.edit([.text("fine"), .text(Make.textWithNUL)])
      try await store.commit(.amend(Make.at(1), edit, in: Make.id(1), at: Make.time(9)))
    }
    try await expect(store.log().map(\.text), ["message 1"], "the log")
  }
}
