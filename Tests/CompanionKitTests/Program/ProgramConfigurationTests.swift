import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

/// The `companion` program with several providers, from a file.
struct ProgramConfigurationTests {
  private static let key = "sk-SECRET-1234567890"

  /// A file that names these servers, in this order.
  private static func configuration(_ servers: [(id: String, LoopbackServer)]) -> String {
    let providers = servers.enumerated().map { place, server in
      """
      {"id": "\(server.id)", "api": "openai-chat", "model": "m-\(server.id)", "priority": \(place),
       "base_url": "\(server.1.url("/v1").absoluteString)", "api_key": {"env": "COMPANION_TEST_KEY"},
       "price": {"per_million_input": 1, "per_million_output": 2},
       "limits": {"requests_per_minute": 600, "budget": {"limit": 5, "period": "day"}}}
      """
    }
    return #"{"providers": [\#(providers.joined(separator: ","))]}"#
  }

  /// A server that fails whatever it is asked, and repeats the key that it was given.
  private static func failingServer(_ status: Int = 500) throws -> LoopbackServer {
    try LoopbackServer { _, connection in
      try connection.respond(status, [:], OpenAIScript.error("no \(key)", code: key))
    }
  }

  private static func run(
    _ configuration: String, _ arguments: [String] = [], input: String, key: String? = key
  ) async throws -> (Program.Result, path: String) {
    try await withFolder { folder in
      let path = "\(folder)/providers.json"
      try configuration.write(toFile: path, atomically: true, encoding: .utf8)
      let result = try await Program.run(
        ["--store", "memory", "--config", path] + arguments, input: input,
        environment: ["COMPANION_TEST_KEY": key ?? ""])
      return (result, path)
    }
  }

  @Test func `a second provider answers when the first fails, and /providers and /ledger tell of it`()
    async throws
  {
    let main = try Self.failingServer()
    let backup = try ProgramProviderTests.server {
      try $0.stream(OpenAIScript.stream(text: "From the backup"))
    }
    let (result, _) = try await Self.run(
      Self.configuration([("main", main), ("backup", backup)]),
      input: "Hello\n/providers\n/ledger\n/ledger 1\n/status\n")
    #expect(result.status == 0, "\(result.complaints)")
    #expect(result.lines.first == "From the backup")
    #expect(result.complaints.isEmpty)
    #expect(result.output.contains("1  main"))
    #expect(result.output.contains("2  backup"))
    // The message is understood, and then answered; memory may be formed of it at once.
    let isRemembered = result.output.contains("3 calls went on to backup")
    #expect(isRemembered || result.output.contains("2 calls went on to backup"))
    #expect(result.output.contains("last failure: server error (HTTP 500: "))
    #expect(result.output.contains("of 5 USD spent today (UTC)"))
    #expect(result.output.contains("left of this minute: "))
    let heads = result.lines.indices.filter { result.lines[$0].hasPrefix("time ") }
    try #require(heads.count == 2)
    let calls = result.lines[heads[0]..<heads[1]].filter { $0.contains("  answer ") }
    #expect(calls.count == 2)
    #expect(!isRemembered || result.lines[heads[0]...].contains { $0.contains("  memory ") })
    let last = result.lines[heads[1]...].filter {
      $0.contains(#/ (main|backup) .* [0-9]+/[0-9]+ /#) || $0.hasSuffix("server error")
    }
    #expect(last.count == 1, "\(result.lines[heads[1]...])")
    #expect(calls.first?.hasSuffix("server error") == true)
    #expect(calls.last?.contains("backup") == true && calls.last?.contains(" USD") == true)
    #expect(result.output.contains("/ m-main: ") && result.output.contains("/ m-backup: "))
    #expect(!result.output.contains("SECRET"))
  }

  @Test func `a switch is made at once, in a pipe as well`() async throws {
    let main = try ProgramProviderTests.server { try $0.stream(OpenAIScript.stream(text: "From main")) }
    let backup = try ProgramProviderTests.server {
      try $0.stream(OpenAIScript.stream(text: "From the backup"))
    }
    let (result, _) = try await Self.run(
      Self.configuration([("main", main), ("backup", backup)]),
      input: "Hello\n/switch main backup it is slow\nHello\n/switch main nobody\n/switch main\n")
    #expect(
      result.lines == ["From main", "backup is asked first now, and main last.", "From the backup"])
    #expect(result.complaints.contains("There is no provider nobody."))
    #expect(result.complaints.contains("Usage: /switch A B"))
    #expect(result.status == 1)
  }

  @Test(arguments: ["Fri, 31 Dec 9999 23:59:59 GMT", "99999999999999999999"])
  func `a provider that asks for ages rests a day, which is told in hours and with its date`(
    retryAfter: String
  ) async throws {
    let main = try LoopbackServer { _, connection in
      try connection.respond(429, ["Retry-After": retryAfter], OpenAIScript.error("Slow down"))
    }
    let (result, _) = try await Self.run(Self.configuration([("main", main)]), input: "Hello\n/providers\n")
    #expect(result.status == 1)
    #expect(result.complaints.contains("24 h"), "\(result.complaints)")
    let rests = try #require(result.lines.first { $0.contains(" more, until ") })
    let tomorrow = SystemTimeSource().now.advanced(by: .seconds(86_400)).description.prefix(10)
    #expect(rests.contains("rests 24 h more, until \(tomorrow) "), "\(rests)")
  }

