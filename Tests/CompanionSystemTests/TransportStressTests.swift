import CompanionPorts
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TransportStressTests {
  @Test func `a cancel at any moment leaves nothing behind`() async throws {
    let transport = URLSessionTransport()
    let server = try LoopbackServer { _, connection in
      try connection.head()
      for _ in 0..<4 { try connection.chunk("0123456789") }
    }
    let request = HTTPRequest(url: server.url())
    let lengths = await withTaskGroup { group in
      for number in 0..<600 {
        group.addTask {
          let reading = Task {
            var length = 0
            do throws(TransportFailure) {
              for try await chunk in try await transport.send(request).body { length += chunk.count }
              return length
            } catch {
              return error.kind == .cancelled ? -1 : -2
            }
          }
          // Each one is cancelled at another moment: before it begins, while it runs, after its end.
          for _ in 0..<number { await Task.yield() }
          reading.cancel()
          return await reading.value
        }
      }
      return await group.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(lengths.isSubset(of: [40, -1]))
    while transport.liveRequestCount > 0 { await Task.yield() }
  }
}
