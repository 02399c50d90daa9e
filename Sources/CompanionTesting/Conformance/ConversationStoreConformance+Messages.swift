import CompanionDomain
import CompanionPorts

extension ConversationStoreConformance {
  static let appends: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("messages are read as they were stored") { store, _ in
      try await messagesAreKept(store)
    },
    ConformanceCheck("an append moves the session's last place and time") { store, _ in
      try await appendMovesSession(store)
    },
    ConformanceCheck("an append names the log's end") { store, _ in try await appendNamesEnd(store) },
    ConformanceCheck("an append leaves no gap") { store, _ in try await appendLeavesNoGap(store) },
    ConformanceCheck("an append of nothing only checks the log's end") { store, _ in
      try await emptyAppendOnlyChecks(store)
    },
    ConformanceCheck("logs of different sessions are apart") { store, _ in try await logsAreApart(store) },
    ConformanceCheck("of many appenders one wins each place") { store, _ in
      try await oneAppenderWins(store)
    },
  ]

  static let histories: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a history gives the newest messages, oldest first") { store, _ in
      try await historyGivesNewest(store)
    },
    ConformanceCheck("a history ends before the place that is asked for") { store, _ in
      try await historyEndsBefore(store)
    },
  ]

  static func messagesAreKept(_ store: any ConversationStore) async throws {
    let call = ToolCall(id: "call-1", name: "search", arguments: #"{"q": "x/y" "#)
    let kinds: [(ChatMessage.Role, [MessagePart], ChatMessage.Completion, ChatMessage.Origin)] = [
      (.user, [.text("find it")], .complete, .person),
      (.assistant, [.text("I look"), .toolCall(call), .text("")], .interrupted(.superseded), .model),
      (
        .tool, [.toolResult(ToolResult(callID: "call-1", outcome: .failed, content: "no"))], .complete,
        .repair
      ),
      (.assistant, [.text("begun")], .complete, .announcement(of: Make.id(3))),
      (.assistant, [], .interrupted(.crashed), .task(Make.id(4))),
    ]
    let messages = kinds.enumerated().map { index, kind in
      ChatMessage(
        sequence: Make.at(index + 1), turn: Make.id(index + 10), role: kind.0, parts: kind.1,
        time: Make.time(-index), completion: kind.2, origin: kind.3)
    }
    try await store.commit(
      .insertSession(Make.session()), .append(messages, to: Make.id(1), after: .zero))
    try await expect(store.log(), messages, "the log")
  }

  static func appendMovesSession(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 2)
    let more = [Make.message(3, at: Make.time(60)), Make.message(4, at: Make.time(50))]
    try await store.commit(.append(more, to: Make.id(1), after: Make.at(2)))
    let expected = ChatSession(
      id: Make.id(1), createdAt: Make.start, updatedAt: Make.time(50), lastSequence: Make.at(4))
    try await expect(store.session(Make.id(1)), expected, "the session")
  }

  static func appendNamesEnd(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 3)
    for end in [0, 2, 4] {
      try await expectConflict(.logMoved) { () throws(StoreFailure) in
        try await store.commit(.append([Make.message(end + 1)], to: Make.id(1), after: Make.at(end)))
      }
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.append([Make.message(1)], to: Make.id(2), after: .zero))
    }
    try await expect(store.log().map(\.text), ["message 1", "message 2", "message 3"], "the log")
  }

  static func appendLeavesNoGap(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    let stored = try await store.session(Make.id(1))
    for places in [[3], [1], [2, 4], [2, 2], [2, 3, 2], [Int.min], [Int.max]] {
      try await expectInvalid { () throws(StoreFailure) in
        let messages = places.map { Make.message($0) }
        try await store.commit(.append(messages, to: Make.id(1), after: Make.at(1)))
      }
    }
    try await expectInvalid { () throws(StoreFailure) in
      try await store.commit(.append([Make.message(.min)], to: Make.id(1), after: Make.at(.max)))
    }
    try await expect(store.session(Make.id(1)), stored, "the session")
    try await expect(store.log().count, 1, "the number of messages")
  }

  static func emptyAppendOnlyChecks(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 1)
    let stored = try await store.session(Make.id(1))
    try await store.commit(.append([], to: Make.id(1), after: Make.at(1)))
    try await expectConflict(.logMoved) { () throws(StoreFailure) in
      try await store.commit(.append([], to: Make.id(1), after: .zero))
    }
    try await expectConflict(.noSuchSession) { () throws(StoreFailure) in
      try await store.commit(.append([], to: Make.id(2), after: .zero))
    }
    try await expect(store.session(Make.id(1)), stored, "the session")
  }

  static func logsAreApart(_ store: any ConversationStore) async throws {
    try await store.begin(Make.session(1), messages: 2)
    try await store.begin(Make.session(2), messages: 1)
    try await store.commit(.append([Make.message(3, "third")], to: Make.id(1), after: Make.at(2)))
    try await expect(store.log(Make.id(1)).map(\.text), ["message 1", "message 2", "third"], "one log")
    try await expect(store.log(Make.id(2)).map(\.text), ["message 1"], "the other log")
  }

  static func oneAppenderWins(_ store: any ConversationStore) async throws {
    try await store.begin()
    let appenders = 50
    for place in 1...4 {
      let outcomes = await withTaskGroup(of: Result<Int, StoreFailure>.self) { group in
        for appender in 0..<appenders {
          group.addTask {
            do throws(StoreFailure) {
              let message = Make.message(place, "by \(appender)")
              try await store.commit(.append([message], to: Make.id(1), after: Make.at(place - 1)))
              return .success(appender)
            } catch {
              return .failure(error)
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let winners = outcomes.compactMap { try? $0.get() }
      try expect(winners.count, 1, "the number of winners of place \(place)")
      let lost = outcomes.count { $0 == .failure(.conflict(.logMoved)) }
      try expect(lost, appenders - 1, "the number of those who were told that the log has moved")
      try await expect(store.log().last?.text, "by \(winners[0])", "the message of the winner")
    }
    try await expect(store.log().map(\.sequence), (1...4).map { Make.at($0) }, "the places")
  }

  static func historyGivesNewest(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 20)
    let places = try await store.messages(in: Make.id(1), before: nil, limit: 3).map(\.sequence)
    try expect(places, [18, 19, 20].map { Make.at($0) }, "the places of the newest three")
    try await expect(store.log().map(\.sequence), (1...20).map { Make.at($0) }, "all places")
    for limit in [0, -1, .min] {
      let none = try await store.messages(in: Make.id(1), before: nil, limit: limit)
      try expect(none, [], "the messages for limit \(limit)")
    }
  }

  static func historyEndsBefore(_ store: any ConversationStore) async throws {
    try await store.begin(messages: 5)
    let expectations: [(before: Int, limit: Int, places: [Int])] = [
      (4, 2, [2, 3]), (4, 10, [1, 2, 3]), (2, 1, [1]), (1, 5, []), (0, 5, []), (-7, 5, []), (.min, 5, []),
      (6, 2, [4, 5]), (900, 2, [4, 5]), (.max, 1, [5]), (3, 0, []), (3, -1, []),
    ]
    for (before, limit, places) in expectations {
      let found = try await store.messages(in: Make.id(1), before: Make.at(before), limit: limit)
      try expect(
        found.map(\.sequence), places.map { Make.at($0) }, "the places before \(before), at most \(limit)")
    }
  }
}
