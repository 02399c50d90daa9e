import CompanionKit
import ExampleSupport
import Foundation

/// What is to be done.
enum Command {
  case feed(String)
  case watch(String, once: Bool)
  case show(Selection)
  case recall(String, Selection, budget: Int)
  case forget(ForgetCommand.Target)
  case export(UserID)
}

/// What is looked at.
enum Selection {
  case everything
  /// A channel with its threads, or one thread.
  case place(ConversationPlace)
  case user(UserID)
}

/// What the command line asks for.
struct Options: CommandLineOptions {
  /// `nil` for the help.
  var command: Command?
  var store: String
  var workspace = WorkspaceID.main
  /// `nil` for what the store keeps.
  var sharing: ChannelSharing?
  var timeZone = TimeZone.gmt
  var companion: String
  var callBudget: Int?
  var growth: Int
  var pause: Duration
  var skipsBadLines: Bool
  var printsJSON: Bool
  let models: ModelOptions

  private let arguments: Arguments

  private static let flags: [String: Arguments.Flag] = [
    "--store": .init(), "--workspace": .init(), "--time-zone": .init(),
    "--share": .init(of: ["feed", "watch"]), "--private": .init(of: ["feed", "watch"]),
    "--companion": .init(of: ["feed", "watch"]),
    "--skip-bad": .init(takesValue: false, of: ["feed", "watch"]),
    "--budget-calls": .init(of: ["feed", "watch"]), "--once": .init(takesValue: false, of: ["watch"]),
    "--growth": .init(of: ["watch"]), "--pause": .init(of: ["watch"]),
    "--json": .init(takesValue: false, of: ["watch"]), "--channel": .init(of: ["show", "recall"]),
    "--thread": .init(of: ["show", "recall"]), "--user": .init(of: ["show", "recall"]),
    "--budget": .init(of: ["recall"]),
  ]

  /// Reads a command line, without the program's name.
  init(_ line: [String]) throws(UsageError) {
    let arguments = try Arguments(line, flags: Self.flags.merging(ModelOptions.flags) { first, _ in first })
    self.arguments = arguments
    models = arguments.wantsHelp ? ModelOptions() : try ModelOptions(arguments)
    store = arguments["--store"] ?? "memory.db"
    companion = arguments["--companion"] ?? "assistant"
    callBudget = try arguments.count("--budget-calls")
    growth = try arguments.count("--growth") ?? 1
    pause = try arguments.seconds("--pause") ?? .seconds(5)
    skipsBadLines = arguments.has("--skip-bad")
    printsJSON = arguments.has("--json")
    if arguments.wantsHelp { return }
    if let name = arguments["--workspace"] { workspace = try Self.name(name, "--workspace") }
    if let name = arguments["--time-zone"] {
      guard let zone = TimeZone(identifier: name) else {
        throw UsageError("--time-zone needs the name of one, such as Asia/Tokyo.")
      }
      timeZone = zone
    }
    sharing = try Self.sharing(arguments)
    guard let name = arguments.words.first else {
      throw UsageError("Name a command, such as feed or show.")
    }
    command = try command(name, Array(arguments.words.dropFirst()))
  }

  private func command(_ name: String, _ words: [String]) throws(UsageError) -> Command {
    switch name {
    case "feed": return .feed(try file(of: name, words))
    case "watch": return .watch(try file(of: name, words), once: arguments.has("--once"))
    case "show":
      guard words.isEmpty else { throw UsageError("show takes no more words.") }
      return .show(try selection())
    case "recall":
      let query = words.joined(separator: " ")
      guard query.contains(where: { !$0.isWhitespace }) else { throw UsageError("recall needs a query.") }
      return .recall(query, try selection(), budget: try arguments.count("--budget") ?? 1_000)
    case "forget": return .forget(try target(words))
    case "export":
      guard let user = words.first, words.count == 1 else { throw UsageError("export needs one person.") }
      return .export(try Self.name(user, "export"))
    default: throw UsageError("There is no command \(name.prefix(40)).")
    }
  }

  private func file(of command: String, _ words: [String]) throws(UsageError) -> String {
    guard let file = words.first, words.count == 1, !file.isEmpty else {
      throw UsageError("\(command) needs one file.")
    }
    return file
  }

  private func selection() throws(UsageError) -> Selection {
    let channel = arguments["--channel"]
    if let user = arguments["--user"] {
      guard channel == nil, !arguments.has("--thread") else {
        throw UsageError("--user goes without --channel and --thread.")
      }
      return .user(try Self.name(user, "--user"))
    }
    guard let channel else {
      if arguments.has("--thread") { throw UsageError("--thread needs --channel.") }
      return .everything
    }
    return .place(try place(channel, arguments["--thread"]))
  }

