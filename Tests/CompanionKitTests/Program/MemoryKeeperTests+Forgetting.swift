import CompanionKit
import Foundation
import Testing

extension MemoryKeeperTests {
  @Test(arguments: [
    ["channel", "kitchen"], ["thread", "kitchen", "party"], ["user", "anna"], ["message", "kitchen", "1"],
  ])
  func `what is forgotten is in no byte of the store's files, and does not come back`(
    target: [String]
  )
    async throws
  {
    try await Self.withLog(Self.talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      let forgotten = await (try Self.start(["forget"] + target + [store])).end()
      #expect(forgotten.status == 0 && forgotten.output.hasPrefix("forgotten: "), "\(forgotten.complaints)")
      let words = target.first == "thread" ? ["plum wine"] : ["moved to Kyoto"]
      let gone = target.first == "channel" ? words + ["plum wine", "walnuts"] : words
      let isKept = target.first == "message" || target.first == "user"
      for _ in 1...2 {
        let folder = URL(filePath: log).deletingLastPathComponent()
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file != "log.jsonl"
        {
          let bytes = try Data(contentsOf: folder.appending(path: file))
          for word in gone { #expect(bytes.firstRange(of: Data(word.utf8)) == nil, "\(word) in \(file)") }
        }
        // Fed again, it does not come back.
        let again = try await Self.run("feed", log, store)
        #expect(again.status == 0 && again.output.contains("deleted or forgotten"))
        #expect(again.output.contains("0 new messages"))
      }
      let shown = try await Self.run("show", store)
      #expect(shown.output.contains("花生"))
      #expect(shown.output.contains("walnuts") == isKept || target.first == "thread")
      let twice = await (try Self.start(["forget"] + target + [store])).end()
      #expect(twice.status == 0)
    }
  }

  @Test(arguments: [1, 2, 4])
  func `killed while it forgets, it has forgotten nothing, or what it has does not come back`(
    changes: Int
  ) async throws {
    let talk = (0..<300).map { Self.line("Plum \($0) is ripe.", by: "p\($0 % 3)", minute: $0 % 60) }
    try await Self.withLog(talk + [Self.talk[4]]) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      let path = String(store.dropFirst("--store=".count))
      // While somebody has the store open, what is committed is written beside it.
      let open = try await SQLiteStore.sqlite(at: path)
      _ = try await open.document(DocumentID(bits: 1))
      let written = try SystemFileWatcher.system.changes(of: "\(path)-wal")
      let program = try Self.start(["forget", "channel", "kitchen", store])
      let killer = Task {
        var left = changes
        for await _ in written {
          left -= 1
          if left == 0 { return program.send(SIGKILL) }
        }
      }
      _ = await program.end()
      killer.cancel()
      await open.close()
      let again = try await Self.run("feed", log, store)
      let isForgotten = again.output.contains("0 new messages, 1 known, 300 deleted or forgotten")
      #expect(isForgotten || again.output.contains("0 new messages, 301 known"), "\(again.output)")
      #expect(try await Self.run("forget", "channel", "kitchen", store).status == 0)
      let last = try await Self.run("feed", log, store)
      #expect(last.output.contains("0 new messages, 1 known, 300 deleted or forgotten"))
    }
  }

  @Test func `lines that are put in the place of forgotten ones are refused, and those behind them stored`()
    async throws
  {
    try await Self.withLog(Self.talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      #expect(try await Self.run("forget", "channel", "kitchen", store).status == 0)
      try Self.write([Self.line("I like chess.", minute: 9)], to: log)
      let refused = try await Self.run("feed", log, store)
      #expect(refused.status == 1)
      #expect(
        refused.complaints.contains("line 1: it is line 1 of kitchen, where an earlier one was forgotten"))
      try Self.write(Self.talk + [Self.line("I like chess.", minute: 9)], to: log)
      let taken = try await Self.run("feed", log, store)
      #expect(taken.output.contains("1 new message, 2 known, 4 deleted or forgotten"))
      // What is forgotten once more has the places of what was forgotten before.
      #expect(try await Self.run("forget", "channel", "kitchen", store).output.contains("1 message,"))
      #expect(try await Self.run("feed", log, store).output.contains("0 new messages, 2 known, 5 deleted"))
      #expect(!(try await Self.run("show", store)).output.contains("chess"))
    }
  }

  @Test func `a speaker who is called user is forgotten as any other, and does not come back`() async throws {
    let talk = [
      Self.line("I have moved to Kyoto.", by: "user", minute: 1),
      Self.line("Kyoto it is.", by: "assistant", minute: 2),
      Self.line("I like plum wine.", by: "user", minute: 3),
    ]
    try await Self.withLog(talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      let forgotten = try await Self.run("forget", "user", "user", store)
      #expect(forgotten.status == 0 && forgotten.output.contains("3 messages"))
      let again = try await Self.run("feed", log, store)
      #expect(again.output.contains("0 new messages, 3 deleted or forgotten"))
      let shown = try await Self.run("show", store)
      #expect(!shown.output.contains("Kyoto") && !shown.output.contains("plum"))
    }
  }
}
