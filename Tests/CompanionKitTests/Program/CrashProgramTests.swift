import Foundation
import Testing

/// `companion-sim crash`, which kills processes of its own.
@Suite(.serialized) struct CrashProgramTests {
  @Test(arguments: [["--processes", "2"], ["--lose-unsynced"]])
  func `a few kills lose nothing, and do nothing twice`(mode: [String]) async throws {
    let result = try await Self.crash(["--kills", "5"] + mode)
    let outcome = try #require(Outcome(result.lines.last))
    #expect(outcome.kills == 5 && outcome.lost == 0 && outcome.doubled == 0, "\(result.output)")
    #expect(outcome.acknowledged > 0)
    #expect(result.status == 0, "\(result.output) \(result.complaints)")
  }

  /// The control: were the file's content there in spite of it, a run that loses nothing would show nothing.
  @Test func `commits that do not wait for the disk are lost with what was not synchronised`() async throws {
    try await withFolder { folder in
      let result = try await Self.crash(
        ["--kills", "5", "--lose-unsynced", "--durability", "normal", "--path", "\(folder)/crash.db"])
      let outcome = try #require(Outcome(result.lines.last))
      #expect(outcome.lost > 0 && outcome.lost <= outcome.acknowledged, "\(result.output)")
      #expect(result.status == 1)
    }
  }

  @Test func `as JSON the outcome is an object before the last line`() async throws {
    let result = try await Self.crash(["--kills", "1", "--json"])
    let line = try #require(result.lines.dropLast().last)
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["kills"] as? Int == 1 && object["lost"] as? Int == 0)
    #expect(Outcome(result.lines.last)?.kills == 1)
  }

  @Test func `a file that holds somebody's conversation is left alone`() async throws {
    try await withFolder { folder in
      let store = "\(folder)/demo.db"
      _ = try await Program.run(["--store", store], input: "Hello\n")
      let result = try await Self.crash(["--kills", "1", "--path", store])
      #expect(result.status == 2 && result.output.isEmpty)
      #expect(result.complaints.contains("Name a new file."))
    }
  }

  @Test(arguments: [
    ["--kills", "5"], ["--store", "memory", "--kills", "5"], ["--store", "sqlite"],
    ["--store", "sqlite", "--kills", "none"], ["--store", "sqlite", "--kills", "0"],
    ["--store", "sqlite", "--kills", "5", "--lose-unsynced", "--processes", "2"],
    ["--store", "sqlite", "--kills", "5", "--durability", "none"], ["--store", "sqlite", "--kills"],
    ["--store", "sqlite", "--kills", "5", "--sharp"], ["worker"],
  ])
  func `a command line that is not understood says why`(arguments: [String]) async throws {
    let result = try await Self.run(["crash"] + arguments)
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.complaints.hasPrefix("companion-sim: "))
  }

  private static func crash(_ arguments: [String]) async throws -> Program.Result {
    try await run(["crash", "--store", "sqlite"] + arguments)
  }

  private static func run(_ arguments: [String]) async throws -> Program.Result {
    let executable = Program.path(of: "companion-sim")
    return try await Program(arguments, executable: executable).end()
  }

  /// The last line.
  private struct Outcome {
    let kills: Int
    let acknowledged: Int
    let lost: Int
    let doubled: Int

    init?(_ line: String?) {
      let form = /(\d+) kills, (\d+) acknowledged, lost (\d+), doubled (\d+)/
      guard let match = line?.wholeMatch(of: form)?.output, let kills = Int(match.1),
        let acknowledged = Int(match.2), let lost = Int(match.3), let doubled = Int(match.4)
      else { return nil }
      self.kills = kills
      self.acknowledged = acknowledged
      self.lost = lost
      self.doubled = doubled
    }
  }
}
