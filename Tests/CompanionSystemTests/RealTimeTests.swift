import CompanionPorts
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

/// What is promised in real time. `Tests/run` runs it by itself: beside hundreds of other tests
/// it would measure them.
@Suite(.timeLimit(.minutes(1)))
struct RealTimeTests {
  @Test func `a stalled body times out, behind what had come`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.head()
      try connection.chunk("first")
      try connection.stall()
    }
    let request = HTTPRequest(url: server.url(), headers: [:], body: Data(), idleTimeout: .seconds(2))
    let response = try await URLSessionTransport().send(request)
    var chunks = response.body.makeAsyncIterator()
    #expect(try await chunks.next() == Data("first".utf8))
    let failure = await #expect(throws: TransportFailure.self) { try await chunks.next() }
    #expect(failure?.kind == .timedOut)
    await server.wait { $0.abandonedAnswers == 1 }
  }
}
