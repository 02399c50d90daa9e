import CompanionKit
import Foundation

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

  private var model: String?
  private var api: ProviderAPI?
  private var baseURL: String?
  private var apiKeyVariable: String?
  private var configurationFile: String?
  private var values: [String: String] = [:]

  /// Each option, and the commands that take it; none for all of them.
  private static let flags: [String: (takesValue: Bool, commands: Set<String>)] = [
    "--store": (true, []), "--model": (true, []), "--api": (true, []), "--base-url": (true, []),
    "--api-key-env": (true, []), "--config": (true, []), "--help": (false, []),
    "--effort": (true, ["start"]), "--deadline": (true, ["start"]), "--detach": (false, ["start"]),
    "--status": (true, ["list"]), "--follow": (false, ["list"]), "--timeout": (true, ["wait"]),
  ]

  /// Reads a command line, without the program's name.
  init(_ arguments: [String]) throws(UsageError) {
    var words: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      if argument == "--" {
        words += rest
        break
      }
      // "--flag=value" is the same as "--flag value".
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      let name = parts[0] == "-h" ? "--help" : parts[0]
      guard let flag = Self.flags[name] else { throw UsageError("Unknown option \(parts[0]).") }
      guard flag.takesValue else {
        guard parts.count == 1 else { throw UsageError("\(name) takes no value.") }
        values[name] = ""
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        throw UsageError("\(name) needs a value.")
      }
      values[name] = value
    }
    if values["--help"] != nil { return }
    guard let name = words.first else { throw UsageError("Name a command, such as start or list.") }
    for flag in values.keys.sorted() {
      let commands = Self.flags[flag]?.commands ?? []
      guard commands.isEmpty || commands.contains(name) else {
        throw UsageError("\(flag) does not go with \(name).")
      }
    }
    command = try command(name, Array(words.dropFirst()))
    store = values["--store"]
    try readModel()
  }

  private func command(_ name: String, _ words: [String]) throws(UsageError) -> Command {
    switch name {
    case "start":
      guard !words.isEmpty else { throw UsageError("start needs a question, in quotation marks.") }
      let effort = values["--effort"] ?? "low"
      guard let effort = GenerationRequest.ReasoningEffort(rawValue: effort) else {
        throw UsageError("--effort is low, medium or high.")
      }
      return .start(
        words, effort, deadline: try seconds("--deadline"), detaches: values["--detach"] != nil)
    case "list":
      guard words.isEmpty else { throw UsageError("list takes no more words.") }
      let status = values["--status"]
      let statuses = ReasoningJob.Status.allCases
      guard let status else { return .list(nil, follows: values["--follow"] != nil) }
      guard let known = ReasoningJob.Status(rawValue: status) else {
        throw UsageError("--status is one of \(statuses.map(\.rawValue).joined(separator: ", ")).")
      }
      return .list(known, follows: values["--follow"] != nil)
    case "status": return .status(try id(of: name, words))
    case "result": return .result(try id(of: name, words))
    case "cancel": return .cancel(try id(of: name, words))
    case "retry": return .retry(try id(of: name, words))
    case "forget": return .forget(try id(of: name, words))
    case "wait": return .wait(try id(of: name, words), timeout: try seconds("--timeout"))
    default: throw UsageError("There is no command \(name.prefix(40)).")
    }
  }

  private func id(of command: String, _ words: [String]) throws(UsageError) -> String {
    guard let id = words.first, words.count == 1, id.contains(where: { !$0.isWhitespace }) else {
      throw UsageError("\(command) needs one job: its ID, or the end of it.")
    }
    return id
  }

  private func seconds(_ flag: String) throws(UsageError) -> Duration? {
    guard let text = values[flag] else { return nil }
    guard let seconds = Double(text), seconds > 0, seconds <= 1e9 else {
      throw UsageError("\(flag) needs a number of seconds greater than 0.")
    }
    return .seconds(seconds)
  }

  private mutating func readModel() throws(UsageError) {
    (model, baseURL) = (values["--model"], values["--base-url"])
    (apiKeyVariable, configurationFile) = (values["--api-key-env"], values["--config"])
    let known: [ProviderAPI] = [.openAIChat, .openAIResponses, .anthropic, .offline]
    if let name = values["--api"] {
      api = known.first { $0.rawValue == name }
      guard api != nil else {
        throw UsageError("--api is one of \(known.map(\.rawValue).joined(separator: ", ")).")
      }
    }
    if model == "offline" { (model, api) = (nil, .offline) }
    let namesServer = baseURL != nil || apiKeyVariable != nil
    if configurationFile != nil, model != nil || api != nil || namesServer {
      throw UsageError("--config names the models: it goes without --model, --api and what belongs to them.")
    }
    if api == .offline, model != nil || namesServer {
      throw UsageError("The offline model goes without --model, --base-url and --api-key-env.")
    }
    if model == nil, namesServer || (api != nil && api != .offline) {
      throw UsageError("--api, --base-url and --api-key-env need --model NAME.")
    }
  }

  /// The providers that are named, checked so that what is missing is told before anything is asked.
  func providers() async throws -> ProvidersConfiguration {
    if let configurationFile { return try await Self.configuration(at: configurationFile) }
    guard let model else {
      return ProvidersConfiguration(providers: [
        ProviderConfiguration(id: "offline", api: .offline, model: "extractive")
      ])
    }
    if let apiKeyVariable, ProcessInfo.processInfo.environment[apiKeyVariable, default: ""].isEmpty {
      throw UsageError("The environment variable \(apiKeyVariable), named by --api-key-env, is not set.")
    }
    if baseURL == nil, apiKeyVariable == nil {
      throw UsageError("The public address needs a key: name its variable with --api-key-env.")
    }
    guard let id = ProviderID(model) else { throw UsageError("--model needs a name without spaces.") }
    let configuration = ProvidersConfiguration(providers: [
      ProviderConfiguration(
        id: id, api: api ?? .openAIChat, model: model, baseURL: baseURL,
        apiKey: apiKeyVariable.map { .environment($0) })
    ])
    do throws(ProviderConfigurationFailure) {
      _ = try configuration.makeProviders()
      return configuration
    } catch {
      let isAddress = error.field.hasSuffix("base_url")
      throw UsageError(isAddress ? "--base-url needs an http or https address." : "\(error)")
    }
  }

  private static func configuration(
    at path: String
  ) async throws(ProviderConfigurationFailure) -> ProvidersConfiguration {
    do throws(ProviderConfigurationFailure) {
      let configuration = try ProvidersConfiguration(contentsOf: path)
      _ = try configuration.makeProviders()
      try await configuration.checkSecrets()
      return configuration
    } catch {
      guard !error.field.isEmpty else { throw error }
      throw ProviderConfigurationFailure(field: "", problem: "\(path): \(error)")
    }
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
      --model NAME|offline  the model; without it, offline, which needs nothing
      --api NAME            openai-chat, openai-responses or anthropic; without it, openai-chat
      --base-url URL        where the API is; without it, its public address
      --api-key-env VAR     the environment variable that holds the key
      --config FILE         several providers, as JSON, instead of --model
      --help                print this

    Jobs go on only while start, wait or list --follow runs, in whatever terminal. Ctrl-C ends the program, not
    the jobs: the next of these takes them up again. With openai-responses the provider goes on by itself
    meanwhile, and nothing is asked twice. Name the same model each time: a job stays where it runs.

    Answers go to standard output, progress to standard error. The exit status is 0 when all is done, 1 after a
    failure, 2 when a job has failed or was cancelled, 3 when it has not ended, 64 for a command line that
    cannot be understood, 130 and 143 after an interruption.
    """
}

/// A command line that cannot be understood.
struct UsageError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
