import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

extension EmbeddingRunnerTests {
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

  @Test func `a name that is not in UTF-8 is told, and files of other types are forgotten as what they are`()
    async throws
  {
    try await Self.withNotes { notes, database in
      #expect(try await Self.run(notes, database).status == 0)
      mkdir("\(notes)/caf".utf8CString.dropLast() + [CChar(bitPattern: 0xE9), 0], 0o700)
      let named = try await Self.run(notes, database)
      #expect(named.status == 1)
      #expect(named.complaints.contains("its name is not in UTF-8, and it is left out; rename it"))
      let narrowed = try await Self.run(notes, database, "--types", "txt")
      #expect(
        narrowed.complaints.contains("there, and not of the types that are embedded now")
          && !narrowed.complaints.contains("no longer there"), "\(narrowed.complaints)")
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
    ["forget-model"], ["a", "--dimension", "3"], ["search", "tea", "--limit", "99999999999"],
    ["a", "--embeddings", "http://me:secret@localhost:1"],
    ["search", "tea", "--since", "yesterday"],
    ["search", "tea", "--since", "2026-02-30"],
    ["search", "tea", "--before", "2026-3-1"],
    ["search", "tea", "--since=2026-03-02", "--before=2026-03-02"],
    ["search", "tea", "--type", "a.md"], ["search", "tea", "--type="], ["a", "--since", "2026-03-01"],
  ])
  func `a command line that cannot be is told, with the usage, and a status`(arguments: [String]) async throws
  {
    let result = await (try Self.start(arguments)).end()
    #expect(result.status == 2 && result.output.isEmpty, "\(result.complaints)")
    #expect(result.complaints.hasPrefix("embedding-runner: ") && !result.complaints.contains("secret"))
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
