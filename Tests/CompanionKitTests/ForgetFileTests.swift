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
              notBefore: now.advanced(by: .seconds(86_400))), createdAt: now)))
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

  private static var configuration: CompanionConfiguration {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    // Otherwise memories of its own would come between.
    configuration.memory.isAutomatic = false
    return configuration
  }
}
