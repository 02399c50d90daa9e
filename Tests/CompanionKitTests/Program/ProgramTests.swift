import CompanionKit
import Foundation
import LoopbackServer
import Testing

/// The `companion` program with the offline model.
struct ProgramTests {
  @Test
  func `it answers from the conversation, and still knows in a new process and in another conversation`()
    async throws
  {
    try await withFolder { folder in
      let store = "\(folder)/demo.db"
      let first = try await Program.run(
        ["--store", store], input: "Hello, I am Aiko and I live in Kyoto.\nWhere do I live?\n")
      #expect(first.status == 0)
      #expect(first.lines.count == 2)
      #expect(first.lines.last?.contains("Kyoto") == true)
      let second = try await Program.run(["--store", store], input: "Where do I live?")
      #expect(second.lines.last?.contains("Kyoto") == true)
      let other = try await Program.run(["--store", store, "--new"], input: "Where do I live?")
      #expect(other.output.contains("Kyoto"))
    }
  }

  @Test(arguments: [
    ("私は愛子と申します。京都に住んでいます。\nどこに住んでいますか。\n", "京都"),
    ("我叫爱子,我住在京都。\n我住在哪里?\n", "京都"),
  ])
  func `it answers in Japanese and Chinese`(input: String, expected: String) async throws {
    let result = try await Program.run(["--store", "memory"], input: input)
    #expect(result.lines.last?.contains(expected) == true)
  }

  @Test func `without a path the store is in the user's data directory`() async throws {
    try await withFolder { folder in
      let environment = ["XDG_DATA_HOME": folder, "HOME": folder]
      let result = try await Program.run([], input: "Hello\n", environment: environment)
      #expect(result.status == 0)
      #if os(Linux)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/companion/companion.db"))
      #endif
    }
  }

  @Test func `as JSON every line is an event, in the order of the turn, with one intent for each message`()
    async throws
  {
    let result = try await Program.run(
      ["--store", "memory", "--json"], input: "Hello.\n\nSummarise our conversation.\nHow are you?\n")
    #expect(result.status == 0)
    let events = try result.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    let types = events.compactMap { $0["type"]?.string }
    #expect(types.count == events.count)
    #expect(events.allSatisfy { $0["schema"] == 1 && $0["time"] != nil })
    #expect(types.first == "service.started" && types.last == "service.stopped")
    #expect(types.count { $0 == "task.completed" } == 1)

    let turns = events.compactMap { $0["turn"]?.string }
    for turn in Set(turns) {
      let ofTurn = events.filter { $0["turn"]?.string == turn && $0["task"] == nil }
        .compactMap { $0["type"]?.string }
      let outline = ofTurn.filter {
        !$0.hasPrefix("model.") && $0 != "answer.delta" && $0 != "prompt.compiled"
      }
      #expect(outline == ["message.accepted", "intent", "answer.stored", "turn.ended"])
      #expect(ofTurn.contains("answer.delta"))
    }
    #expect(Set(turns).count == 3)
    // The pieces are the answer.
    let text = events.filter { $0["type"] == "answer.delta" }.compactMap { $0["text"]?.string }.joined()
    #expect(text.contains("Hello."))
  }

  @Test func `commands are carried out in a pipe as well`() async throws {
    let result = try await Program.run(
      ["--store", "memory", "--session", "kyoto"],
      input:
        "Hello.\n/status\n/tasks\n/sessions\n/history\n/help\n/cancel x\n/nonsense\n /tasks\n/quit\nnever\n")
    #expect(result.status == 1)
    #expect(result.output.contains("offline / extractive"))
    #expect(result.output.contains("There are no tasks."))
    #expect(result.output.contains("* kyoto"))
    #expect(result.output.contains("you: Hello."))
    #expect(result.output.contains("/cancel ID"))
    #expect(!result.output.contains("never"))
    let complaints = result.complaints.split(separator: "\n")
    #expect(complaints.count == 2)
    #expect(complaints.first == "companion: No task's ID ends in x. /tasks lists them.")
    #expect(complaints.last?.hasPrefix("companion: /nonsense is not a command.") == true)
  }

