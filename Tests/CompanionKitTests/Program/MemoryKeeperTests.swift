import CompanionKit
import Foundation
import Testing

/// The `memory-keeper` program, run as a person runs it.
struct MemoryKeeperTests {
  static func start(_ arguments: [String]) throws -> Program {
    try Program.start("memory-keeper", arguments)
  }

  static func run(_ arguments: String...) async throws -> Program.Result {
    await (try start(arguments)).end()
  }

  /// A folder with a file of conversations, and the options for a store of its own.
  static func withLog(
    _ lines: [String], _ body: (_ log: String, _ store: String) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let log = "\(folder)/log.jsonl"
      try write(lines, to: log)
      try await body(log, "--store=\(folder)/memory.db")
    }
  }

  static func write(_ lines: [String], to log: String) throws {
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: log))
  }

  private static func append(_ line: String, to log: String) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: log))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(line.utf8))
  }

  /// A line of a file, in its minute.
  static func line(
    _ text: String, by speaker: String = "anna", in channel: String = "kitchen", thread: String? = nil,
    minute: Int = 0
  ) -> String {
    let thread = thread.map { #""thread":"\#($0)","# } ?? ""
    let time = "2026-03-01T09:\(minute < 10 ? "0" : "")\(minute):00Z"
    return #"{"channel":"\#(channel)",\#(thread)"speaker":"\#(speaker)","time":"\#(time)","text":"\#(text)"}"#
  }

  static let talk = [
    line("I have moved to Kyoto, and I work as a baker now.", minute: 1),
    line("I am allergic to walnuts.", by: "ben", minute: 2),
    line("I will remember: no walnuts.", by: "assistant", minute: 3),
    line("I plan to bring plum wine to the party.", thread: "party", minute: 4),
    line("私は大阪に住んでいます。", by: "haruko", in: "街角", minute: 5),
    line("我对花生过敏。", by: "wei", in: "茶馆", minute: 6),
  ]

  @Test func `the sample is remembered in its three languages, and fed again it costs nothing`() async throws
  {
    // The sources lie above the folder that is built into.
    let sample = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Examples/memory-keeper/sample.jsonl").standardized.path
    try await withFolder { folder in
      let store = "--store=\(folder)/memory.db"
      let first = try await Self.run("feed", sample, store)
      #expect(first.status == 0, "\(first.complaints)")
      #expect(first.output.contains("18 new messages"))
      let again = try await Self.run("feed", sample, store)
      #expect(again.status == 0)
      #expect(again.output.contains("0 new messages, 18 known"))
      #expect(again.output.contains("; 0 calls"))
      let shown = try await Self.run("show", store, "--time-zone", "Asia/Tokyo")
      for text in [
        "channel kitchen\n", "thread kitchen/party\n", "user haruko\n", "workspace main\n",
        "anna moved to Kyoto",
        "“I have moved to Kyoto”, kitchen 1", "superseded", "harukoは抹茶が好き", "li对花生过敏", "offline/extractive",
      ] {
        #expect(shown.output.contains(text), "\(text)")
      }
      let thread = try await Self.run("show", "--channel", "kitchen", "--thread", "party", store)
      #expect(thread.output.contains("plum wine") && !thread.output.contains("Kyoto"))
      let user = try await Self.run("show", "--user", "wei", store)
      #expect(user.output.contains("乌龙茶") && !user.output.contains("walnuts"))
      let found = try await Self.run("recall", "Who is allergic to walnuts?", store, "--channel", "kitchen")
      #expect(found.output.contains("kitchen 3, anna") && !found.output.contains("茶馆 2"))
      let few = try await Self.run("recall", "walnuts", store, "--budget", "20")
      #expect(few.complaints.contains("did not fit 20 tokens"))
    }
  }

  @Test func `lines that are added are stored, changed ones are edits, and what is deleted stays so`()
    async throws
  {
    var talk = Self.talk
    try await Self.withLog(talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      talk[0] = Self.line("I have moved to Osaka, and I work as a baker now.", minute: 1)
      talk[2] = Self.line("I will remember: no nuts.", by: "assistant", minute: 3)
      talk.append(Self.line("I like chess.", by: "ben", minute: 7))
      try Self.write(talk, to: log)
      let changed = try await Self.run("feed", log, store)
      #expect(changed.status == 0)
      #expect(changed.output.contains("1 new message, 1 edited, 4 known"))
      #expect(changed.complaints.contains("line 3: the companion's words cannot be changed"))
      let shown = try await Self.run("show", store)
      #expect(shown.output.contains("Osaka") && shown.output.contains("chess"))
      #expect(!shown.output.contains("Kyoto"))

      #expect(try await Self.run("forget", "message", "kitchen", "1", store).status == 0)
      let again = try await Self.run("feed", log, store)
      #expect(again.output.contains("1 deleted or forgotten"))
      #expect(!(try await Self.run("show", store)).output.contains("Osaka"))

      talk.removeFirst()
      try Self.write(talk, to: log)
      let moved = try await Self.run("feed", log, store)
      #expect(moved.status == 1)
      #expect(moved.complaints.contains("line 1: it is line 1 of kitchen, where the store has another time"))
    }
  }

  @Test func `a line that cannot be read keeps all of the file from being stored, unless it may be left out`()
    async throws
  {
    let bad = [
      "no JSON", "[]", #"{"channel":"a b","speaker":"anna","time":1,"text":"x"}"#,
      #"{"channel":"a","speaker":"anna","time":"yesterday","text":"x"}"#,
      #"{"channel":"a","speaker":"anna","time":1e300,"text":"x"}"#,
      #"{"channel":"a","speaker":"anna","time":1,"text":" "}"#, #"{"channel":"a","speaker":"anna","time":1}"#,
      #"{"channel":"a","thread":7,"speaker":"anna","time":1,"text":"x"}"#,
      #"{"channel":"a","speaker":"~anna","time":1,"text":"x"}"#,
      #"{"channel":"~a","speaker":"anna","time":1,"text":"x"}"#,
    ]
    try await Self.withLog([Self.talk[0]] + bad + ["", Self.talk[1]]) { log, store in
      let refused = try await Self.run("feed", log, store)
      #expect(refused.status == 1 && refused.output.isEmpty)
      for (number, problem) in [
        (2, "not JSON"), (3, "no JSON object"), (4, "\"channel\" is to be a name"),
        (5, "\"time\" is to be like"),
        (6, "out of the range"), (7, "empty"), (8, "\"text\" is missing"), (9, "\"thread\" is no string"),
        (10, "\"speaker\" is to be a name without ~"),
        (11, "\"channel\" is to be a name without ~"),
      ] {
        let told = refused.complaints.split(separator: "\n").first { $0.contains("line \(number): ") }
        #expect(told?.contains(problem) == true, "\(number): \(refused.complaints)")
      }
      let path = String(store.dropFirst("--store=".count))
      #expect(!FileManager.default.fileExists(atPath: path))
      let taken = try await Self.run("feed", log, store, "--skip-bad")
      #expect(taken.status == 0 && taken.output.contains("2 new messages"))
      #expect(taken.complaints.contains("10 lines are left out."))
    }
  }

  @Test func `the names of a place have 126 bytes together, and a line says so where they have more`()
    async throws
  {
    // "main", 119 bytes and a slash, which counts three; and one more.
    let longest = String(repeating: "c", count: 119)
    for (name, isTaken) in [(longest + "/", true), (longest + "c/", false)] {
      try await Self.withLog([Self.line("I like chess.", in: name)]) { log, store in
        let fed = try await Self.run("feed", log, store)
        #expect(fed.status == (isTaken ? 0 : 1), "\(fed.complaints)")
        #expect(fed.complaints.contains("more than 126 bytes together") != isTaken)
      }
    }
  }

  @Test func `the export is JSON of what a person has said`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      let exported = try await Self.run("export", "anna", store)
      #expect(exported.status == 0)
      let json = try JSONDecoder().decode(JSONValue.self, from: Data(exported.output.utf8))
      #expect(json["format"] == "companion-memory" && json["user"] == "anna")
      #expect(exported.output.contains("Kyoto") && !exported.output.contains("allergic to walnuts"))
    }
  }

  @Test func `a private channel that there is none of is told, since its name may be misspelt`() async throws
  {
    try await Self.withLog(Self.talk) { log, store in
      let result = try await Self.run("feed", log, store, "--private", "Kitchen")
      #expect(result.status == 0)
      #expect(result.complaints.contains("no channel is named Kitchen"))
      #expect(
        try await !Self.run("feed", log, store, "--private", "kitchen").complaints.contains("no channel"))
    }
  }

  @Test func `a channel that is private is remembered in itself alone`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      #expect(try await Self.run("feed", log, store, "--private", "kitchen").status == 0)
      let shown = try await Self.run("show", store).output
      #expect(shown.contains("channel kitchen\n") && !shown.contains("user anna\n"))
      let shared = shown[(shown.range(of: "workspace main\n")?.lowerBound ?? shown.endIndex)...]
      #expect(!shared.contains("Kyoto") && shared.contains("大阪"))
    }
  }

  @Test func `what is private stays so, until something else is asked for`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      #expect(try await Self.run("feed", log, store, "--private", "kitchen,茶馆").status == 0)
      try Self.append(Self.line("I have moved to Nara.", minute: 8) + "\n", to: log)
      let watched = try await Self.run("watch", "--once", log, store)
      #expect(watched.status == 0 && watched.output.contains("Nara"))
      let kept = try await Self.run("show", store).output
      #expect(kept.contains("channel kitchen\n") && !kept.contains("user anna\n"))
      let hidden = kept[(kept.range(of: "workspace main\n")?.lowerBound ?? kept.endIndex)...]
      #expect(
        !hidden.contains("Kyoto") && !hidden.contains("Nara") && !hidden.contains("花生")
          && hidden.contains("大阪"))

      #expect(try await Self.run("feed", log, store, "--share", "all").status == 0)
      try Self.append(Self.line("I have moved to Kobe.", minute: 9) + "\n", to: log)
      #expect(try await Self.run("feed", log, store).status == 0)
      let all = try await Self.run("show", store).output
      let shared = all[(all.range(of: "workspace main\n")?.lowerBound ?? all.endIndex)...]
      #expect(all.contains("user anna\n") && shared.contains("Kyoto"))
    }
  }

  @Test func `watching prints what is remembered as the file grows, until Ctrl-C`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      let program = try Self.start(["watch", log, store, "--pause", "0.05"])
      let first = await program.output { $0.contains("memory: ") }
      #expect(first.contains("channel kitchen\n") && first.contains("anna moved to Kyoto"))
      let new = Self.line("I have two dogs.", by: "cleo", minute: 8)
      // A line may come in pieces.
      try Self.append(String(new.prefix(30)), to: log)
      try Self.append(new.dropFirst(30) + "\n", to: log)
      let second = await program.output { $0.contains("cleo has two dogs") }
      #expect(second.contains("channel kitchen, new fact\n"))
      // An editor puts another file in its place.
      let other = "\(log).new"
      try Self.write(Self.talk + [new, Self.line("I like opera.", by: "dan", minute: 9)], to: other)
      #expect(rename(other, log) == 0)
      _ = await program.output { $0.contains("dan likes opera") }
      program.send(SIGINT)
      let end = await program.end()
      #expect(end.status == 130)
      #expect(end.output.contains("dan likes opera"), "\(end.complaints)")
      #expect(end.complaints.hasSuffix("Stopped. What is stored stays, and the next run goes on.\n"))
    }
  }

  @Test func `watching once prints events as lines of JSON`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      let result = try await Self.run("watch", log, store, "--once", "--json")
      #expect(result.status == 0)
      let events = try result.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
      let types = Set(events.compactMap { $0["type"]?.string })
      #expect(types.isSuperset(of: ["memory.stored", "memory.fact_stored", "memory.run_ended"]))
    }
  }

  @Test func `killed in the middle of a run, it goes on where it was`() async throws {
    let talk = (0..<400).map { index in
      Self.line(
        "I have moved to place\(index), where it rains.", by: "p\(index % 7)", in: "c\(index % 9)",
        minute: index % 60)
    }
    try await Self.withLog(talk) { log, store in
      let program = try Self.start(["watch", log, store])
      _ = await program.output { $0.contains("short-term") }
      program.send(SIGKILL)
      let killed = await program.end()
      #expect(killed.status == 128 + SIGKILL && !killed.output.contains("memory: "))
      let rest = try await Self.run("feed", log, store)
      #expect(rest.status == 0 && rest.output.contains("0 new messages, 400 known"))
      let again = try await Self.run("feed", log, store)
      #expect(again.output.contains("; 0 calls"))
      let shown = try await Self.run("show", "--channel", "c8", store)
      #expect(shown.output.contains("place395") || shown.output.contains("place386"))
    }
  }

  @Test(arguments: [
    [], ["feed"], ["feed", "a", "b"], ["nonsense"], ["show", "x"], ["show", "--thread", "t"],
    ["show", "--channel", "c", "--user", "u"], ["recall"], ["forget"], ["forget", "message", "c", "x"],
    ["forget", "channel", "a b"], ["forget", "user", "~forgotten"], ["export"],
    ["feed", "a", "--time-zone", "Nowhere/Land"],
    ["feed", "a", "--budget-calls", "0"], ["feed", "a", "--share", "none", "--private", "c"],
    ["feed", "a", "--json"],
    ["feed", "a", "--nonsense"], ["feed", "a", "--model", "m"],
    ["feed", "a", "--api", "offline", "--model", "m"],
  ])
  func `a command line that cannot be is told, with the usage, and a status`(arguments: [String]) async throws
  {
    let result = await (try Self.start(arguments)).end()
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.complaints.hasPrefix("memory-keeper: "))
    #expect(result.complaints.contains("\nusage: memory-keeper "))
  }

  @Test func `what cannot be read, or written, is one clear line and a status`() async throws {
    try await Self.withLog(Self.talk) { log, store in
      let missing = try await Self.run("feed", "\(log).none", store)
      #expect(missing.status == 1 && missing.complaints == "memory-keeper: \(log).none: it is not there\n")
      let nothing = try await Self.run("show", store)
      #expect(nothing.status == 1 && nothing.complaints.hasSuffix("there is no store; feed makes one\n"))
      let damaged = try await Self.run("show", "--store", log)
      #expect(damaged.status == 1 && damaged.complaints.hasPrefix("memory-keeper: The store "))
      #expect(damaged.complaints.count { $0 == "\n" } == 1)
      #if os(Linux)
        #expect(try await Self.run("feed", log, store).status == 0)
        let keeper = Program.path(of: "memory-keeper")
        let shell = try Program(
          ["-c", "\(keeper) export anna \(store) >/dev/full"], executable: "/bin/sh")
        shell.endInput()
        let full = await shell.end()
        #expect(full.status == 1 && full.complaints == "memory-keeper: The output cannot be written.\n")
      #endif
    }
  }

  @Test func `nothing that was said is obeyed by a terminal`() async throws {
    let talk = [Self.line(#"I live in \u001b[2JKyoto\u202e."#, minute: 1)]
    try await Self.withLog(talk) { log, store in
      #expect(try await Self.run("feed", log, store).status == 0)
      for arguments in [["show"], ["recall", "Kyoto"]] {
        let result = await (try Self.start(arguments + [store])).end()
        #expect(result.output.contains("Kyoto"))
        #expect(
          !result.output.unicodeScalars.contains {
            $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.isBidiControl)
          })
      }
    }
  }
}
