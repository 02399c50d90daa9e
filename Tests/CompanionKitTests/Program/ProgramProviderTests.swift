import CompanionKit
import Foundation
import LoopbackServer
import Testing

/// The `companion` program against a server that misbehaves.
struct ProgramProviderTests {
  /// The program's arguments for a server.
  static func arguments(_ server: LoopbackServer, _ store: String = "memory") -> [String] {
    ["--store", store, "--model", "m", "--base-url", server.url("/v1").absoluteString]
  }

  /// A server that understands every message as a plain question, and answers as it is told to.
  static func server(
    answering: @escaping @Sendable (LoopbackConnection) throws -> Void
  ) throws -> LoopbackServer {
    try LoopbackServer { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      guard body["stream"] == true else {
        let intent = #"{"profile":"information","complexity":"low","confidence":1}"#
        return try connection.respond(
          200, ["Content-Type": "application/json"], OpenAIScript.answer(text: intent))
      }
      try answering(connection)
    }
  }

  @Test func `an answer streams through`() async throws {
    let server = try Self.server { try $0.stream(OpenAIScript.stream(text: "Grüße aus 京都 👋")) }
    let result = try await Program.run(Self.arguments(server), input: "Hello\nHello again\n")
    #expect(result.status == 0)
    #expect(result.output == "Grüße aus 京都 👋\nGrüße aus 京都 👋\n")
    #expect(server.counts.requests == 4)
  }

  struct Misbehaviour: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var output = ""
    var complaint: String
    var answer: @Sendable (LoopbackConnection) throws -> Void

