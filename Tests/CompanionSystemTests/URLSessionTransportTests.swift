import CompanionPorts
import CompanionSystem
import Foundation
import LoopbackServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct URLSessionTransportTests {
  let transport = URLSessionTransport()

  private func request(_ url: URL, idleTimeout: Duration = .seconds(30)) -> HTTPRequest {
    HTTPRequest(
      url: url, headers: ["x-some": "value"], body: Data("body".utf8), idleTimeout: idleTimeout)
  }

  private func text(of response: HTTPResponse) async throws(TransportFailure) -> String {
    var body = Data()
    for try await chunk in response.body { body += chunk }
    return String(decoding: body, as: UTF8.self)
  }

  /// What becomes of a request to a server that answers like this; `nil` when all goes well.
  private func failure(
    idleTimeout: Duration = .seconds(30), answering handler: @escaping LoopbackServer.Handler
  ) async throws -> TransportFailure? {
    let server = try LoopbackServer(handler: handler)
    return await failure(sending: request(server.url(), idleTimeout: idleTimeout))
  }

  private func failure(sending request: HTTPRequest) async -> TransportFailure? {
    do {
      _ = try await text(of: transport.send(request))
      return nil
    } catch {
      return error
    }
  }

  @Test func `a request arrives as it was made, and its answer as it was sent`() async throws {
    let server = try LoopbackServer { request, connection in
      let body = String(decoding: request.body, as: UTF8.self)
      try connection.head(207, ["X-Reply": "yes"])
      try connection.chunk(
        "\(request.method) \(request.path) \(request.headers["x-some"] ?? "") \(body)", inPiecesOf: 3)
    }
    let response = try await transport.send(request(server.url("/path?q=1")))
    #expect(response.status == 207)
    #expect(response.headers["x-reply"] == "yes")
    #expect(try await text(of: response) == "POST /path?q=1 value body")
  }

  @Test func `a body that is not compressed as its head says is told as that`() async throws {
    let failure = try await failure { _, connection in
      try connection.respond(200, ["content-encoding": "gzip"], "{} is no gzip at all")
    }
    #expect(failure?.kind == .invalidResponse, "\(String(describing: failure))")
    #expect(failure?.message.contains("content-encoding") == true)
  }

  @Test func `a large body arrives whole, and its connection is used again`() async throws {
    let part = String(repeating: "0123456789", count: 10_000)
    let server = try LoopbackServer { _, connection in
      try connection.head()
      for _ in 0..<40 { try connection.chunk(part) }
    }
    for _ in 0..<3 {
      #expect(try await text(of: transport.send(request(server.url()))).utf8.count == 4_000_000)
    }
    #expect(server.counts.acceptedConnections == 1)
    #expect(transport.liveRequestCount == 0)
  }

  @Test func `an answer that does not begin times out`() async throws {
    let failure = try await failure(idleTimeout: .milliseconds(50)) { _, connection in try connection.stall()
    }
    #expect(failure?.kind == .timedOut)
  }

  @Test(arguments: ["early", "chunked", "length"])
  func `a connection that breaks is lost`(_ moment: String) async throws {
    for isReset in [false, true] {
      let failure = try await failure { _, connection in
        if moment == "chunked" { try connection.head() }
        if moment == "length" { try connection.head(length: 100) }
        if moment != "early" { try connection.chunk("x") }
        if isReset { connection.reset() } else { connection.cut() }
      }
      #expect(failure?.kind == .connectionLost)
    }
  }

  @Test(arguments: [false, true], [4, 3_000_000])
  func `a kept connection that is lost before an answer fails at once, and nothing is sent again`(
    isReset: Bool, bodySize: Int
  ) async throws {
    let seen = Mutex(0)
    let server = try LoopbackServer { _, connection in
      let number = seen.withLock { seen in
        seen += 1
        return seen
      }
      guard number == 2 else { return try connection.respond() }
      if isReset { connection.reset() } else { connection.cut() }
    }
    let request = HTTPRequest(url: server.url(), body: Data(count: bodySize), idleTimeout: .seconds(30))
    #expect(await failure(sending: request) == nil)
    #expect(await failure(sending: request)?.kind == .connectionLost)
    #expect(await failure(sending: request) == nil)
    #expect(seen.withLock(\.self) == 3)
    await server.wait { $0.liveConnections == 1 }
    #expect(transport.liveRequestCount == 0)
  }

  @Test(arguments: ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 abc\r\n\r\n"])
  func `what is not HTTP is told from a lost connection`(_ greeting: String) async throws {
    let failure = try await failure { _, connection in
      try connection.raw(greeting)
      connection.cut()
    }
    #expect(failure?.kind == .invalidResponse)
  }

  @Test func `a port where nothing listens is unreachable, and is named`() async throws {
    let server = try LoopbackServer { _, _ in }
    server.stop()
    let failure = await failure(sending: request(server.url()))
    #expect(failure?.kind == .unreachable)
    #expect(failure?.message.contains("127.0.0.1:\(server.port)") == true)
  }

  @Test func `a server without TLS is unreachable over https`() async throws {
    let server = try LoopbackServer { _, _ in }
    let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/"))
    #expect(await failure(sending: request(url))?.kind == .unreachable)
  }

  @Test(arguments: ["ftp://127.0.0.1/x", "data:text/plain,x", "/only/a/path", "http:///x"])
  func `an address that is not one of http is refused`(_ address: String) async throws {
    let url = try #require(URL(string: address))
    #expect(await failure(sending: request(url))?.kind == .unreachable)
  }

  #if canImport(FoundationNetworking)
    @Test(arguments: ["http://[::1]:8080/v1", "https://[::ffff:127.0.0.1]/"])
    func `an IPv6 address is refused with a clear text, where it cannot be called`(
      _ address: String
    ) async throws {
      let failure = await failure(sending: request(try #require(URL(string: address))))
      #expect(failure?.kind == .unreachable)
      #expect(failure?.message.contains("an IPv6 address cannot be called here") == true)
    }
  #endif

  @Test func `a header with a line break is refused, and its value is not told`() async throws {
    let server = try LoopbackServer { _, connection in try connection.respond() }
    var request = request(server.url())
    request.headers["authorization"] = "Bearer secret\r\nx-injected: 1"
    let failure = await failure(sending: request)
    #expect(failure?.kind == .unreachable)
    #expect(failure?.message.contains("secret") == false)
    #expect(server.counts.acceptedConnections == 0)
  }

  @Test(arguments: ["Location", "X-No-Location"])
  func `a redirect is not followed`(_ header: String) async throws {
    let server = try LoopbackServer { _, connection in
      try connection.respond(302, [header: "/elsewhere"], "moved")
    }
    let response = try await transport.send(request(server.url()))
    #expect(response.status == 302)
    _ = try await text(of: response)
    #expect(server.counts.requests == 1)
  }

  @Test(arguments: ["Basic realm=\"x\"", "Bearer", "Negotiate"])
  func `an answer that asks for credentials is an answer`(_ challenge: String) async throws {
    let server = try LoopbackServer { _, connection in
      try connection.respond(401, ["WWW-Authenticate": challenge], "who are you")
    }
    let response = try await transport.send(request(server.url()))
    #expect(response.status == 401)
    #expect(try await text(of: response) == "who are you")
  }

  @Test func `no cookie is kept`() async throws {
    let server = try LoopbackServer { request, connection in
      try connection.respond(200, ["Set-Cookie": "a=b"], request.headers["cookie"] ?? "none")
    }
    for _ in 0..<2 {
      #expect(try await text(of: transport.send(request(server.url()))) == "none")
    }
  }
}
