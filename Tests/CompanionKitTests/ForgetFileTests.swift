import CompanionKit
import CompanionTesting
import Foundation
import Testing

/// What is forgotten is not in the files of a store.
struct ForgetFileTests {
  @Test func `no word of a forgotten message, person or conversation is in the files`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "forget-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await SQLiteStore.sqlite(at: folder.appending(path: "companion.db").path)
    let configuration = Self.configuration
    let companion = Companion(
      model: ScriptedModel.answering("zapword, yes"), store: store, configuration: configuration)
    companion.start()
    for target in 0..<3 {
      let session = try await companion.startSession().id
      let reply = try await companion.send("zapword is the word", in: session)
      let turn = reply.turn
      _ = try await reply.text()
      let scope = MemoryScope.user(.user, in: .main)
      try await companion.remember("The secret is zapword \(target).", in: session)
      let quote = MessageQuote(session: session, sequence: .zero.next, text: "zapword is the word")
      let now = SystemTimeSource().now
      let origin = MemoryOrigin(model: .scripted, instructions: "1")
      let revision = try #require(try await store.session(session)).revision
      try await store.commit(
        .insertFact(
          Fact(
            id: FactID(bits: UInt128(target)), scope: scope, subject: "zapword",
            statement: "It is zapword.", source: .message(quote), createdAt: now)),
        .putMemory(
          MemoryRecord(
            key: MemoryKey(scope, .longTerm), text: "About zapword.", sourceCount: 1, newestSource: now,
            createdAt: now, updatedAt: now, origin: origin),
          adding: [SourceSpan(session: session, first: .zero.next, last: .zero.next, count: 1)]),
        .moveMemoryProgress(session, .user, from: .zero, to: revision),
        .putDocument(
          Document(
            id: DocumentID(bits: UInt128(target)), scope: scope, owner: .user, text: "zapword", createdAt: now
          )),
        .insertTask(
          GenerationTask(
            id: TaskID(bits: UInt128(target)),
            request: TaskRequest(
              kind: "nobody's", payload: TaskPayload(json: "\"zapword\""),
              requester: .conversation(session, turn),
              notBefore: now.advanced(by: .seconds(86_400))), createdAt: now)),
        .putState(
          StateRecord(key: StateKey(.session(session), .summary), updatedAt: now, json: "\"zapword\"")),
        .putState(
          StateRecord(
            key: StateKey(.task(TaskID(bits: UInt128(target))), .round), updatedAt: now, json: "\"zapword\""))
      )
      switch target {
      case 0:
        let report = try await companion.forget(.message(.zero.next, in: session))
        #expect(
          [report.messages, report.facts, report.memories, report.tasks] == [2, 1, 1, 1] as [Int])
        try await companion.forget(.session(session))
        try await companion.removeDocument(DocumentID(bits: 0))
      case 1:
        try await companion.forget(.session(session))
        try await companion.removeDocument(DocumentID(bits: 1))
      default: break
      }
      let report = try await companion.forget(.user(.user))
      #expect(report.rewriteFailure == nil)
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      #expect(!files.isEmpty)
      for file in files {
        let bytes = try Data(contentsOf: file)
        #expect(bytes.firstRange(of: Data("zapword".utf8)) == nil, "\(target): \(file.lastPathComponent)")
      }
    }
    await companion.stop()
  }

  @Test func `no name of a forgotten person is in the files, though others go on talking`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "forget-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await SQLiteStore.sqlite(at: folder.appending(path: "companion.db").path)
    var configuration = Self.configuration
    configuration.memory.sharing = .all
    let companion = Companion(model: .offline, store: store, configuration: configuration)
    companion.start()
    let kitchen = ConversationPlace(workspace: "home", channel: "kitchen")
    let begun = try await companion.startSession(at: kitchen, with: "zapname").id
    let joined = try await companion.startSession(at: kitchen, with: "bert").id
    let own = try await companion.startSession(with: "zapname").id
    for session in [begun, joined, own] {
      _ = try await companion.send("I live in Kyoto, and I love soup.", in: session, from: "zapname").text()
      guard session != own else { continue }
      _ = try await companion.send("I live in Osaka, and I love bread.", in: session, from: "bert").text()
    }
    try await companion.remember("I am allergic to nuts.", in: own)
    await companion.generateMemory()
    await companion.generateMemory()
    #expect(try Self.isFound("zapname", in: folder))
    let report = try await companion.forget(.user("zapname"))
    #expect(report.rewriteFailure == nil && report.memories > 0 && report.facts > 0)
    #expect(try !Self.isFound("zapname", in: folder))
    // What the others said is still there, and is remembered anew.
    #expect(try await companion.recall("bread", in: joined).items.contains { $0.text.contains("bread") })
    await companion.generateMemory()
    #expect(try !Self.isFound("zapname", in: folder))
    #expect(try await companion.recall("bread", in: begun).items.contains { $0.text.contains("bread") })
    await companion.stop()
  }

  private static func isFound(_ word: String, in folder: URL) throws -> Bool {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return try files.contains { try Data(contentsOf: $0).firstRange(of: Data(word.utf8)) != nil }
  }

  private static var configuration: CompanionConfiguration {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    // Otherwise memories of its own would come between.
    configuration.memory.isAutomatic = false
    return configuration
  }
}
