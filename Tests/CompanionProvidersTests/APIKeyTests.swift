import CompanionDomain
import CompanionPorts
import CompanionProviders
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct APIKeyTests {
  static let secret = "sk-test-0123456789abcdef"

  private struct Leak: Error, CustomStringConvertible {
    var description: String { APIKeyTests.secret }
  }

  private func failure(
    key: APIKey, _ handler: @escaping LoopbackServer.Handler
  ) async throws -> ProviderFailure {
    let test = try ModelUnderTest(key: key, answering: handler)
    let whole = try #require(await test.failure())
    let streamed = try #require(await test.story().failure)
    #expect(whole == streamed)
    return whole
  }

  @Test func `a key is asked for at each request and sent as a bearer token`() async throws {
    let seen = Mutex<[String]>([])
    let count = Mutex(0)
    let key = APIKey.provided {
      count.withLock { count in
        count += 1
        return "key \(count)"
      }
    }
    let test = try ModelUnderTest(key: key) { request, connection in
      seen.withLock { $0.append(request.headers["authorization"] ?? "none") }
      try connection.respond(200, [:], OpenAIScript.answer(text: "ok"))
    }
    #expect(await test.failure() == nil)
    #expect(await test.failure() == nil)
    #expect(seen.withLock(\.self) == ["Bearer key 1", "Bearer key 2"])
  }

  @Test func `a missing key names its variable, and nothing is sent`() async throws {
    let test = try ModelUnderTest(key: .environment("COMPANION_NO_SUCH_KEY")) { _, _ in }
    let failure = try #require(await test.failure())
    #expect(failure.kind == .authentication)
    #expect(failure.message.contains("COMPANION_NO_SUCH_KEY"))
    #expect(test.server.counts.acceptedConnections == 0)
  }

  @Test(arguments: ["\n", "\r\nX-Injected: 1", "\u{0}", "\u{7f}", "ü"])
  func `a key with a character that no key has is refused`(_ suffix: String) async throws {
    let failure = try await failure(key: .provided { Self.secret + suffix }) { _, _ in }
    #expect(failure.kind == .authentication)
    #expect(!"\(failure)".contains("sk-test"))
  }

  @Test func `what reading a key throws is not passed on`() async throws {
    let failure = try await failure(key: .provided { throw Leak() }) { _, _ in }
    #expect(failure.kind == .authentication)
    #expect(!"\(failure)".contains("sk-test"))
  }

  @Test func `a key is not printed`() {
    let secret = Self.secret
    let key = APIKey.provided { secret }
    var dumped = ""
    dump(key, to: &dumped)
    for text in [dumped, "\(key)", String(reflecting: key), "\([key])"] { #expect(!text.contains("sk-test")) }
    #expect("\(APIKey.environment("NAME"))".contains("NAME"))
  }

  @Test(arguments: [
    "Incorrect API key provided: sk-test-0123456789abcdef.", "Key 'sk-test-0123456789abcdef' is unknown",
    "Incorrect API key provided: sk-te******cdef. You can find yours there.",
    String(repeating: "x", count: 490) + " sk-test-0123456789abcdef",
  ])
  func `a key that a server repeats does not come back`(_ message: String) async throws {
    let failure = try await failure(key: .provided { Self.secret }) { _, connection in
      try connection.respond(401, [:], OpenAIScript.error(message, code: "invalid_api_key"))
    }
    #expect(failure.kind == .authentication)
    for text in ["\(failure)", String(reflecting: failure)] {
      #expect(!text.contains("sk-te"))
      #expect(!text.contains("cdef"))
    }
  }

  @Test func `a redaction leaves other words alone`() async throws {
    let failure = try await failure(key: .provided { Self.secret }) { _, connection in
      try connection.respond(400, [:], OpenAIScript.error("'messages' must not be **empty**"))
    }
    #expect(failure.message == "'messages' must not be **empty**")
  }
}
