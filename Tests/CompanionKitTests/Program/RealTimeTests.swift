import CompanionKit
import LoopbackServer
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What is promised in real time. `Tests/run` runs it by itself: beside hundreds of other tests
/// it would measure them.
@Suite(.serialized) struct RealTimeTests {
  @Test func `a stalled body times out, with what was delivered kept`() async throws {
    let server = try ProgramProviderTests.server { connection in
      try connection.streamHead()
      try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("Once ")))
      try connection.stall()
    }
    let model = OpenAICompatibleModel(
      baseURL: server.url("/v1"), model: "m", transport: URLSessionTransport(),
      idleTimeout: .seconds(2), time: .system)
    let companion = Companion(model: model, store: .inMemory)
    companion.start()
    let reply = try await companion.send("Hello")
    let failure = await #expect(throws: ChatFailure.self) { try await reply.text() }
    #expect(failure?.description.hasPrefix("The model did not answer in time.") == true)
    let session = try await companion.currentSession()
    let last = try await companion.history(of: session).last
    #expect(last?.text == "Once ")
    #expect(last?.completion == .interrupted(.failed))
    await companion.stop()
  }

  /// The process is killed at different moments of an answer of one word every 5 ms.
  @Test(arguments: [5, 60, 120, 250])
  func `kill -9 in the middle of an answer loses at most the last 250 ms of it`(words: Int) async throws {
    try await withFolder { folder in
      let server = try ProgramProviderTests.server { connection in
        try connection.streamHead()
        for number in 1...2000 {
          try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("w\(number) ")))
          try connection.pause(milliseconds: 5)
        }
        // However late the signal comes, it comes in the middle of the answer.
        try connection.stall()
      }
      let store = "\(folder)/demo.db"
      let program = try Program(ProgramProviderTests.arguments(server, store))
      program.write("A story\n")
      _ = await program.output { $0.contains("w\(words) ") }
      let killed = ContinuousClock().now
      program.send(SIGKILL)
      let printed = await program.end().output
      let safe = program.output(before: killed - .milliseconds(250))

      let healthy = try ProgramProviderTests.server { try $0.stream(OpenAIScript.stream(text: "As I said")) }
      let next = try await Program.run(ProgramProviderTests.arguments(healthy, store), input: "Go on\n")
      #expect(next.status == 0)
      let messages = try await ProgramProviderTests.messages(in: store)
      let kept = messages.first { $0.completion == .interrupted(.crashed) }?.text ?? ""
      let isKeptShown = printed.hasPrefix(kept)
      let isSafeKept = kept.hasPrefix(safe)
      #expect(isKeptShown, "kept \(kept.utf8.count) bytes, shown \(printed.utf8.count)")
      #expect(isSafeKept, "kept \(kept.utf8.count) of \(safe.utf8.count) bytes")
      #expect(messages.first?.text == "A story")
      #expect(messages.suffix(2).map(\.text) == ["Go on", "As I said"])
    }
  }
}
