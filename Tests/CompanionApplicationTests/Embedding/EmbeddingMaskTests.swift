import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

@testable import CompanionApplication

/// Secrets in texts that are cut into pieces.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddingMaskTests {
  /// Lines of a private key, of which each is told as one only with the line above them all.
  private static let lines = (0..<40).map { "Zq\($0)wvXb7/Lk9+Tn4Rf2Hs8Jd6Gp1Mc5Vy3Ke0Wa" }
  private static let key =
    "-----BEGIN PRIVATE KEY-----\n\(lines.joined(separator: "\n"))\n-----END PRIVATE KEY-----"
  private static let text = """
    This is how the server is reached.

    \(key)

    Do not tell anybody. \(String(repeating: "It is on the third shelf. ", count: 40))
    """

  private static func hasSecret(_ text: String) -> Bool { lines.contains { text.contains($0.prefix(12)) } }

  @Test func `a private key is in no piece of a text, however short the pieces have to be`() throws {
    let service = ScriptedEmbeddings { texts, _ throws(ProviderFailure) in
      guard texts.allSatisfy({ $0.utf8.count <= 300 }) else {
        throw ProviderFailure(.contextLengthExceeded)
      }
      return nil
    }
    try EmbeddingRoom.run(service, configure: { $0.pieceTokens = 200 }) { room in
      try await room.put(Self.text)
      let run = await room.embed()
      #expect(run.embedded == 1 && run.vectors > 3)
      let sent = service.calls.flatMap(\.self)
      #expect(!sent.contains(where: Self.hasSecret))
      #expect(sent.contains { $0.contains("[secret]") })
      // It is known as embedded, by the hash of what is stored.
      #expect(await room.embed().calls == 0)
    }
  }

  @Test func `a query that is too long is cut when its secrets are masked`() throws {
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service, configure: { $0.pieceTokens = 40 }) { room in
      try await room.put("one")
      _ = await room.embed()
      // A value of which so little is left that it looks like a word.
      let query = "The password is \(String(repeating: "x", count: 200))1."
      _ = await RecallByVectors(environment: room.environment)(
        query, in: [EmbeddingRoom.scope], matching: RecallFilter(), limit: 1)
      #expect(service.calls.last?.first?.hasPrefix("The password is [secret]") == true)
    }
  }

  @Test func `a text that is masked whole has a vector all the same`() throws {
    struct Nothing: SecretMasking {
      func masked(_ text: String) -> String { text.replacing("hush", with: "") }
    }
    let service = ScriptedEmbeddings()
    try EmbeddingRoom.run(service, masking: Nothing()) { room in
      try await room.put("hush", "one")
      let run = await room.embed()
      #expect(run.embedded == 2 && run.vectors == 2)
      #expect(service.calls.last == ["[secret]", "one"])
    }
  }
}
