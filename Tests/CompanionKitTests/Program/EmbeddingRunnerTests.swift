import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

/// The `embedding-runner` program, run as a person runs it.
struct EmbeddingRunnerTests {
  static func start(_ arguments: [String]) throws -> Program {
    try Program.start("embedding-runner", arguments)
  }

  static func run(_ arguments: String...) async throws -> Program.Result {
    await (try start(arguments)).end()
  }

  /// A folder with files, and the options for a database of its own.
  static func withNotes(
    _ files: [String: String] = notes, _ body: (_ notes: String, _ database: String) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      for (path, text) in files { try write(text, to: "\(folder)/notes/\(path)") }
      try await body("\(folder)/notes", "--database=\(folder)/embeddings.db")
    }
  }

  static func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

  static func write(_ data: Data, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  static let notes = [
    "tea.md": "# Green tea\n\nMatcha is ground from shaded leaves.\n\nIt is whisked with hot water.\n",
    "travel/bergen.txt": "The ferry to Bergen leaves at nine.",
    "日本/梅雨.md": "梅雨\n===\n\n梅雨は六月に始まる。傘を忘れないこと。",
    "茶馆.txt": "老城的茶馆每天早上七点开门，下雨天也一样。",
    "photo.png": "no text",
  ]

  /// Embeds files with a server that sends the program a signal in the place of an answer.
  private static func interrupt(
    by signal: Int32, atRequest last: Int, _ files: [String: String],
    _ body: (_ end: Program.Result, _ notes: String, _ database: String, CountingServer) async throws -> Void
  ) async throws {
    let victim = Mutex<Program?>(nil)
    let requests = Mutex(0)
    let server = try CountingServer { _, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      guard number == last else { return false }
      victim.withLock { $0?.send(signal) }
      try connection.stall()
      return true
    }
    try await withNotes(files) { notes, database in
      let program = try start([notes, database, server.option])
      victim.withLock { $0 = program }
      try await body(await program.end(), notes, database, server)
    }
  }

  static func json(_ line: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
  }

  @Test func `a folder in three languages is embedded, found, and costs nothing the second time`()
    async throws
  {
    try await Self.withNotes { notes, database in
      let first = try await Self.run(notes, database)
      #expect(first.status == 0, "\(first.complaints)")
      #expect(first.output.contains("4 new files, 0 changed, 0 removed, 0 unchanged; 1 other file left out"))
      #expect(first.output.contains("4 of 4 embedded"))
      #expect(first.complaints.contains("lexical"))
      let again = try await Self.run(notes, database)
      #expect(again.status == 0)
      #expect(again.output.contains("0 new files, 0 changed, 0 removed, 4 unchanged"))
      #expect(again.output.contains("embedded: 0 texts, 0 vectors, 0 calls"))
      for (query, path, words) in [
        ("whisked matcha", "1. tea.md  Green tea", "whisked with hot water"),
        ("When does the ferry leave?", "1. travel/bergen.txt", "at nine"),
        ("傘は必要ですか", "1. 日本/梅雨.md", "傘を忘れない"), ("茶馆几点开门", "1. 茶馆.txt", "七点开门"),
      ] {
        let found = try await Self.run("search", query, database)
        #expect(found.status == 0 && found.output.hasPrefix(path), "\(found.output)")
        #expect(found.lines.dropFirst().first?.contains(words) == true, "\(found.output)")
      }
      let status = try await Self.run("status", database)
      #expect(status.output.contains("4 of 4 embedded") && status.output.contains("folder: "))
    }
  }

  @Test func `what is found can be narrowed to a type of file, and to days`() async throws {
    let files = ["tea.md": "Tea with milk", "old.MD": "Tea with lemon", "list.txt": "Tea and bread"]
    try await Self.withNotes(files) { notes, database in
      let march = try #require(try? Date("2026-03-05T12:00:00Z", strategy: .iso8601))
      for (name, days) in [("tea.md", 0.0), ("old.MD", -60), ("list.txt", 1)] {
        try FileManager.default.setAttributes(
          [.modificationDate: march.addingTimeInterval(days * 86_400)], ofItemAtPath: "\(notes)/\(name)")
      }
      #expect(try await Self.run(notes, database).status == 0)
      for (options, expected) in [
        ([], ["list.txt", "old.MD", "tea.md"]), (["--type", "md"], ["old.MD", "tea.md"]),
        (["--type=.TXT"], ["list.txt"]), (["--type=rst"], []),
        (["--since=2026-03-05"], ["list.txt", "tea.md"]),
        (["--since=2026-03-05", "--before=2026-03-06"], ["tea.md"]), (["--before=2026-03-05"], ["old.MD"]),
        (["--since=2026-03-05", "--type=md"], ["tea.md"]), (["--since=2026-03-07"], []),
      ] {
        let found = try await Self.start(["search", "tea", database, "--json"] + options).end()
        #expect(found.status == 0, "\(found.complaints)")
        let paths = try found.lines.map { line in
          try #require(JSONValue(json: Data(line.utf8))?["path"]?.string)
        }
        #expect(paths.sorted() == expected, "\(options)")
      }
    }
  }

  @Test func `what is new or changed is embedded, and nothing else; what is removed is found no more`()
    async throws
  {
    let server = try CountingServer()
    try await Self.withNotes { notes, database in
      let first = try await Self.run(notes, database, server.option)
      #expect(first.status == 0, "\(first.complaints)")
      #expect(server.texts.count == 4 && server.texts.values.allSatisfy { $0 == 1 })
      try Self.write("# Black tea\n\nAssam is malty.\n", to: "\(notes)/tea.md")
      try Self.write("Bread is baked at dawn.", to: "\(notes)/new.txt")
      try FileManager.default.removeItem(atPath: "\(notes)/travel/bergen.txt")
      // The service is the one that was named last.
      let second = try await Self.run(notes, database)
      #expect(second.output.contains("1 new file, 1 changed, 1 removed, 2 unchanged"), "\(second.output)")
      #expect(second.output.contains("embedded: 2 texts, 2 vectors, 1 call,"))
      #expect(server.texts.count == 6 && server.texts.values.allSatisfy { $0 == 1 })
      let found = try await Self.run("search", "ferry to Bergen", database)
      #expect(!found.output.contains("bergen"))
      // What was only touched is read again, and not embedded.
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: "\(notes)/new.txt")
      let third = try await Self.run(notes, database)
      #expect(third.output.contains("1 changed") && third.output.contains("embedded: 0 texts"))
    }
  }

  @Test(arguments: [1, 2, 4, 9])
  func `killed while it embeds, it embeds nothing twice`(request: Int) async throws {
    let texts = Dictionary(
      uniqueKeysWithValues: (1...80).map {
        ("\($0 % 5)/note \($0).md", "# Note \($0)\n\nPlum \($0) is ripe.")
      })
    // All that was answered before is stored: the next batch is asked for behind that.
    try await Self.interrupt(by: SIGKILL, atRequest: request, texts) { killed, notes, database, server in
      #expect(killed.status == 128 + SIGKILL)
      let rest = try await Self.run(notes, database)
      #expect(rest.status == 0 && rest.output.contains("80 of 80 embedded"), "\(rest.complaints)")
      #expect(rest.output.contains("80 unchanged"))
      #expect(server.texts.count == 80 && server.texts.values.allSatisfy { $0 == 1 }, "\(server.texts)")
    }
  }

  @Test func `Ctrl-C ends it, and the next run goes on`() async throws {
    let texts = Dictionary(uniqueKeysWithValues: (1...80).map { ("note \($0).md", "Plum \($0) is ripe.") })
    try await Self.interrupt(by: SIGINT, atRequest: 5, texts) { stopped, notes, database, server in
      #expect(stopped.status == 130)
      #expect(stopped.complaints.hasSuffix("Stopped. What is stored stays, and the next run goes on.\n"))
      let rest = try await Self.run(notes, database)
      #expect(rest.output.contains("80 of 80 embedded"))
      #expect(server.texts.count == 80 && server.texts.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func `watching embeds what changes, until Ctrl-C`() async throws {
    let server = try CountingServer()
    try await Self.withNotes { notes, database in
      let program = try Self.start(["watch", notes, database, server.option, "--every", "0.05"])
      _ = await program.output { $0.contains("embedded: 4 texts") }
      try Self.write("Bread is baked at dawn.", to: "\(notes)/new/bread.txt")
      _ = await program.output { $0.contains("embedded: 1 text") }
      try Self.write("# Tea\n\nMint tea is sweet.\n", to: "\(notes)/tea.md")
      _ = await program.output { $0.components(separatedBy: "embedded: 1 text").count == 3 }
      program.send(SIGINT)
      let end = await program.end()
      #expect(end.status == 130, "\(end.complaints)")
      #expect(end.complaints.hasSuffix("Stopped. What is stored stays, and the next run goes on.\n"))
      #expect(server.texts.count == 6 && server.texts.values.allSatisfy { $0 == 1 })
      #expect(try await Self.run("search", "dawn", database).output.contains("new/bread.txt"))
    }
  }

  @Test func `events are printed as lines of JSON, and so is what is found`() async throws {
    try await Self.withNotes { notes, database in
      let run = try await Self.run(notes, database, "--json")
      let types = Set(try run.lines.compactMap { try Self.json($0)["type"]?.string })
      #expect(
        types.isSuperset(of: ["embedding.space_opened", "embedding.progressed", "embedding.run_ended"]))
      let found = try await Self.run("search", "matcha", database, "--json", "--limit", "1")
      let line = try Self.json(try #require(found.lines.first))
      #expect(found.lines.count == 1)
      #expect(line["path"] == "tea.md" && line["title"] == "Green tea" && line["type"] == "found")
    }
  }
}
