import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

/// The `embedding-runner` program, run as a person runs it.
struct EmbeddingRunnerTests {
  private static let executable = Program.executable.deletingLastPathComponent()
    .appending(path: "embedding-runner").path

  private static func start(_ arguments: [String]) throws -> Program {
    let program = try Program(arguments, executable: executable)
    program.endInput()
    return program
  }

  private static func run(_ arguments: String...) async throws -> Program.Result {
    await (try start(arguments)).end()
  }

  /// A folder with files, and the options for a database of its own.
  private static func withNotes(
    _ files: [String: String] = notes, _ body: (_ notes: String, _ database: String) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      for (path, text) in files { try write(text, to: "\(folder)/notes/\(path)") }
      try await body("\(folder)/notes", "--database=\(folder)/embeddings.db")
    }
  }

  private static func write(_ text: String, to path: String) throws { try write(Data(text.utf8), to: path) }

  private static func write(_ data: Data, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  private static let notes = [
    "tea.md": "# Green tea\n\nMatcha is ground from shaded leaves.\n\nIt is whisked with hot water.\n",
    "travel/bergen.txt": "The ferry to Bergen leaves at nine.",
    "日本/梅雨.md": "梅雨\n===\n\n梅雨は六月に始まる。傘を忘れないこと。",
    "茶馆.txt": "老城的茶馆每天早上七点开门，下雨天也一样。",
    "photo.png": "no text",
  ]

  // MARK: What is embedded

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
    let victim = Mutex<Program?>(nil)
    let requests = Mutex(0)
    let server = try CountingServer { _, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      guard number == request else { return false }
      // All that was answered before is stored: the next batch is asked for behind that.
      victim.withLock { $0?.send(SIGKILL) }
      try connection.stall()
      return true
    }
    try await Self.withNotes(texts) { notes, database in
      let program = try Self.start([notes, database, server.option])
      victim.withLock { $0 = program }
      let killed = await program.end()
      #expect(killed.status == 128 + SIGKILL)
      let rest = try await Self.run(notes, database)
      #expect(rest.status == 0 && rest.output.contains("80 of 80 embedded"), "\(rest.complaints)")
      #expect(rest.output.contains("80 unchanged"))
      #expect(server.texts.count == 80 && server.texts.values.allSatisfy { $0 == 1 }, "\(server.texts)")
    }
  }

  @Test func `Ctrl-C ends it, and the next run goes on`() async throws {
    let texts = Dictionary(uniqueKeysWithValues: (1...80).map { ("note \($0).md", "Plum \($0) is ripe.") })
    let victim = Mutex<Program?>(nil)
    let requests = Mutex(0)
    let server = try CountingServer { _, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      guard number == 5 else { return false }
      victim.withLock { $0?.send(SIGINT) }
      try connection.stall()
      return true
    }
    try await Self.withNotes(texts) { notes, database in
      let program = try Self.start([notes, database, server.option])
      victim.withLock { $0 = program }
      let stopped = await program.end()
      #expect(stopped.status == 130)
      #expect(stopped.complaints.hasSuffix("Stopped. What is stored stays, and the next run goes on.\n"))
      #expect(try await Self.run(notes, database).output.contains("80 of 80 embedded"))
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

  private static func json(_ line: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
  }

  // MARK: What goes wrong

  @Test func `what cannot be embedded is parked with its reason, and embedded when it is tried again`()
    async throws
  {
    let isHealed = Mutex(false)
    let server = try CountingServer { texts, connection in
      guard texts.contains(where: { $0.contains("Matcha") }), !isHealed.withLock(\.self) else { return false }
      try connection.respond(400, [:], OpenAIScript.error("not this"))
      return true
    }
    try await Self.withNotes { notes, database in
      let run = try await Self.run(notes, database, server.option, "--retries", "0")
      #expect(run.status == 1)
      #expect(run.output.contains("3 of 4 embedded, 1 parked"))
      #expect(run.complaints.contains("parked after 1 try: tea.md: ") && run.complaints.contains("not this"))
      #expect(try await Self.run("status", database).output.contains("  parked after 1 try: tea.md: "))
      #expect(try await Self.run(notes, database).status == 1)
      isHealed.withLock { $0 = true }
      let healed = try await Self.run("retry", database)
      #expect(healed.status == 0 && healed.output.contains("4 of 4 embedded"), "\(healed.complaints)")
      #expect(server.texts.values.allSatisfy { $0 == 1 })
    }
  }

  @Test(arguments: [
    (401, "did not accept the key. Check the key"), (404, "Check the model's name and the base URL."),
    (500, "The model's server failed."),
  ])
  func `a server that does not serve is told with what to do, and when it serves the same command goes on`(
    status: Int, words: String
  ) async throws {
    let isDown = Mutex(true)
    let server = try CountingServer { _, connection in
      guard isDown.withLock(\.self) else { return false }
      try connection.respond(status, [:], OpenAIScript.error("no"))
      return true
    }
    try await Self.withNotes { notes, database in
      let failed = try await Self.run(notes, database, server.option)
      #expect(failed.status == 1)
      #expect(failed.complaints.contains(words), "\(failed.complaints)")
      #expect(failed.complaints.contains("What is stored stays; the same command goes on."))
      isDown.withLock { $0 = false }
      #expect(try await Self.run(notes, database).status == 0)
      #expect(server.texts.count == 4)
    }
  }

  @Test func `where no server is, that is told, and what is known is found by its words`() async throws {
    try await Self.withNotes { notes, database in
      let failed = try await Self.run(notes, database, "--embeddings", "http://127.0.0.1:9/v1")
      #expect(failed.status == 1 && failed.complaints.contains("could not be reached"))
      let found = try await Self.run("search", "matcha", database)
      #expect(found.status == 0 && found.output.hasPrefix("1. tea.md"))
    }
  }

  @Test func `files that cannot be embedded are left out and told, whatever they are`() async throws {
    try await Self.withNotes { notes, database in
      try Self.write(Data([0x61, 0, 0x62]), to: "\(notes)/binary.txt")
      try Self.write(Data([0x63, 0x61, 0x66, 0xE9]), to: "\(notes)/latin.txt")
      try Self.write(String(repeating: "long ", count: 1_000), to: "\(notes)/large.md")
      try Self.write("", to: "\(notes)/empty.md")
      try Self.write(".hidden", to: "\(notes)/.hidden.md")
      try Self.write("hidden", to: "\(notes)/.git/notes.md")
      try Self.write("\u{FEFF}# Marked\n\nBehind a mark.", to: "\(notes)/marked.md")
      try FileManager.default.createSymbolicLink(atPath: "\(notes)/travel/loop", withDestinationPath: notes)
      try FileManager.default.createSymbolicLink(atPath: "\(notes)/gone.md", withDestinationPath: "nowhere")
      mkfifo("\(notes)/pipe.txt", 0o600)
      let run = try await Self.run(notes, database, "--max-size", "1000")
      #expect(run.status == 0, "\(run.complaints)")
      #expect(run.output.contains("5 new files") && run.output.contains("2 symbolic links not followed"))
      #expect(run.output.contains("1 empty file;"))
      for words in ["binary.txt: it is binary", "latin.txt: it is no UTF-8", "large.md: it has 5000 bytes"] {
        #expect(run.complaints.contains(words), "\(words): \(run.complaints)")
      }
      #expect(
        try await Self.run("search", "behind a mark", database).output.hasPrefix("1. marked.md  Marked"))
      // What was good and is not any more is found no more.
      try Self.write(Data([0]), to: "\(notes)/tea.md")
      #expect(try await Self.run(notes, database).output.contains("1 removed"))
      #expect(!(try await Self.run("search", "matcha", database)).output.contains("tea.md"))
    }
  }

  @Test(.enabled(if: getuid() != 0))
  func `what cannot be read stays as it was known, and the run says so`() async throws {
    try await Self.withNotes { notes, database in
      #expect(try await Self.run(notes, database).status == 0)
      try Self.write("# Other tea\n\nNobody may read this.", to: "\(notes)/tea.md")
      chmod("\(notes)/tea.md", 0)
      chmod("\(notes)/travel", 0)
      defer { chmod("\(notes)/travel", 0o700) }
      let run = try await Self.run(notes, database)
      #expect(run.status == 1 && run.output.contains("0 removed"))
      #expect(run.complaints.contains("tea.md: it cannot be read"))
      #expect(run.complaints.contains("travel: the folder cannot be looked into"))
      #expect(try await Self.run("search", "ferry", database).output.hasPrefix("1. travel/bergen.txt"))
      #expect(try await Self.run("search", "matcha", database).output.hasPrefix("1. tea.md"))
    }
  }

  @Test func `a file may have any name`() async throws {
    let names = [
      "a b  c.md", "~embedding-runner.md", "~5a9f.txt", String(repeating: "長", count: 60) + ".md",
      "tab\t.txt",
      "line\nend.txt", "👨‍👩‍👧 family.md", "-x.md", "\u{202E}dm.md", String(repeating: "a", count: 200) + ".md",
    ]
    let files = Dictionary(
      uniqueKeysWithValues: names.map { ("\($0)", "Plum \(names.firstIndex(of: $0) ?? 0) is ripe.") })
    try await Self.withNotes(files) { notes, database in
      let run = try await Self.run(notes, database)
      #expect(run.status == 0 && run.output.contains("\(names.count) new files"), "\(run.complaints)")
      #expect(try await Self.run(notes, database).output.contains("\(names.count) unchanged"))
      let found = try await Self.run("search", "plum", database, "--json")
      #expect(Set(try found.lines.compactMap { try Self.json($0)["path"]?.string }) == Set(names))
    }
  }

  @Test func `a database has the files of one folder, which may be moved`() async throws {
    let server = try CountingServer()
    try await Self.withNotes { notes, database in
      #expect(try await Self.run(notes, database, server.option).status == 0)
      let moved = "\(notes)-moved"
      #expect(rename(notes, moved) == 0)
      let gone = try await Self.run(notes, database)
      #expect(gone.status == 1 && gone.complaints == "embedding-runner: \(notes): it is not there\n")
      let refused = try await Self.run(moved, database)
      #expect(refused.status == 1 && refused.complaints.contains("say --moved if it was moved"))
      let taken = try await Self.run(moved, database, "--moved")
      #expect(taken.status == 0 && taken.output.contains("4 unchanged"), "\(taken.complaints)")
      #expect(server.texts.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func `what is no folder, or no database of this program, is one clear line and a status`()
    async throws
  {
    try await Self.withNotes { notes, database in
      let nothing = try await Self.run("search", "tea", database)
      #expect(nothing.status == 1 && nothing.complaints.contains("there is no database"))
      let file = try await Self.run("\(notes)/tea.md", database)
      #expect(file.status == 1 && file.complaints.hasSuffix("tea.md: it is no folder\n"))
      let path = String(database.dropFirst("--database=".count))
      #expect(!FileManager.default.fileExists(atPath: path))
      let store = try await SQLiteStore.sqlite(at: path)
      try await store.commit(
        .putDocument(
          Document(id: DocumentID(bits: 1), scope: .workspace(.main), text: "secret", createdAt: .epoch)))
      await store.close()
      let foreign = try await Self.run(notes, database)
      #expect(foreign.status == 1 && foreign.complaints.contains("it belongs to another program"))
      let damaged = try await Self.run(notes, "--database", "\(notes)/tea.md")
      #expect(damaged.status == 1 && damaged.complaints.hasPrefix("embedding-runner: The store "))
      for result in [nothing, file, foreign, damaged] {
        #expect(result.output.isEmpty && result.complaints.count { $0 == "\n" } == 1)
      }
    }
  }

  @Test(arguments: [
    [], ["run"], ["a", "b"], ["watch"], ["search"], ["status", "x"], ["retry", "x"], ["a", "--every", "1"],
    ["a", "--model", "m"], ["a", "--key", "K"], ["a", "--embeddings", "offline", "--model", "m"],
    ["a", "--embeddings", "no address"], ["a", "--embeddings", "https://api.openai.com/v1"],
    ["a", "--embeddings", "http://localhost:1", "--key", "COMPANION_NO_SUCH_VARIABLE"],
    ["a", "--batch", "0"],
    ["a", "--retries", "-1"], ["a", "--types", ","], ["search", "tea", "--max-size", "9"],
    ["a", "--nonsense"],
    ["status", "--json"],
  ])
  func `a command line that cannot be is told, with the usage, and a status`(arguments: [String]) async throws
  {
    let result = await (try Self.start(arguments)).end()
    #expect(result.status == 2 && result.output.isEmpty, "\(result.complaints)")
    #expect(result.complaints.hasPrefix("embedding-runner: "))
    #expect(result.complaints.contains("\nusage: embedding-runner "))
  }

  @Test func `nothing that a file says is obeyed by a terminal`() async throws {
    try await Self.withNotes(["a.md": "# \u{1B}[2JPlum\n\nA plum\u{202E} is\u{7} ripe."]) { notes, database in
      #expect(try await Self.run(notes, database).status == 0)
      let found = try await Self.run("search", "plum", database)
      #expect(found.output.contains("ripe"))
      #expect(
        !found.output.unicodeScalars.contains {
          $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.isBidiControl)
        })
    }
  }
}

/// A server of embeddings that counts the texts that it has made vectors of.
private final class CountingServer: Sendable {
  private final class Counts: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    var texts: [String: Int] { counts.withLock(\.self) }

    func note(_ texts: [String]) {
      // With one word the program finds out how many numbers a vector has.
      let texts = texts.filter { $0 != "dimension" }
      counts.withLock { counts in for text in texts { counts[text, default: 0] += 1 } }
    }
  }

  private let server: LoopbackServer
  private let counts: Counts

  /// - Parameter act: answers a request in a way of its own; `false` lets it be answered as it should be.
  init(
    _ act: @escaping @Sendable (_ texts: [String], LoopbackConnection) throws -> Bool = { _, _ in false }
  ) throws {
    let counts = Counts()
    self.counts = counts
    server = try LoopbackServer { request, connection in
      let texts = try EmbeddingScript.texts(of: request)
      guard try !act(texts, connection) else { return }
      counts.note(texts)
      try connection.respond(200, [:], EmbeddingScript.answer(to: texts))
    }
  }

  /// How often each text was embedded.
  var texts: [String: Int] { counts.texts }

  /// What names it on a command line.
  var option: String { "--embeddings=\(server.url("/v1").absoluteString)" }
}