  @Test func `in what is listed nothing is obeyed by a terminal, or looks like a line of its own`()
    async throws
  {
    let message = "Hello\u{1B}[2J\u{202E}olleh\u{2066}\u{2028}2026-01-01  you: a lie"
    let input = "\(message)\nSummarise\u{202E} our conversation\u{9B}.\n/history\n/tasks\n"
    let result = try await Program.run(["--store", "memory"], input: input)
    #expect(result.status == 0)
    let listing = result.output[try #require(result.output.range(of: "you: Hello[2J")).lowerBound...]
    #expect(listing.hasPrefix("you: Hello[2Jolleh\n    2026-01-01  you: a lie\n"))
    #expect(listing.contains("Summarise our conversation."))
    #expect(
      !listing.unicodeScalars.contains {
        $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.isBidiControl)
      })
  }

  @Test(arguments: [
    ["--nonsense"], ["--store"], ["--store", ""], ["--model"], ["--base-url", "nowhere", "--model", "m"],
    ["--base-url", "http://localhost"], ["--session", "a b"], ["--new=yes"], ["message"],
    ["--model", "m"], ["--model", "m", "--api-key-env", "COMPANION_NO_SUCH_VARIABLE"], ["--config"],
    ["--config", ""], ["--config", "a", "--model", "m"], ["--model", "offline", "--config", "a"],
    ["--config", "a", "--base-url", "http://localhost"], ["--config", "a", "--api-key-env", "A"],
    ["--images", "a"],
  ])
  func `a command line that cannot be is one clear line and a status`(arguments: [String]) async throws {
    let result = try await Program.run(arguments)
    #expect(result.status == 64)
    #expect(result.output.isEmpty)
    #expect(result.complaints.hasPrefix("companion: "))
    #expect(result.complaints.count { $0 == "\n" } == 1)
  }

  @Test(arguments: ["/proc/no/such/demo.db", "/missing/folder/demo.db", "/"])
  func `a store that cannot be used is one clear line and a status`(path: String) async throws {
    let result = try await Program.run(["--store", path], input: "Hello\n")
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.complaints.hasPrefix("companion: The store "))
    #expect(result.complaints.count { $0 == "\n" } == 1)
  }

  @Test func `a file that is not a database is left as it is`() async throws {
    try await withFolder { folder in
      let path = "\(folder)/notes.txt"
      let notes = String(repeating: "These are my notes, and no database. ", count: 100)
      try notes.write(toFile: path, atomically: true, encoding: .utf8)
      let result = try await Program.run(["--store", path], input: "Hello\n")
      #expect(result.status == 1)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == notes)
    }
  }

  @Test func `what cannot be printed is a failure, and does not count as shown`() async throws {
    #if os(Linux)
      try await withFolder { folder in
        let store = "\(folder)/demo.db"
        let program = "\(Program.path(of: "companion")) --store \(store) >/dev/full"
        let shell = try Program(["-c", program], executable: "/bin/sh")
        shell.write("Hello, I am Aiko.\nAnd again.\n")
        shell.endInput()
        let result = await shell.end()
        #expect(result.status == 1)
        #expect(result.complaints == "companion: The output cannot be written. Nothing more is sent.\n")
        let history = try await Program.run(["--store", store], input: "/history\n")
        #expect(!history.output.contains("And again."))
      }
    #endif
  }

  @Test func `a session that is there already is not started again`() async throws {
    try await withFolder { folder in
      let arguments = ["--store", "\(folder)/demo.db", "--session", "kyoto"]
      #expect(try await Program.run(arguments, input: "Hello.\n").status == 0)
      let again = try await Program.run(arguments + ["--new"], input: "Hello.\n")
      #expect(again.status == 64)
      #expect(again.complaints.contains("Go on with it without --new."))
    }
  }

  @Test func `a message that cannot be taken does not end the conversation`() async throws {
    let long = String(repeating: "x", count: 300_000)
    let result = try await Program.run(["--store", "memory"], input: "\(long)\nHello.\n")
    #expect(result.status == 1)
    #expect(result.lines.count == 1)
    #expect(result.complaints.contains("300000 bytes; at most 262144"))
  }
}
