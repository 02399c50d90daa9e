import CompanionKit
import FoundationEssentials

/// What a run came to, each finding in one line.
struct CrashVerdict {
  let options: CrashOptions
  let kills: Int
  /// How many workers were killed before they had acknowledged anything, at their very start.
  let silent: Int
  let acknowledged: Int
  /// How often a store was busy, or slow: no promise was broken.
  let busy: Int
  var completed = 0
  var lost: [String] = []
  var doubled: [String] = []
  /// What has not ended although nothing stood in its way.
  var hanging: [String] = []
  /// Ended, as is right when one worker after another dies over a task; and yet to be looked at.
  var deadLetters: [String] = []
  var flaws: [String]
  var notes: [String] = []

  init(options: CrashOptions, outcome: CrashRun.Outcome, ledger: CrashLedger.Contents) {
    self.options = options
    kills = outcome.killed
    silent = outcome.started - ledger.heard.count
    acknowledged = ledger.acknowledged.count
    busy = ledger.busy
    flaws = ledger.flaws + outcome.complaints
  }

  /// Whether everything that was promised was kept.
  var isGood: Bool { lost.isEmpty && doubled.isEmpty && hanging.isEmpty && flaws.isEmpty }

  func print(taking time: Duration) {
    for (name, findings) in [
      ("lost", lost), ("doubled", doubled), ("hanging", hanging), ("flaw", flaws),
      ("dead letter", deadLetters), ("note", notes),
    ] {
      for finding in findings.prefix(Self.shown) { Swift.print("\(name): \(finding)") }
      if findings.count > Self.shown { Swift.print("\(name): … \(findings.count - Self.shown) more") }
    }
    if options.printsJSON, let line = json(time) { Swift.print(line) }
    Swift.print("\(kills) kills, \(acknowledged) acknowledged, lost \(lost.count), doubled \(doubled.count)")
  }

  /// The most findings of a kind that are printed.
  private static let shown = 10

  private func json(_ time: Duration) -> String? {
    let value: JSONValue = [
      "store": "sqlite", "loses_unsynced": .bool(options.losesUnsynced),
      "durability": options.durability == .full ? "full" : "normal",
      "processes": .integer(Int64(options.processes)), "seed": .string(String(options.seed)),
      "kills": .integer(Int64(kills)), "silent_workers": .integer(Int64(silent)),
      "acknowledged": .integer(Int64(acknowledged)),
      "completed": .integer(Int64(completed)), "lost": .integer(Int64(lost.count)),
      "doubled": .integer(Int64(doubled.count)), "hanging": .integer(Int64(hanging.count)),
      "flaws": .integer(Int64(flaws.count)), "dead_letters": .integer(Int64(deadLetters.count)),
      "busy": .integer(Int64(busy)), "seconds": .number(time / .seconds(1)),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
  }
}
