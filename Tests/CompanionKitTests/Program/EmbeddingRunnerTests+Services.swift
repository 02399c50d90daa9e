import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

extension EmbeddingRunnerTests {
  @Test func `a service that limits the rate, and does not say until when, is asked again`() async throws {
    let requests = Mutex(0)
    let server = try CountingServer { _, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      guard number.isMultiple(of: 3) else { return false }
      try connection.respond(429, [:], OpenAIScript.error("slow down"))
      return true
    }
    let files = Dictionary(uniqueKeysWithValues: (1...40).map { ("\($0).md", "Plum \($0) is ripe.") })
    try await Self.withNotes(files) { notes, database in
      let run = try await Self.run(notes, database, server.option)
      #expect(run.status == 0 && run.output.contains("40 of 40 embedded"), "\(run.complaints)")
      #expect(run.complaints.contains("Asked again in 1 s, 1 of 8 times."))
      #expect(server.texts.count == 40 && server.texts.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func `a text at which a service is always busy is named, with why, and holds up nothing`()
    async throws
  {
    let server = try CountingServer { texts, connection in
      guard texts.contains(where: { $0.contains("Matcha") }) else { return false }
      try connection.respond(503, [:], OpenAIScript.error("too much of it"))
      return true
    }
    try await Self.withNotes { notes, database in
      let run = try await Self.run(notes, database, server.option, "--retries", "0")
      #expect(run.status == 1 && run.output.contains("3 of 4 embedded, 1 waiting"))
      for told in [run.complaints, try await Self.run("status", database).output] {
        #expect(told.contains("waiting, 1 try counted: tea.md: "), "\(told)")
        #expect(told.contains("too much of it"))
      }
      let lines = try await Self.run("status", database, "--json").lines.map(Self.json)
      #expect(lines.map { $0["type"] } == ["status", "space", "failed"])
      #expect(lines.last?["path"] == "tea.md" && lines.last?["parked"] == false)
    }
  }

  @Test func `the vectors of a model that is not used any more can be removed, and no others`() async throws {
    let server = try CountingServer()
    try await Self.withNotes { notes, database in
      for model in ["old", "new"] {
        #expect(try await Self.run(notes, database, server.option, "--model", model).status == 0)
      }
      let status = try await Self.run("status", database).output
      #expect(status.contains(" old (32): 4 of 4 embedded, not used\n"), "\(status)")
      #expect(status.contains("embedding-runner forget-model \"127.0.0.1 old\" --dimension 32"))
      let used = try await Self.run("forget-model", "new", database)
      #expect(used.status == 1 && used.complaints.contains(" new (32) is in use, and was not removed."))
      for arguments in [["other"], ["old", "--dimension", "31"]] {
        let unknown = await (try Self.start(["forget-model", database] + arguments)).end()
        #expect(unknown.status == 1 && unknown.complaints.contains("There are no vectors of \(arguments[0])"))
        #expect(unknown.complaints.contains(" old (32), "), "\(unknown.complaints)")
      }
      let removed = try await Self.run("forget-model", "old", "--dimension", "32", database)
      #expect(
        removed.status == 0 && removed.output.contains(" old (32): removed, with the vectors of 4 texts"))
      let left = try await Self.run("status", database).output
      #expect(!left.contains("old (32)") && left.contains("new (32): 4 of 4 embedded"))
      #expect(try await Self.run("search", "matcha", database).output.hasPrefix("1. tea.md"))
    }
  }

  @Test func `files that are gone are named, and a folder that has become empty forgets nothing unasked`()
    async throws
  {
    try await Self.withNotes { notes, database in
      #expect(try await Self.run(notes, database).status == 0)
      try FileManager.default.removeItem(atPath: "\(notes)/travel/bergen.txt")
      let one = try await Self.run(notes, database)
      #expect(one.complaints.contains("forgotten: 1 file that is no longer there\n  travel/bergen.txt\n"))
      for name in try FileManager.default.contentsOfDirectory(atPath: notes) {
        try FileManager.default.removeItem(atPath: "\(notes)/\(name)")
      }
      let refused = try await Self.run(notes, database)
      #expect(refused.status == 1 && refused.complaints.contains("nothing is in it any more of 3 files"))
      #expect(try await Self.run("search", "matcha", database).output.hasPrefix("1. tea.md"))
      let emptied = try await Self.run(notes, database, "--emptied")
      #expect(emptied.status == 0 && emptied.output.contains("3 removed"), "\(emptied.complaints)")
    }
  }

  @Test func `an edit that leaves size and time as they were is found where every file is read`() async throws
  {
    let server = try CountingServer()
    try await Self.withNotes(["a.md": "Plums are ripe.", "b.md": "Bread is baked."]) { notes, database in
      let time = Date(timeIntervalSince1970: 1_000_000)
      func edit(_ text: String) throws {
        try Self.write(text, to: "\(notes)/a.md")
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: "\(notes)/a.md")
      }
      try edit("Plums are ripe.")
      #expect(try await Self.run(notes, database, server.option, "--types=.md").status == 0)
      try edit("Pears are ripe.")
      #expect(try await Self.run(notes, database).output.contains("2 unchanged"))
      let read = try await Self.run(notes, database, "--reread")
      #expect(read.output.contains("1 changed, 0 removed, 1 unchanged"), "\(read.output)")
      #expect(server.texts.count == 3 && server.texts.values.allSatisfy { $0 == 1 })
      #expect(try await Self.run("search", "pears", database).output.contains("Pears are ripe."))
    }
  }
}
