import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

@Suite struct `What a SQLite store has erased` {
  @Test func `is not among the bytes of its files`() async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "store.db").path
      let store = try await open(path)
      let planted = Planted()
      try await plant(planted, in: store)
      #expect(try found(planted.words, in: folder) == planted.words)

      try await erase(from: store)
      try await store.eraseRemoved()
      #expect(try found(planted.words, in: folder).isEmpty)
      #expect(try found([planted.kept], in: folder) == [planted.kept])
      try await store.checkIntegrity()
      await store.close()
      #expect(try found(planted.words, in: folder).isEmpty)
    }
  }

  @Test func `is found by no search, and what is left is`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let planted = Planted()
      try await plant(planted, in: store)
      try await erase(from: store)
      try await store.eraseRemoved()
      let scopes: Set<MemoryScope> = [kitchen, .user("planteduser", in: .main)]
      for word in planted.words {
        let found = try await store.textCandidates(
          for: TextQuery(word), in: scopes, matching: .all, limit: 10)
        #expect(found.ids.isEmpty, "\(word)")
      }
      let left = try await store.textCandidates(
        for: TextQuery(planted.kept), in: scopes, matching: RecallFilter(kinds: [.document]), limit: 10)
      #expect(left.ids == [.document(identifier(2))])
    }
  }

  @Test func `may stay in the log while another process reads, which is said`() async throws {
    try await withDatabase { path in
      let store = try await open(path, busyTimeout: .milliseconds(50))
      try await store.commit(.insertSession(chat), append(1))
      let reader = RawDatabase(path)
      try reader.run("BEGIN; SELECT count(*) FROM messages")
      #expect(await failure { () throws(StoreFailure) in try await store.eraseRemoved() }.isBusy)
      try reader.run("COMMIT")
      try await store.eraseRemoved()
      #expect(try await store.log().count == 1)
    }
  }

  @Test func `is gone from a closed store no more`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      await store.close()
      #expect(await failure { () throws(StoreFailure) in try await store.eraseRemoved() } == .closed)
    }
  }
}

/// Words that are nowhere else.
private struct Planted {
  let message = "xylophonist"
  let japanese = "黒曜石細工師"
  let oldWords = "quagmiretown"
  let deleted = "jabberwockish"
  let draft = "vermilionette"
  let memory = "zanzibarine"
  let previousMemory = "kumquattery"
  let fact = "oboeplaying"
  let document = "flugelhorner"
  let title = "mizzenmasted"
  let metadata = "bric-a-braced"
  let task = "wherryman"
  let idempotencyKey = "onlythisonce"
  let sessionState = "peppercornish"
  let oldSessionState = "thistledownish"
  let taskState = "marzipanesque"
  let removedState = "rutabagalike"
  let kept = "everlastingly"

  var words: [String] {
    [
      message, japanese, oldWords, deleted, draft, memory, previousMemory, fact, document, title, metadata,
      task, idempotencyKey, sessionState, oldSessionState, taskState, removedState, "planteduser",
      "plantedspeaker", "plantedowner", "plantedwitness",
    ].sorted()
  }
}

/// Puts the words wherever a store keeps text.
private func plant(_ planted: Planted, in store: SQLiteStore) async throws {
  let session = ChatSession(id: identifier(10), user: "planteduser", createdAt: .epoch)
  let place = ConversationPlace(workspace: .main, channel: "kitchen")
  let other = ChatSession(id: identifier(11), place: place, user: "anna", createdAt: .epoch)
  try await store.commit(.insertSession(session), .insertSession(other))
  // More than the tail of an index holds, so that some are among its postings.
  for place in stride(from: 1, through: 300, by: 3) {
    var second = message(place + 1, "\(planted.oldWords) and \(planted.japanese)")
    second.speaker = "plantedspeaker"
    let third = message(place + 2, "they say \(planted.deleted)")
    let after = SequenceNumber(rawValue: Int64(place - 1))
    try await store.commit(
      .append([message(place, "the \(planted.message) plays"), second, third], to: other.id, after: after))
  }
  try await store.commit(
    append(1, "my \(planted.message) plays, \(planted.japanese)", to: session.id),
    .amend(SequenceNumber(rawValue: 2), .edit([.text("nothing")]), in: other.id, at: .epoch),
    .amend(SequenceNumber(rawValue: 3), .delete, in: other.id, at: .epoch),
    .extendDraft(
      AnswerDraft(turn: identifier(1), startedAt: .epoch, text: planted.draft), of: session.id, offset: 0))
  for (version, text) in [planted.previousMemory, planted.memory].enumerated() {
    try await store.commit(
      .putMemory(
        MemoryRecord(
          key: MemoryKey(kitchen, .longTerm), version: Int64(version + 1), text: text, sourceCount: 1,
          newestSource: .epoch, createdAt: .epoch, updatedAt: .epoch,
          origin: MemoryOrigin(model: ModelIdentity(provider: "p", model: "m"), instructions: "i")),
        adding: []))
  }
  try await store.commit(
    .insertFact(
      Fact(
        id: identifier(1), scope: .user("planteduser", in: .main), subject: "plantedwitness",
        statement: planted.fact,
        source: .statement(by: "plantedwitness", in: session.id), createdAt: .epoch)),
    .putDocument(
      Document(
        id: identifier(1), scope: kitchen, owner: "plantedowner", title: planted.title,
        text: planted.document, metadata: ["kind": planted.metadata], createdAt: .epoch)),
    .putDocument(Document(id: identifier(2), scope: kitchen, text: planted.kept, createdAt: .epoch)),
    .insertTask(
      GenerationTask(
        id: identifier(1),
        request: TaskRequest(
          kind: .textGeneration, payload: TaskPayload(json: "\"\(planted.task)\""),
          requester: .conversation(session.id, identifier(1)), idempotencyKey: planted.idempotencyKey),
        createdAt: .epoch)))
  let summary = StateKey(.session(session.id), .summary)
  try await store.commit(
    .putState(StateRecord(key: summary, updatedAt: .epoch, json: planted.oldSessionState)),
    .putState(
      StateRecord(key: StateKey(.task(identifier(1)), .round), updatedAt: .epoch, json: planted.taskState)),
    .putState(
      StateRecord(
        key: StateKey(.session(other.id), .summary), updatedAt: .epoch, json: planted.removedState)))
  try await store.commit(
    .putState(StateRecord(key: summary, version: 2, updatedAt: .epoch, json: planted.sessionState)))
}

/// Erases all of it but one document, the one conversation as a whole and the other message by message.
private func erase(from store: SQLiteStore) async throws {
  for place in 1...300 {
    try await store.commit(
      .eraseMessage(SequenceNumber(rawValue: Int64(place)), in: identifier(11), at: .epoch))
  }
  try await store.commit(
    .eraseSession(identifier(10)), .removeMemory(MemoryKey(kitchen, .longTerm)), .removeFact(identifier(1)),
    .removeDocument(identifier(1)), .eraseTask(identifier(1)),
    .removeStates(of: .session(identifier(11)), except: StateKind.staying))
}

/// Which of the words are in any file of a folder.
private func found(_ words: [String], in folder: URL) throws -> [String] {
  let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  // Not by `Data(contentsOf:)`, which leaks a block for an empty file on Linux.
  let contents = try files.map { try FileHandle(forReadingFrom: $0).readToEnd() ?? Data() }
  return words.filter { word in contents.contains { $0.range(of: Data(word.utf8)) != nil } }
}
