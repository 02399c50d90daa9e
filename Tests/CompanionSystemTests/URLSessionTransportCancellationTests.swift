import CompanionPorts
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct URLSessionTransportCancellationTests {
  let transport = URLSessionTransport()

  @Test func `cancelling while the head is awaited ends the request`() async throws {
    let server = try LoopbackServer { _, connection in try connection.stall() }
    let request = HTTPRequest(url: server.url())
    let sending = Task {
      do {
        _ = try await transport.send(request)
        return nil as TransportFailure?
      } catch {
        return error as? TransportFailure
      }
    }
    await server.wait { $0.requests == 1 }
    sending.cancel()
    #expect(await sending.value?.kind == .cancelled)
    await server.wait { $0.abandonedAnswers == 1 }
  }

  @Test func `cancelling while the body is awaited ends the request`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.head()
      try connection.stall()
    }
    let request = HTTPRequest(url: server.url())
    let (heads, head) = AsyncStream<Void>.makeStream()
    let reading = Task {
      do {
        let response = try await transport.send(request)
        head.yield()
        for try await _ in response.body {}
        return nil as TransportFailure?
      } catch {
        return error as? TransportFailure
      }
    }
    for await _ in heads { break }
    reading.cancel()
    #expect(await reading.value?.kind == .cancelled)
    await server.wait { $0.abandonedAnswers == 1 }
  }

  @Test func `a task that is cancelled already sends nothing`() async throws {
    let server = try LoopbackServer { _, connection in try connection.respond() }
    let request = HTTPRequest(url: server.url())
    let sending = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await #expect(throws: TransportFailure.self) { try await transport.send(request) }
    }
    #expect(await sending.value?.kind == .cancelled)
    #expect(server.counts.acceptedConnections == 0)
    #expect(transport.liveRequestCount == 0)
  }

  @Test func `letting go of an unread body ends the request`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.head()
      try connection.stall()
    }
    _ = try await transport.send(HTTPRequest(url: server.url()))
    await server.wait { $0.abandonedAnswers == 1 }
  }

  @Test func `letting go of the iterator midway ends the request`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.head()
      try connection.chunk("x")
      try connection.stall()
    }
    for try await _ in try await transport.send(HTTPRequest(url: server.url())).body { break }
    await server.wait { $0.abandonedAnswers == 1 }
  }

  @Test func `a body outlives its transport`() async throws {
    let gate = try LoopbackGate()
    let server = try LoopbackServer { _, connection in
      try connection.head()
      try connection.stall(until: gate)
      try connection.chunk("late")
    }
    let response = try await URLSessionTransport().send(HTTPRequest(url: server.url()))
    gate.open()
    var body = Data()
    for try await chunk in response.body { body += chunk }
    #expect(body == Data("late".utf8))
  }
}
