import CompanionKit
import ExampleSupport

/// What the command line of `companion-sim crash` asks for.
struct CrashOptions {
  /// The file; `nil` for one of its own that is removed when all is well.
  var path: String?
  var kills = 0
  /// How many workers run on the file at the same time.
  var processes = 2
  var seed: UInt64 = 1
  /// Whether a kill also takes what was not synchronised, as a power cut does.
  var losesUnsynced = false
  var durability = SQLiteStore.Durability.full
  var printsJSON = false
  var printsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    var store: String?
    var kills: Int?
    var processes: Int?
    while let flag = rest.popFirst() {
      switch flag {
      case "--store": store = try Self.value(of: flag, &rest)
      case "--path": path = try Self.value(of: flag, &rest)
      case "--kills": kills = try Self.number(of: flag, &rest, atLeast: 1)
      case "--processes": processes = try Self.number(of: flag, &rest, atLeast: 1)
      case "--seed": seed = try Self.number(of: flag, &rest, atLeast: 0)
      case "--lose-unsynced": losesUnsynced = true
      case "--durability":
        switch try Self.value(of: flag, &rest) {
        case "full": durability = .full
        case "normal": durability = .normal
        default: throw UsageError("--durability takes full or normal.")
        }
      case "--json": printsJSON = true
      case "--help", "-h": printsHelp = true
      default: throw UsageError("Unknown option \(flag).")
      }
    }
    if printsHelp { return }
    guard store == "sqlite" else {
      throw UsageError("--store sqlite is needed: no other file survives.")
    }
    guard let kills else { throw UsageError("--kills needs a number, such as 100.") }
    self.kills = kills
    if losesUnsynced, let processes, processes > 1 {
      throw UsageError(
        "--lose-unsynced works with one process at a time: each keeps what is not synchronised to itself, so "
          + "that others would not see it. Leave --processes out.")
    }
    self.processes = losesUnsynced ? 1 : processes ?? 2
  }

  private static func value(
    of flag: String, _ rest: inout ArraySlice<String>
  ) throws(UsageError) -> String {
    guard let value = rest.popFirst(), !value.isEmpty else { throw UsageError("\(flag) needs a value.") }
    return value
  }

  private static func number<Number: FixedWidthInteger>(
    of flag: String, _ rest: inout ArraySlice<String>, atLeast least: Number
  ) throws(UsageError) -> Number {
    guard let number = Number(try value(of: flag, &rest)), number >= least else {
      throw UsageError("\(flag) needs a number from \(least).")
    }
    return number
  }

  static let help = """
    Kills worker processes, and checks that no task was lost and none done twice.

    usage: companion-sim crash --store sqlite --kills K [options]

      --store sqlite      the store
      --kills K           how many processes are killed
      --path FILE         the file to work on; without it, one that is removed when all is well
      --processes N       how many work on it at the same time; without it, 2
      --lose-unsynced     a kill also takes what was not synchronised to the disk, as a power cut does;
                          with one process at a time, since others would not see what was not synchronised
      --durability full|normal
                          what a commit waits for; without it, full. With normal and --lose-unsynced tasks
                          must be lost: that shows that the check finds them
      --seed S            chooses the moments of the kills and the work; without it, 1
      --json              also print the outcome as one object

    The last line is "K kills, A acknowledged, lost L, doubled D". It exits 1 unless nothing was lost or
    doubled, everything has ended, and every history is whole; 2 when the command line is not understood.
    """
}
