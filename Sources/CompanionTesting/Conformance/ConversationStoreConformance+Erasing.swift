import CompanionDomain
import CompanionPorts

extension ConversationStoreConformance {
  static let erasing: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("an erased message keeps its place, without words and speaker") { store, _ in
      try await messageIsErased(store)
    },
    ConformanceCheck("nothing that an erased message said before is kept") { store, _ in
      try await oldWordsAreErased(store)
    },
    ConformanceCheck("an erasure names a message that is there") { store, _ in
      try await erasureNamesMessage(store)
    },
    ConformanceCheck("an erased session leaves nothing") { store, _ in try await sessionIsErased(store) },
    ConformanceCheck("a session whose user is erased is nobody's, and stays as it was") { store, _ in
      try await userIsErased(store)
    },
    ConformanceCheck("an erasure is undone with its set") { store, _ in try await erasureIsUndone(store) },
    ConformanceCheck("sessions are listed by their names, by where they are and who takes part") { store, _ in
      try await sessionsAreFiltered(store)
    },
    ConformanceCheck("a message that was written with memories in mind stays one") { store, _ in
      try await remindedIsKept(store)
    },
  ]

  private static func message(_ place: Int, by speaker: UserID?, _ text: String = "hello") -> ChatMessage {
    var message = Make.message(place, text, at: Make.time(place))
    message.speaker = speaker
    return message
  }

  static func messageIsErased(_ store: any ConversationStore) async throws {
    try await store.begin()
    let call = ToolCall(id: "1", name: "weather", arguments: "{}")
    var tool = Make.message(3, parts: [.text("before"), .toolCall(call)])
    (tool.role, tool.origin, tool.completion) = (.assistant, .model, .interrupted(.stopped))
    let log = [message(1, by: nil), message(2, by: "bert"), tool]
    try await store.commit(.append(log, to: Make.id(1), after: .zero))
    let before = try await store.session(Make.id(1))
    for place in [2, 3] {
      try await store.commit(.eraseMessage(Make.at(place), in: Make.id(1), at: Make.time(50 + place)))
    }
    let erased = [log[0], log[1].erased(at: Make.time(52)), log[2].erased(at: Make.time(53))]
    try await expect(store.log(), erased, "the log")
    let events = zip(1..., [.appended, .appended, .appended, .deleted([]), .deleted([])])
      .map { number, kind in
        LogEvent(revision: Make.revision(number), kind: kind, message: erased[[0, 0, 1, 2, 1, 2][number]])
      }
    try await expect(store.logEvents(in: Make.id(1), after: .zero, limit: 9), events, "the events")
    let after = try await store.session(Make.id(1))
    try expect(after?.revision, Make.revision(5), "the log's revision")
    try expect(after?.updatedAt, before?.updatedAt, "the session's time")
    try expect(after?.lastSequence, before?.lastSequence, "the session's last place")
    for amendment in [MessageAmendment.delete, .edit([.text("again")])] {
      try await expectConflict(.noSuchMessage) { () throws(StoreFailure) in
        try await store.commit(.amend(Make.at(2), amendment, in: Make.id(1), at: Make.time(60)))
      }
    }
    // What is erased twice has been erased once.
    try await store.commit(.eraseMessage(Make.at(2), in: Make.id(1), at: Make.time(70)))
    try await expect(
      store.session(Make.id(1))?.revision, Make.revision(5), "the revision after another erasure")
    try await expect(
      store.log(), [erased[0], log[1].erased(at: Make.time(70)), erased[2]], "the log after it")
    try await store.commit(.append([Make.message(4)], to: Make.id(1), after: Make.at(3)))
    try await expect(store.log().map(\.parts.count), [1, 0, 0, 1], "the numbers of parts")
  }

  static func oldWordsAreErased(_ store: any ConversationStore) async throws {
    try await store.begin()
    try await store.commit(
      .append((1...3).map { message($0, by: "bert", "first \($0)") }, to: Make.id(1), after: .zero))
    for (place, amendment) in [
      (1, MessageAmendment.edit([.text("second 1")])), (2, .edit([.text("second 2")])),
      (1, .edit([.text("third 1")])), (3, .edit([.text("second 3")])), (3, .delete),
    ] {
      try await store.commit(.amend(Make.at(place), amendment, in: Make.id(1), at: Make.time(9)))
    }
    for place in [1, 3] {
      try await store.commit(.eraseMessage(Make.at(place), in: Make.id(1), at: Make.time(20)))
    }
    let kinds: [LogEvent.Kind] = [
      .appended, .appended, .appended, .edited(from: []), .edited(from: [.text("first 2")]),
      .edited(from: []), .edited(from: []), .deleted([]), .deleted([]),
    ]
    let events = try await store.logEvents(in: Make.id(1), after: .zero, limit: 20)
    try expect(events.map(\.kind), kinds, "what has happened")
    try expect(
      events.map(\.message.sequence), [1, 2, 3, 1, 2, 1, 3, 3, 1].map { Make.at($0) }, "to which messages")
    try expect(events.map(\.revision), (1...9).map { Make.revision($0) }, "the revisions")
    let log = try await store.log()
    try expect(log.map(\.text), ["", "second 2", ""], "the log")
    try expect(log.map(\.speaker), [nil, "bert", nil], "who spoke")
  }

  static func erasureNamesMessage(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    for place in [0, -1, 3, Int.min, Int.max] {
      try await expectConflict(.noSuchMessage) { () throws(StoreFailure) in
        try await store.commit(.eraseMessage(Make.at(place), in: Make.id(1), at: Make.time(9)))
      }
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.eraseMessage(Make.at(1), in: Make.id(2), at: Make.time(9)))
    }
    try await expect(store.log().map(\.text), ["message 1", "message 2"], "the log")
  }

  static func sessionIsErased(_ store: any ConversationStore) async throws {
    for number in 1...3 { try await store.begin(Make.session(number), messages: 3) }
    try await store.commit(
      .amend(Make.at(1), .edit([.text("edited")]), in: Make.id(2), at: Make.time(9)),
      .extendDraft(Make.draft("so far"), of: Make.id(2), offset: 0))
    // One that is not there is not missed.
    try await store.commit(.eraseSession(Make.id(2)), .eraseSession(Make.id(2)), .eraseSession(Make.id(9)))
    try await expect(store.session(Make.id(2)), nil, "the session")
    try await expect(store.log(Make.id(2)), [], "its log")
    try await expect(store.logEvents(in: Make.id(2), after: .zero, limit: 9), [], "what has happened to it")
    try await expect(store.draft(in: Make.id(2)), nil, "its draft")
    try await expect(store.sessions(limit: 9).map(\.id), [3, 1].map { Make.id($0) }, "the sessions")
    try await expect(
      store.sessions(matching: SessionFilter(), after: nil, limit: 9).map(\.id), [1, 3].map { Make.id($0) },
      "the sessions by their names")
    try await expect(store.log().count, 3, "the number of messages of another one")
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.append([Make.message(4)], to: Make.id(2), after: Make.at(3)))
    }
    try await store.begin(Make.session(2), messages: 1)
    try await expect(store.log(Make.id(2)).map(\.text), ["message 1"], "the log of another of its name")
    try await expect(
      store.logEvents(in: Make.id(2), after: .zero, limit: 9).map(\.kind), [.appended],
      "what has happened to that")
  }

  static func userIsErased(_ store: any ConversationStore) async throws {
    let place = ConversationPlace(channel: "kitchen")
    let session = ChatSession(id: Make.id(1), place: place, user: "anna", createdAt: Make.start)
    try await store.commit(
      .insertSession(session),
      .append([message(1, by: nil), message(2, by: "bert")], to: Make.id(1), after: .zero),
      .extendDraft(Make.draft("so far"), of: Make.id(1), offset: 0))
    var expected = try await store.session(Make.id(1))
    let log = try await store.log()
    expected?.user = .forgotten
    // One that is not there is not missed.
    try await store.commit(.eraseUser(of: Make.id(1)), .eraseUser(of: Make.id(9)))
    try await expect(store.session(Make.id(1)), expected, "the session")
    try await expect(store.log(), log, "its log")
    try await expect(store.draft(in: Make.id(1)), Make.draft("so far"), "its draft")
    for (user, isThere) in [(UserID("anna"), false), ("bert", true), (.forgotten, true)] {
      let found = try await store.sessions(matching: SessionFilter(participant: user), after: nil, limit: 9)
      try expect(found.isEmpty, !isThere, "no session of \(user)")
    }
  }

  static func erasureIsUndone(_ store: any ConversationStore) async throws {
    try await store.begin()
    try await store.commit(
      .append((1...3).map { message($0, by: "bert") }, to: Make.id(1), after: .zero),
      .amend(Make.at(1), .edit([.text("edited")]), in: Make.id(1), at: Make.time(9)),
      .amend(Make.at(3), .delete, in: Make.id(1), at: Make.time(9)),
      .extendDraft(Make.draft("so far"), of: Make.id(1), offset: 0))
    let (session, log) = (try await store.session(Make.id(1)), try await store.log())
    let events = try await store.logEvents(in: Make.id(1), after: .zero, limit: 20)
    let changes: [ChangeSet.Change] = [
      .eraseMessage(Make.at(1), in: Make.id(1), at: Make.time(10)),
      .eraseMessage(Make.at(3), in: Make.id(1), at: Make.time(10)),
      .append([message(4, by: "carl")], to: Make.id(1), after: Make.at(3)),
      .eraseMessage(Make.at(4), in: Make.id(1), at: Make.time(10)),
      .eraseMessage(Make.at(2), in: Make.id(1), at: Make.time(10)),
      .eraseUser(of: Make.id(1)), .eraseSession(Make.id(1)), .insertSession(Make.session()),
      .append([message(1, by: "carl")], to: Make.id(1), after: .zero),
    ]
    for count in 1...changes.count {
      try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
        try await store.commit(
          ChangeSet(changes.prefix(count) + [.append([], to: Make.id(9), after: .zero)]))
      }
      try await expect(store.session(Make.id(1)), session, "the session")
      try await expect(store.log(), log, "the log")
      try await expect(store.logEvents(in: Make.id(1), after: .zero, limit: 20), events, "the events")
      try await expect(store.draft(in: Make.id(1)), Make.draft("so far"), "the draft")
      for (speaker, isThere) in [(UserID("bert"), true), ("carl", false)] {
        let found = try await store.sessions(
          matching: SessionFilter(participant: speaker), after: nil, limit: 9)
        try expect(found.isEmpty, !isThere, "no session of \(speaker)")
      }
      try await expect(store.sessions(limit: 9), [session].compactMap(\.self), "the sessions")
    }
  }

  static func sessionsAreFiltered(_ store: any ConversationStore) async throws {
    let places: [ConversationPlace?] = [
      nil, ConversationPlace(workspace: "home", channel: "kitchen"),
      ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup"),
      ConversationPlace(workspace: "office", channel: "kitchen"),
      ConversationPlace(workspace: "home", channel: "garden"),
    ]
    var speakers: [SessionID: Set<UserID>] = [:]
    for (index, number) in [6, 2, 9, 4, 1, 8, 3, 7, 5].enumerated() {
      let session = ChatSession(
        id: Make.id(number), place: places[index % 5], user: ["anna", "bert"][index % 2],
        createdAt: Make.start)
      let others: [UserID?] = index % 3 == 0 ? [nil, "carl", "bert", "carl"] : []
      let log = others.enumerated().map { message($0 + 1, by: $1) }
      try await store.commit(.insertSession(session), .append(log, to: session.id, after: .zero))
      speakers[session.id] = Set(others.compactMap(\.self))
    }
    try await expectFiltered()
    // Whoever has said only what was erased takes no part any more; what was deleted tells of its speaker.
    try await store.commit(
      .eraseMessage(Make.at(2), in: Make.id(6), at: Make.start),
      .amend(Make.at(4), .delete, in: Make.id(6), at: Make.start))
    try await expectFiltered()
    try await store.commit(.eraseMessage(Make.at(4), in: Make.id(6), at: Make.start))
    speakers[Make.id(6)] = ["bert"]
    try await expectFiltered()

    func expectFiltered() async throws {
      var all: [ChatSession] = []
      for number in 1...9 {
        if let session = try await store.session(Make.id(number)) { all.append(session) }
      }
      let filters = [
        SessionFilter(), SessionFilter(workspace: "home"), SessionFilter(channel: "kitchen"),
        SessionFilter(thread: "soup"), SessionFilter(participant: "anna"), SessionFilter(participant: "bert"),
        SessionFilter(participant: "carl"), SessionFilter(participant: "dora"),
        SessionFilter(Make.kitchen), SessionFilter(.thread("soup", of: "kitchen", in: "home")),
        SessionFilter(.user("carl", in: "home")), SessionFilter(.workspace(.main)),
      ]
      for filter in filters {
        let expected = all.filter { filter.includes($0, speakers: speakers[$0.id] ?? []) }
        try await expectPages(expected, "the sessions of \(filter)", by: \.id) { after, limit in
          try await store.sessions(matching: filter, after: after, limit: limit)
        }
      }
    }
  }

  static func remindedIsKept(_ store: any ConversationStore) async throws {
    try await store.begin()
    var log = (1...3).map { Make.message($0) }
    for place in log.indices { log[place].isReminded = place != 1 }
    log[0].role = .assistant
    log[0].origin = .model
    try await store.commit(.append(log, to: Make.id(1), after: .zero))
    try await expect(store.log(), log, "the log")
    try await store.commit(
      .amend(Make.at(1), .delete, in: Make.id(1), at: Make.time(9)),
      .amend(Make.at(3), .edit([.text("edited")]), in: Make.id(1), at: Make.time(9)))
    try await expect(store.log().map(\.isReminded), [true, false, true], "which are reminded")
    let events = try await store.logEvents(in: Make.id(1), after: .zero, limit: 3)
    try expect(events.map(\.message.isReminded), [true, false, true], "which are reminded, of the events")
  }
}
