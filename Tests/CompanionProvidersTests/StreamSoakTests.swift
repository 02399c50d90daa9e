import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import Foundation
import LoopbackServer
import Testing

/// Two thousand streams over one transport, a third of them cancelled midway.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct StreamSoakTests {
  private enum Outcome {
    case whole(String), cancelled
  }

  private static let text = String(repeating: "The quick brown fox, 速い茶色の狐. ", count: 12)

  @Test func `no stream is lost, mixed up or leaked`() async throws {
    let server = try LoopbackServer { _, connection in
      let script = OpenAIScript.stream(text: Self.text, chunks: 16)
      try connection.streamHead()
      try connection.chunk(script, inPiecesOf: 700)
    }
    let transport = URLSessionTransport()
    let model = OpenAICompatibleModel(
      baseURL: server.url("/v1"), model: "m", transport: transport, time: .system)

    try await run(0..<1_000, on: model)
    let before = Footprint()
    try await run(1_000..<2_000, on: model)
    let after = Footprint()

    #expect(server.counts.requests >= 1_300)
    await server.wait { $0.liveConnections <= 64 }
    while transport.liveRequestCount > 0 { await Task.yield() }
    // A pool of 64 connections has 128 ends in this process; a leak would have hundreds.
    #expect(after.descriptors <= before.descriptors + 150)
    #expect(after.residentBytes <= before.residentBytes + 64 << 20)
  }

  private func run(_ numbers: Range<Int>, on model: OpenAICompatibleModel) async throws {
    try await withThrowingTaskGroup { group in
      var waiting = numbers.makeIterator()
      for _ in 0..<32 {
        if let number = waiting.next() { group.addTask { try await Self.ask(model, number) } }
      }
      while try await group.next() != nil {
        if let number = waiting.next() { group.addTask { try await Self.ask(model, number) } }
      }
    }
  }

  private static func ask(_ model: OpenAICompatibleModel, _ number: Int) async throws {
    let isToBeCancelled = number.isMultiple(of: 3)
    let outcome = try await read(model, cancellingAfter: isToBeCancelled ? number % 20 : nil)
    switch outcome {
    case .whole(let said): #expect(said == text && !isToBeCancelled)
    case .cancelled: #expect(isToBeCancelled)
    }
  }

  /// Reads a stream to its end, or cancels its own task after so many events.
  private static func read(
    _ model: OpenAICompatibleModel, cancellingAfter limit: Int?
  ) async throws -> Outcome {
    var said = ""
    var count = 0
    do throws(ProviderFailure) {
      if limit == 0 { withUnsafeCurrentTask { $0?.cancel() } }
      for try await event in try await model.stream(ModelUnderTest.question) {
        if case .text(let more) = event { said += more }
        count += 1
        if count == limit { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return .whole(said)
    } catch {
      guard error.kind == .cancelled else { throw error }
      return .cancelled
    }
  }
}

/// What this process holds. Zero where the system does not tell.
private struct Footprint {
  let descriptors: Int
  let residentBytes: Int

  init() {
    descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    residentBytes = (pages?.dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
