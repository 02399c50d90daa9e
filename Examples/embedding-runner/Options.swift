import CompanionKit
import ExampleSupport
import Foundation

/// What is to be done.
enum Command {
  case run(String)
  case watch(String)
  case search(String)
  case status
  case retry
  case forgetModel(String, dimension: Int?)
}

/// What the command line asks for.
struct Options: CommandLineOptions {
  /// `nil` for the help.
  var command: Command?
  var database: String
  /// `nil` for what the database keeps.
  var service: EmbeddingChoice?
  var batchSize: Int?
  /// How often what has failed is tried again before it is parked.
  var retries: Int
  var types: Set<String> = ["txt", "text", "md", "markdown", "mdown", "mkd"]
  /// In bytes.
  var sizeLimit: Int
  var interval: Duration
  /// How many are found at most.
  var limit: Int
  /// Which files are looked for.
  var filter = RecallFilter.all
  var isMoved: Bool
  /// Whether it is right that no file is left.
  var mayBeEmpty: Bool
  /// Whether files are read though their sizes and times are as they were.
  var rereads: Bool
  var printsJSON: Bool

  private static let flags: [String: Arguments.Flag] = [
    "--database": .init(),
    "--embeddings": .init(of: ["run", "watch", "search", "retry"]),
    "--model": .init(of: ["run", "watch", "search", "retry"]),
    "--key": .init(of: ["run", "watch", "search", "retry"]),
    "--batch": .init(of: ["run", "watch", "retry"]), "--retries": .init(of: ["run", "watch", "retry"]),
    "--types": .init(of: ["run", "watch"]), "--max-size": .init(of: ["run", "watch"]),
    "--moved": .init(takesValue: false, of: ["run", "watch"]),
    "--emptied": .init(takesValue: false, of: ["run", "watch"]),
    "--reread": .init(takesValue: false, of: ["run", "watch"]),
    "--dimension": .init(of: ["forget-model"]),
    "--every": .init(of: ["watch"]), "--limit": .init(of: ["search"]),
    "--since": .init(of: ["search"]), "--before": .init(of: ["search"]), "--type": .init(of: ["search"]),
    "--json": .init(takesValue: false, of: ["run", "watch", "search", "status", "retry"]),
  ]

  private static let commands: Set = ["run", "watch", "search", "status", "retry", "forget-model"]

  /// Reads a command line, without the program's name.
  init(_ line: [String]) throws(UsageError) {
    let arguments = try Arguments(line, flags: Self.flags, commands: Self.commands, standard: "run")
    database = arguments["--database"] ?? "embeddings.db"
    batchSize = try arguments.count("--batch")
    retries = 2
    if let text = arguments["--retries"] {
      guard let count = Int(text), (0...100).contains(count) else {
        throw UsageError("--retries needs a whole number from 0 to 100.")
      }
      retries = count
    }
    sizeLimit = try arguments.count("--max-size") ?? 2_000_000
    interval = try arguments.seconds("--every") ?? .seconds(5)
    limit = try arguments.count("--limit") ?? 10
    isMoved = arguments.has("--moved")
    mayBeEmpty = arguments.has("--emptied")
    rereads = arguments.has("--reread")
    printsJSON = arguments.has("--json")
    if arguments.wantsHelp { return }
    service = try EmbeddingChoice(arguments)
    if let types = arguments["--types"] {
      self.types = Set(types.split(separator: ",").map(Self.type))
      guard !self.types.isEmpty, self.types.allSatisfy(Self.isType) else {
        throw UsageError("--types needs the ends of file names, with commas, such as md,rst.")
      }
    }
    filter = try Self.filter(arguments)
    guard let name = arguments.words.first else {
      throw UsageError("Name a folder, or a command, such as search.")
    }
    let dimension = try arguments.count("--dimension")
    command = try Self.command(name, Array(arguments.words.dropFirst()), dimension: dimension)
  }

  /// What a file name ends in, with or without its dot.
  private static func type(_ text: some StringProtocol) -> String {
    let name = text.lowercased().trimmingCharacters(in: .whitespaces)
    return name.hasPrefix(".") ? String(name.dropFirst()) : name
  }

  private static func isType(_ type: String) -> Bool {
    !type.isEmpty && !type.contains { "./,".contains($0) }
  }

  private static func filter(_ arguments: Arguments) throws(UsageError) -> RecallFilter {
    var filter = RecallFilter()
    if let type = arguments["--type"].map(Self.type) {
      guard Self.isType(type) else {
        throw UsageError("--type needs the end of a file name, such as md.")
      }
      filter.metadata = ["type": type]
    }
    let since = try day("--since", arguments) ?? Timestamp(nanosecondsSinceEpoch: .min)
    let before = try day("--before", arguments) ?? .distantFuture
    guard since < before else { throw UsageError("--before must be a later day than --since.") }
    if arguments.has("--since") || arguments.has("--before") { filter.times = since..<before }
    return filter
  }