  private func target(_ words: [String]) throws(UsageError) -> ForgetCommand.Target {
    switch (words.first, words.count) {
    case ("user", 2):
      let user: UserID = try Self.name(words[1], "forget user")
      guard !user.isReserved else { throw UsageError("Nobody has a name that begins with ~.") }
      return .user(user)
    case ("channel", 2): return .place(try place(words[1], nil))
    case ("thread", 3): return .place(try place(words[1], words[2]))
    case ("message", 3...4):
      guard let number = Int64(words[words.count - 1]), number > 0 else {
        throw UsageError("forget message needs the number of a message, as recall and show print it.")
      }
      let thread = words.count == 4 ? words[2] : nil
      return .message(try place(words[1], thread), SequenceNumber(rawValue: number))
    default:
      throw UsageError(
        "Usage: forget user NAME, channel NAME, thread CHANNEL NAME, or message CHANNEL [THREAD] N.")
    }
  }

  private func place(_ channel: String, _ thread: String?) throws(UsageError) -> ConversationPlace {
    var place = ConversationPlace(workspace: workspace, channel: try Self.name(channel, "A channel"))
    if let thread { place.thread = try Self.name(thread, "A thread") }
    return place
  }

  private static func name<Name: Identifier>(_ text: String, _ what: String) throws(UsageError) -> Name {
    guard let name = Name(rawValue: text) else {
      throw UsageError("\(what) needs a name of 1 to 128 bytes without spaces.")
    }
    return name
  }

  private static func sharing(_ arguments: Arguments) throws(UsageError) -> ChannelSharing? {
    if let excluded = arguments["--private"] {
      guard ["all", nil].contains(arguments["--share"]) else {
        throw UsageError("--private names what --share all leaves out: it goes with no other --share.")
      }
      return .allExcept(try channels(excluded, "--private"))
    }
    switch arguments["--share"] {
    case nil: return nil
    case "all": return .all
    case "none": return ChannelSharing.none
    case let names?: return .only(try channels(names, "--share"))
    }
  }

  private static func channels(_ list: String, _ flag: String) throws(UsageError) -> Set<ChannelID> {
    var channels: Set<ChannelID> = []
    for name in list.split(separator: ",") { channels.insert(try Self.name(String(name), flag)) }
    guard !channels.isEmpty else { throw UsageError("\(flag) needs names of channels, with commas.") }
    return channels
  }

  static let usage = "usage: memory-keeper feed|watch|show|recall|forget|export … [options]"

  static let help = """
    Forms the memory of conversations that are in a file.

    \(usage)

      feed FILE                store what is new in a file, and form memory of it
      watch FILE               the same, printing what is remembered as it forms; goes on as the file grows
          --once                   end after the first run
          --growth N               so many new messages begin a run; 1 without it
          --pause SECONDS          once nothing more has come for so long; 5 without it
          --json                   print one event a line, as JSON
      show                     what is remembered, and what from
          --channel C [--thread T] | --user U
      recall QUERY             find messages, memories and facts; in all of the workspace, or only in
          --channel C [--thread T] | --user U
          --budget N               as much as fits N tokens; 1000 without it
      forget user NAME         for good, with all that was derived from it; so are
      forget channel NAME
      forget thread CHANNEL NAME
      forget message CHANNEL [THREAD] N
      export USER              everything about a person, as JSON

    Each line of the file is a message, in its conversation's order:

      {"channel": "kitchen", "thread": "party", "speaker": "anna", "time": "2026-03-01T09:30:00+09:00", "text": "Hi"}

    "thread" may be missing; "time" may also be the seconds since 1970; no "channel" or "speaker" begins
    with ~. Lines may be added at the end, and texts changed, which is an edit. Fed again, a file costs nothing but
    what is new; what was forgotten stays so.

      --store FILE          where everything is kept; without it, memory.db
      --workspace W         what the channels belong to; without it, main
      --companion NAME      whose lines are the companion's; without it, assistant. They explain what people say,
                            and are not remembered themselves
      --skip-bad            leave out lines that cannot be read, and tell of them; without it, such a line keeps the
                            whole file from being stored
      --share all|none|C1,C2
                            which channels go into the memory of the workspace, which all channels see, and into
                            that of the people who speak in them; without it, as before, and at first all. What is not
                            shared is remembered in its channel alone
      --private C1,C2       share all but these. The store keeps what was asked for last, with this option or
                            --share, and goes by it where neither is given; a new one takes its place as a whole
      --time-zone Z         how times are told, such as Asia/Tokyo; without it, UTC
      --budget-calls N      the most calls of the model in one run; without it, as many as it takes offline, else 500
                            calls or 500,000 tokens
    \(ModelOptions.help)
      --help                print this

    The offline model does not write: it picks sentences, and knows common ways of stating a fact.

    Ctrl-C ends the program; what is stored stays, and the next run goes on. The exit status is 0 when all is done,
    1 after a failure, 2 for a command line that cannot be understood, 130 and 143 after an interruption.
    """
}
