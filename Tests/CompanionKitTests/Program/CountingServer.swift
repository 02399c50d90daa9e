import Foundation
import LoopbackServer
import Synchronization

/// A server of embeddings that counts the texts that it has made vectors of.
final class CountingServer: Sendable {
  private final class Counts: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var texts: [String: Int] { counts.withLock(\.self) }

    func note(_ texts: [String]) {
      // With one word the program finds out how many numbers a vector has.
      let texts = texts.filter { $0 != "dimension" }
      counts.withLock { counts in for text in texts { counts[text, default: 0] += 1 } }
    }
  }

  private let server: LoopbackServer
  private let counts: Counts

  /// - Parameter act: answers a request in a way of its own; `false` lets it be answered as it should be.
  init(
    _ act: @escaping @Sendable (_ texts: [String], LoopbackConnection) throws -> Bool = { _, _ in false }
  ) throws {
    let counts = Counts()
    self.counts = counts
    server = try LoopbackServer { request, connection in
      let texts = try EmbeddingScript.texts(of: request)
      guard try !act(texts, connection) else { return }
      counts.note(texts)
      try connection.respond(200, [:], EmbeddingScript.answer(to: texts))
    }
  }

  /// How often each text was embedded.
  var texts: [String: Int] { counts.texts }

  /// What names it on a command line.
  var option: String { "--embeddings=\(url)" }

  /// Where it is.
  var url: String { server.url("/v1").absoluteString }
}