  @Test func `in a pipe a wait for a provider is told, and what is asked is answered after it`() async throws
  {
    let requests = Mutex(0)
    let main = try LoopbackServer { _, connection in
      let isFirst = requests.withLock { count in
        defer { count += 1 }
        return count == 0
      }
      guard !isFirst else {
        return try connection.respond(429, ["Retry-After": "2"], OpenAIScript.error("Slow down"))
      }
      try connection.stream(OpenAIScript.stream(text: "Here I am"))
    }
    let (result, _) = try await Self.run(Self.configuration([("main", main)]), input: "Hello\n")
    #expect(result.status == 0 && result.output == "Here I am\n", "\(result.complaints)")
    #expect(result.complaints.hasPrefix("waiting for main until "))
    #expect(result.complaints.hasSuffix("Z: main is in a cooldown that it has asked for\n"))
  }

  @Test func `as JSON the events tell of it, and nobody tells the key`() async throws {
    let main = try Self.failingServer(401)
    let backup = try ProgramProviderTests.server { try $0.stream(OpenAIScript.stream(text: "Hello")) }
    let (result, _) = try await Self.run(
      Self.configuration([("main", main), ("backup", backup)]), ["--json"], input: "Hello\n/providers\n")
    #expect(result.status == 0)
    let events = try result.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    let failover = try #require(events.first { $0["type"] == "model.failed_over" })
    #expect(failover["from"] == "main" && failover["to"] == "backup")
    let health = try #require(events.first { $0["type"] == "provider.health" })
    #expect(health["provider"] == "main" && health["breaker"] == "open")
    let output = try #require(events.first { $0["type"] == "command.output" }?["text"]?.string)
    #expect(output.contains("rests 30 min more, until "))
    #expect(!result.output.contains("SECRET") && !result.complaints.contains("SECRET"))
  }

  @Test(arguments: [
    (
      #"{"providers": [{"id": "a", "api": "offline", "model": "m"}, {"id": "b", "api": "telepathy"}]}"#,
      "providers[1].api: "
    ),
    (
      #"{"providers": [{"id": "a", "api": "offline", "model": "m", "modle": "SECRET"}]}"#,
      "providers[0].modle: there is no such member"
    ),
    (
      #"{"providers": [{"id": "a", "api": "openai-chat", "model": "m", "api_key": "sk-SECRET"}]}"#,
      "providers[0].api_key: "
    ),
    (#"{"providers": [{"id": "a", "api": "custom", "model": "m"}]}"#, "providers[0].api: "),
    (#"{"providers": []}"#, "providers: "), ("[1", "is not JSON: see line 1, column 3"),
    ("[1]", "must be an object"), (#"{"providers": [],}"#, "is not JSON: see line 1, column 18"),
    (
      #"{"providers": [], "providers": [{"id": "SECRET"}]}"#,
      "providers: is there twice: see line 1, column 19"
    ),
  ])
  func `a file that is wrong is one clear line with the field, and nothing is opened`(
    configuration: String, complaint: String
  ) async throws {
    let (result, path) = try await Self.run(configuration, input: "Hello\n")
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.complaints.hasPrefix("companion: \(path)"))
    #expect(result.complaints.contains(complaint), "\(result.complaints)")
    #expect(!result.complaints.contains("SECRET"))
    #expect(result.complaints.count { $0 == "\n" } == 1)
  }

  @Test(arguments: [nil, "\n\(key)"])
  func `a key that is not there, or cannot be sent, is told before the first message`(
    key: String?
  ) async throws {
    let server = try Self.failingServer()
    let (result, _) = try await Self.run(
      Self.configuration([("main", server)]), input: "Hello\n", key: key)
    #expect(result.status == 1)
    #expect(result.complaints.contains("providers[0].api_key: "))
    #expect(result.complaints.contains("COMPANION_TEST_KEY"))
    #expect(!result.complaints.contains("SECRET"))
    #expect(result.complaints.count { $0 == "\n" } == 1)
    #expect(server.counts.requests == 0)
  }

  @Test func `a file that cannot be read is one clear line, and no store is made`() async throws {
    try await withFolder { folder in
      for path in [folder, "\(folder)/nowhere.json"] {
        let result = try await Program.run(["--store", "\(folder)/demo.db", "--config", path])
        #expect(result.status == 1)
        #expect(result.complaints.hasPrefix("companion: \(path) is "))
        #expect(result.complaints.count { $0 == "\n" } == 1)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func `an image is made in the background, and is in the folder`() async throws {
    try await withFolder { folder in
      let png = Data([0x89] + "PNG\r\n\u{1A}\nand pixels".utf8)
      let server = try LoopbackServer { _, connection in
        try connection.respond(
          200, ["Content-Type": "application/json"],
          #"{"created": 1, "data": [{"b64_json": "\#(png.base64EncodedString())"}]}"#)
      }
      let path = "\(folder)/providers.json"
      try """
      {"providers": [
        {"id": "words", "api": "offline", "model": "extractive"},
        {"id": "pictures", "api": "openai-images", "model": "p", "base_url": "\(server.url("/v1"))"}]}
      """.write(toFile: path, atomically: true, encoding: .utf8)
      let images = "\(folder)/images"
      let result = try await Program.run(
        ["--store", "memory", "--config", path, "--images", images], input: "/image a red cat\n")
      #expect(result.status == 0, "\(result.complaints)")
      let file = try #require(result.lines.last)
      #expect(file.hasPrefix("\(images)/") && file.hasSuffix("-1.png"))
      #expect(try Data(contentsOf: URL(filePath: file)) == png)
    }
  }
}
