import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `A SQLite file of version 5` {
  @Test func `opens with all that it has to be embedded`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let messages = (1...1100).map { message($0, "number \($0)") }
      let fact = Fact(
        id: identifier(1), scope: kitchen, subject: "anna", statement: "Anna sings.",
        source: .statement(by: "anna", in: chat.id), createdAt: .epoch)
      try await store.commit(
        .insertSession(chat), .append(messages, to: chat.id, after: .zero), .insertFact(fact),
        .putDocument(numbered(1)), .putDocument(numbered(2, " ")))
      await store.close()
      try toVersionFive(path)
      let migrated = try await open(path)
      try await migrated.checkIntegrity()
      #expect(try await migrated.embeddingSpaces() == [])
      try await migrated.commit(.openEmbeddingSpace(nearSpace))
      let work = try await migrated.embeddingWork(in: nearSpace, at: .epoch, limit: 5000)
      #expect(
        work.map(\.record)
          == messages.map { .message($0, in: session(chat, after: messages)) } + [
            .fact(fact), .document(numbered(1)),
          ])
      try await migrated.embed(1...3)
      try await migrated.commit(.eraseSession(chat.id), .removeFact(fact.id))
      #expect(try await migrated.embeddingCoverage(in: nearSpace) == EmbeddingCoverage(embedded: 3))
      try expectSound(path)
    }
  }

  @Test func `keeps its vectors when other rules say the same, and no others`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      try await store.commit(.openEmbeddingSpace(nearSpace))
      try await store.embed(1...100)
      await store.close()
      let file = RawDatabase(path)
      // As if the first ten had said something else by the rules before.
      try file.run(
        "UPDATE embedding_state SET rules = 0; UPDATE embedding_sources SET hash = zeroblob(16) WHERE key <= 10"
      )
      store = try await open(path)
      #expect(try file.number("SELECT rules FROM embedding_state") == Int64(EmbeddingText.version))
      #expect(
        try await store.embeddingCoverage(in: nearSpace) == EmbeddingCoverage(embedded: 90, waiting: 10))
      #expect(try await store.nearest(to: numberedVector(5), limit: 200).count == 90)
      try expectSound(path)
    }
  }

  /// Before, a fact that said nothing was found by its subject, and was never embedded.
  @Test func `keeps no name of a place where nothing is found any more`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let facts = (1...2).map { number in
        Fact(
          id: identifier(number), scope: .user("anna", in: .main), subject: "anna",
          statement: "word\(number)", source: .statement(by: "anna", in: nil), createdAt: .epoch)
      }
      try await store.commit(.insertFact(facts[0]), .insertFact(facts[1]))
      let file = RawDatabase(path)
      let second = "id = '\(facts[1].id.rawValue)'"
      try file.run(
        """
        DELETE FROM embedding_sources WHERE key = (SELECT embedding FROM facts WHERE \(second));
        UPDATE embedding_state SET last_removed = 2;
        UPDATE facts SET embedding = NULL, record = replace(record, 'word2', '  ') WHERE \(second)
        """)
      try await store.commit(.removeFact(facts[0].id))
      await store.close()
      #expect(try file.number("SELECT count(*) FROM embedding_partitions") == 1)
      try file.run("UPDATE text_analysis SET version = 2")
      let again = try await open(path)
      #expect(try file.number("SELECT count(*) FROM text_partitions") == 0)
      #expect(try file.number("SELECT count(*) FROM embedding_partitions") == 0)
      try await again.commit(.removeFact(facts[1].id))
      try await again.checkIntegrity()
    }
  }

  private func session(_ session: ChatSession, after messages: [ChatMessage]) -> ChatSession {
    var session = session
    session.lastSequence = messages.last?.sequence ?? .zero
    session.updatedAt = messages.last?.time ?? .epoch
    session.revision = LogRevision(rawValue: Int64(messages.count))
    return session
  }
}
