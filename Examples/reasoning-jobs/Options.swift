import CompanionKit
import ExampleSupport

/// What is to be done.
enum Command {
  case start([String], GenerationRequest.ReasoningEffort, deadline: Duration?, detaches: Bool)
  case status(String)
  case result(String)
  case list(ReasoningJob.Status?, follows: Bool)
  case cancel(String)
  case retry(String)
  case wait(String, timeout: Duration?)
  case forget(String)
}

/// What the command line asks for.
struct Options {
  /// `nil` for the help.
  var command: Command?
  /// The store's file; `nil` for one in the user's data directory.
  var store: String?

  private let models: ModelOptions
  private let arguments: Arguments

  private static let flags: [String: Arguments.Flag] = [
    "--store": .init(), "--effort": .init(of: ["start"]), "--deadline": .init(of: ["start"]),
    "--detach": .init(takesValue: false, of: ["start"]), "--status": .init(of: ["list"]),
    "--follow": .init(takesValue: false, of: ["list"]), "--timeout": .init(of: ["wait"]),
  ]

  /// Reads a command line, without the program's name.
  init(_ line: [String]) throws(UsageError) {
    arguments = try Arguments(line, flags: Self.flags.merging(ModelOptions.flags) { first, _ in first })
    models = arguments.wantsHelp ? ModelOptions() : try ModelOptions(arguments)
    if arguments.wantsHelp { return }
    guard let name = arguments.words.first else {
      throw UsageError("Name a command, such as start or list.")
    }
    command = try command(name, Array(arguments.words.dropFirst()))
    store = arguments["--store"]
  }

  /// The providers that are named, checked.
  func providers() async throws -> ProvidersConfiguration { try await models.providers() }

  private func command(_ name: String, _ words: [String]) throws(UsageError) -> Command {
    switch name {
    case "start":
      guard !words.isEmpty else { throw UsageError("start needs a question, in quotation marks.") }
      let effort = arguments["--effort"] ?? "low"
      guard let effort = GenerationRequest.ReasoningEffort(rawValue: effort) else {
        throw UsageError("--effort is low, medium or high.")
      }
      return .start(
        words, effort, deadline: try arguments.seconds("--deadline"), detaches: arguments.has("--detach"))
    case "list":
      guard words.isEmpty else { throw UsageError("list takes no more words.") }
      let status = arguments["--status"]
      let statuses = ReasoningJob.Status.allCases
      guard let status else { return .list(nil, follows: arguments.has("--follow")) }
      guard let known = ReasoningJob.Status(rawValue: status) else {
        throw UsageError("--status is one of \(statuses.map(\.rawValue).joined(separator: ", ")).")
      }
      return .list(known, follows: arguments.has("--follow"))
    case "status": return .status(try id(of: name, words))
    case "result": return .result(try id(of: name, words))
    case "cancel": return .cancel(try id(of: name, words))
    case "retry": return .retry(try id(of: name, words))
    case "forget": return .forget(try id(of: name, words))
    case "wait": return .wait(try id(of: name, words), timeout: try arguments.seconds("--timeout"))
    default: throw UsageError("There is no command \(name.prefix(40)).")
    }
  }

  private func id(of command: String, _ words: [String]) throws(UsageError) -> String {
    guard let id = words.first, words.count == 1, id.contains(where: { !$0.isWhitespace }) else {
      throw UsageError("\(command) needs one job: its ID, or the end of it.")
    }
    return id
  }

  static let help = """
    Questions that take long thought, answered in the background.

    usage: reasoning-jobs COMMAND [options]

      start QUESTION...     start a job for each question, and wait for all; prints the IDs, then the answers
          --effort low|medium|high   how much is thought; low without it
          --deadline SECONDS         give up after so long
          --detach                   only store the jobs
      wait ID               wait for a job, and print its answer
          --timeout SECONDS          no longer than this; the job goes on
      status ID             how a job stands
      result ID             the answer of a job; of one that was cut, what there is of it
      list                  all jobs, newest first
          --status started|running|completed|failed|cancelled
          --follow                   wait until none is left to do
      cancel ID             stop a job, also at its provider
      retry ID              take a failed job back: one that may still run at its provider is asked after again
      forget ID             remove a job that has ended

    The end of an ID will do where it is one job's alone.

      --store PATH          where jobs are kept; without it, a file in your data directory
    \(ModelOptions.help)
      --help                print this

    Jobs go on only while start, wait or list --follow runs, in whatever terminal. Ctrl-C ends the program, not
    the jobs: the next of these takes them up again. With openai-responses the provider goes on by itself
    meanwhile, and nothing is asked twice. Name the same model each time: a job stays where it runs.

    Answers go to standard output, progress to standard error. The exit status is 0 when all is done, 1 after a
    failure, 2 when a job has failed or was cancelled, 3 when it has not ended, 64 for a command line that
    cannot be understood, 130 and 143 after an interruption.
    """
}