  /// When a day begins, in UTC.
  private static func day(_ option: String, _ arguments: Arguments) throws(UsageError) -> Timestamp? {
    guard let text = arguments[option] else { return nil }
    let style = Date.ISO8601FormatStyle().year().month().day()
    // What is read of another format is not what was written.
    guard let date = try? style.parse(text), style.format(date) == text,
      let seconds = Int64(exactly: date.timeIntervalSince1970), abs(seconds) < 9_000_000_000
    else { throw UsageError("\(option) needs a day, such as 2026-03-01.") }
    return .epoch.advanced(by: .seconds(seconds))
  }

  private static func command(
    _ name: String, _ words: [String], dimension: Int?
  ) throws(UsageError) -> Command {
    switch name {
    case "run", "watch":
      guard let folder = words.first, words.count == 1, !folder.isEmpty else {
        throw UsageError("\(name) needs one folder.")
      }
      return name == "run" ? .run(folder) : .watch(folder)
    case "search":
      let query = words.joined(separator: " ")
      guard query.contains(where: { !$0.isWhitespace }) else { throw UsageError("search needs a query.") }
      return .search(query)
    case "forget-model":
      guard !words.isEmpty else { throw UsageError("forget-model needs a model, as status shows it.") }
      return .forgetModel(words.joined(separator: " "), dimension: dimension)
    default:
      guard words.isEmpty else { throw UsageError("\(name) takes no more words.") }
      return name == "status" ? .status : .retry
    }
  }

  static let usage = """
    usage: embedding-runner FOLDER | watch FOLDER | search QUERY | status | retry | forget-model MODEL [options]
    """

  static let help = """
    Keeps the text and Markdown files of a folder embedded, and finds them.

    \(usage)

      [run] FOLDER          embed what is new or changed in a folder, and forget what was removed. A folder that is
                            named as a command is: ./search
          --types E1,E2         which files, by the ends of their names; without it, txt, text, md, markdown, mdown, mkd
          --max-size BYTES      leave out larger files; without it, 2000000
          --moved               the folder was moved: it is the one whose files the database has
          --emptied             it is right that no file is left. Without it, a folder that has become empty, such as
                                one of a disk that is not mounted, is an error, and everything stays known
          --reread              read every file, also where its size and time are as they were
      watch FOLDER          the same, and go on as files change, until Ctrl-C
          --every SECONDS       how often to look; 5 without it
      search QUERY          find files by their words and by what they mean, best first. Scores have no unit: higher
                            is better, and only those of one search compare
          --limit N             the most; 10 without it
          --since DAY           only files that were changed on that day or later, such as 2026-03-01, in UTC
          --before DAY          only files that were changed before that day
          --type END            only files whose names end so, such as md
      status                how much is embedded, by which models, what waits, and what could not be embedded and why
      retry                 try again what could not be embedded
      forget-model MODEL    remove the vectors of a model that is not used any more, as status names it
          --dimension N         only those of so many numbers, for a model that has changed its dimension

      --database FILE       where everything is kept; without it, embeddings.db. It has the files of one folder
      --embeddings URL|offline
                            the address of an OpenAI-compatible API for embeddings, such as http://localhost:11434/v1
      --model NAME          its model; without it, \(EmbeddingChoice.usualModel)
      --key VAR             the environment variable that holds its key
      --batch N             the most texts of a call; 8 without it
      --retries N           how often what has failed is tried again before it is parked; 2 without it
      --json                print events, what is found, and the status, as JSON, one object a line
      --help                print this

    The database keeps which service was asked for last, never its key, and goes by it where none is named. At first
    it is offline, which needs nothing: its vectors are lexical. Texts are near that share words or parts of words, and
    not those that mean the same in other words.

    Files and folders whose names begin with a dot are left out, and symbolic links are not followed. What is no UTF-8,
    binary or too large is left out, too, and told. Unchanged files, by their sizes and times, are not read again: an
    edit that leaves both as they were is not seen without --reread. Files that are gone are forgotten, and named.

    A service that limits the rate, has too much to do, or fails after it has served is asked again: after what it asks
    for, else after half a second, and twice as long each time, 8 times in a row at the most.

    Ctrl-C ends the program; what is embedded is stored, and is not embedded again. Two runs at the same time on one
    database store nothing twice, but each pays for what it embeds. The exit status is 0 when all is embedded, 1 when
    something is not or after a failure, 2 for a command line that cannot be understood, 130 and 143 after an
    interruption.
    """
}