    static let all: [Misbehaviour] = [
      Misbehaviour(
        testDescription: "a cut in the middle", output: "Once upon \n",
        complaint: "The answer was cut off in the middle."
      ) { connection in
        try connection.streamHead()
        try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("Once upon ")))
        connection.cut()
      },
      Misbehaviour(testDescription: "429 with Retry-After", complaint: "Try again in 7 s.") {
        try $0.respond(
          429, ["Retry-After": "7"], OpenAIScript.error("Slow down", code: "rate_limit_exceeded"))
      },
      Misbehaviour(testDescription: "500", complaint: "The model's server failed. Try again.") {
        try $0.respond(500, [:], OpenAIScript.error("Oops"))
      },
      Misbehaviour(testDescription: "401", complaint: "Check the key") {
        try $0.respond(401, [:], OpenAIScript.error("Bad key", code: "invalid_api_key"))
      },
      Misbehaviour(
        testDescription: "an error event", output: "Once \n",
        complaint: "The model's provider is overloaded."
      ) { connection in
        try connection.streamHead()
        try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("Once ")))
        try connection.chunk(OpenAIScript.event(OpenAIScript.error("Busy", type: "overloaded_error")))
        try connection.finish()
      },
      Misbehaviour(
        testDescription: "a NUL and control characters in the error", complaint: "bad   [2J thing"
      ) {
        try $0.respond(400, [:], #"{"error":{"message":"bad \u0000\u001b[2J thing"}}"#)
      },
      Misbehaviour(
        testDescription: "an error that is nested without end", complaint: "The model's server failed."
      ) {
        try $0.respond(
          500, [:], String(repeating: "[", count: 60_000) + String(repeating: "]", count: 60_000))
      },
      Misbehaviour(testDescription: "no JSON", complaint: "something that is not a valid answer") {
        try $0.respond(200, ["Content-Type": "text/html"], "<html>Hello</html>")
      },
    ]
  }

  @Test(arguments: Misbehaviour.all)
  func `what goes wrong at the server is one clear line, and the conversation goes on`(
    misbehaviour: Misbehaviour
  ) async throws {
    try await withFolder { folder in
      let server = try Self.server(answering: misbehaviour.answer)
      let store = "\(folder)/demo.db"
      let result = try await Program.run(Self.arguments(server, store), input: "Hello\n")
      #expect(result.status == 1)
      #expect(result.output == misbehaviour.output)
      #expect(result.complaints.contains(misbehaviour.complaint), "\(result.complaints)")
      #expect(result.complaints.count { $0 == "\n" } == 1)

      let healthy = try Self.server { try $0.stream(OpenAIScript.stream(text: "Better now")) }
      let next = try await Program.run(Self.arguments(healthy, store), input: "And now?\n")
      #expect(next.status == 0)
      #expect(next.lines.last == "Better now")
    }
  }

  @Test func `a server that is not there is one clear line, and the message is kept`() async throws {
    try await withFolder { folder in
      let gone = try Self.server { _ in }
      gone.stop()
      let store = "\(folder)/demo.db"
      let result = try await Program.run(Self.arguments(gone, store), input: "Hello\n")
      #expect(result.status == 1)
      #expect(result.complaints.contains("could not be reached"))
      #expect(result.complaints.count { $0 == "\n" } == 1)

      // The message has no answer yet: the next start gives it.
      let healthy = try Self.server { try $0.stream(OpenAIScript.stream(text: "Here I am")) }
      let next = try await Program.run(Self.arguments(healthy, store))
      #expect(next.output == "Here I am\n")
    }
  }

  #if os(Linux)
    @Test func `an IPv6 address is told to be what cannot be called`() async throws {
      let arguments = ["--store", "memory", "--model", "m", "--base-url", "http://[::1]:8080/v1"]
      let result = try await Program.run(arguments, input: "Hello\n")
      #expect(result.status == 1)
      #expect(result.complaints.contains("an IPv6 address cannot be called here"), "\(result.complaints)")
    }
  #endif

  @Test func `an interim response is not the answer`() async throws {
    let server = try Self.server { connection in
      try connection.raw("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
      try connection.stream(OpenAIScript.stream(text: "Hello there"))
    }
    let result = try await Program.run(Self.arguments(server), input: "Hello\n")
    #expect(result.output == "Hello there\n")
  }

  @Test func `a key that the server repeats is printed nowhere`() async throws {
    let key = "sk-SECRET-1234567890"
    let server = try LoopbackServer { request, connection in
      #expect(request.headers["authorization"] == "Bearer \(key)")
      try connection.respond(500, ["x-request-id": "req-\(key)"], OpenAIScript.error("no \(key)", code: key))
    }
    let result = try await Program.run(
      Self.arguments(server) + ["--api-key-env", "COMPANION_TEST_KEY", "--json"], input: "Hello\n",
      environment: ["COMPANION_TEST_KEY": key])
    #expect(result.status == 1)
    #expect(!result.output.contains("SECRET") && !result.complaints.contains("SECRET"))
  }

  @Test(arguments: [(SIGINT, InterruptionReason.stopped), (SIGTERM, .abandoned)])
  func `in a pipe one signal ends the program, and what was printed is kept`(
    signal: Int32, reason: InterruptionReason
  ) async throws {
    try await withFolder { folder in
      let server = try Self.server { connection in
        try connection.streamHead()
        try connection.chunk(OpenAIScript.event(OpenAIScript.textChunk("Once upon ")))
        try connection.stall()
      }
      let store = "\(folder)/demo.db"
      let program = try Program(Self.arguments(server, store))
      program.write("A story\nAnother\n")
      _ = await program.output { $0 == "Once upon " }
      program.send(signal)
      let result = await program.end()
      #expect(result.status == 128 + signal && result.output == "Once upon \n" && result.complaints.isEmpty)
      // The next line of the input is not sent any more.
      let messages = try await Self.messages(in: store)
      #expect(messages.map(\.text) == ["A story", "Once upon "])
      #expect(messages.last?.completion == .interrupted(reason))
    }
  }

  static func messages(in path: String) async throws -> [ChatMessage] {
    let store = try await SQLiteStore(path: path, time: .system)
    let session = try #require(try await store.sessions(limit: 1).first)
    let messages = try await store.messages(in: session.id, before: nil, limit: 100)
    await store.close()
    return messages
  }
}
