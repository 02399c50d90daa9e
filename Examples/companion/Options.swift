import CompanionKit
import ExampleSupport
import FoundationEssentials

/// What the command line asks for.
struct Options {
  enum Store: Equatable {
    case memory
    case file(path: String)
    /// A file in the user's data directory.
    case standard
  }

  var store = Store.standard
  /// The model's name; `nil` for the offline model.
  var model: String?
  /// The file that configures several providers.
  var configurationFile: String?
  /// The folder that generated images are kept in.
  var imageFolder: String?
  var baseURL: URL?
  var apiKeyVariable: String?
  var session: SessionID?
  var startsNewSession = false
  /// The folder that tools work in; `nil` for no tools.
  var workspace: String?
  /// Whether tools change things without asking.
  var allowsEverything = false
  /// Whether tools run programs.
  var allowsPrograms = false
  var printsJSON = false
  var printsHelp = false

  /// Reads a command line, without the program's name.
  init(_ arguments: [String]) throws(UsageError) {
    var namesModel = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      // "--flag=value" is the same as "--flag value".
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = String(parts[0])
      var inline = parts.count == 2 && flag.hasPrefix("--") ? String(parts[1]) : nil

      func value() throws(UsageError) -> String {
        if let inline = inline.take() { return inline }
        guard let next = rest.popFirst() else { throw UsageError("\(flag) needs a value.") }
        return next
      }

      switch flag {
      case "--store":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--store needs a path, or the word memory.") }
        store = value == "memory" ? .memory : .file(path: value)
      case "--model":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--model needs a name, or the word offline.") }
        model = value == "offline" ? nil : value
        namesModel = true
      case "--config":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--config needs the path of a file.") }
        configurationFile = value
      case "--images":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--images needs the path of a folder.") }
        imageFolder = value
      case "--base-url":
        let value = try value()
        guard let url = URL(string: value), ["http", "https"].contains(url.scheme), url.host() != nil else {
          throw UsageError("--base-url needs an http or https address such as http://localhost:11434/v1.")
        }
        baseURL = url
      case "--api-key-env":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--api-key-env needs the name of a variable.") }
        apiKeyVariable = value
      case "--session":
        let value = try value()
        guard let id = SessionID(value) else {
          throw UsageError("--session needs a name of 1 to 128 bytes without spaces.")
        }
        session = id
      case "--workspace":
        let value = try value()
        guard !value.isEmpty else { throw UsageError("--workspace needs the path of a folder.") }
        workspace = value
      case "--yes": allowsEverything = true
      case "--allow-programs": allowsPrograms = true
      case "--new": startsNewSession = true
      case "--json": printsJSON = true
      case "--help", "-h": printsHelp = true
      default: throw UsageError("Unknown option \(argument).")
      }
      if inline != nil { throw UsageError("\(flag) takes no value.") }
    }
    if configurationFile != nil, namesModel || baseURL != nil || apiKeyVariable != nil {
      throw UsageError("--config names the models: it goes without --model, --base-url and --api-key-env.")
    }
    if configurationFile == nil, imageFolder != nil {
      throw UsageError("--images needs --config FILE, with a provider that makes images.")
    }
    if workspace == nil, allowsEverything || allowsPrograms {
      throw UsageError("--yes and --allow-programs need --workspace DIR: without it there are no tools.")
    }
    if model == nil, baseURL != nil || apiKeyVariable != nil {
      throw UsageError("--base-url and --api-key-env need --model NAME: the offline model uses neither.")
    }
  }

  static let help = """
    A companion in the terminal.

    usage: companion [options]

      --store PATH|memory   where everything is kept; without it, a file in your data directory
      --model offline|NAME  the model; without it, offline, which needs nothing
      --base-url URL        an OpenAI-compatible API; without it, https://api.openai.com/v1
      --api-key-env VAR     the environment variable that holds the API's key
      --config FILE         several providers, which stand in for each other, instead of --model
      --images DIR          the folder for what /image makes
      --session ID          go on with this session, or start it
      --new                 start a new session
      --workspace DIR       let it read and change the files of this folder, and ask before every change
      --yes                 do not ask
      --allow-programs      let it run programs in the folder too, and ask before each
      --json                print one event a line, as JSON
      --help                print this

    In a terminal it talks; Ctrl-C stops an answer, and a second one quits. Otherwise each line of the input
    is a message, sent when the one before has been answered; at the end it waits up to 60 s for background
    tasks, and Ctrl-C ends it with the status 130. What it asks permission for is shown with the results;
    /approve, /deny and /answer wait until something is asked. In a terminal, y and n answer too while one thing alone
    is asked. Commands, on a line of their own (a leading space sends such a line as a message):

    \(SlashCommand.overview)
    """
}

/// One line for a person about any error.
func describe(_ error: any Error) -> String {
  switch error {
  case let error as UsageError: error.message
  case let error as ChatFailure: error.description
  case let error as StoreFailure: error.description
  case let error as ApprovalFailure: error.description
  case let error as TaskCommandFailure: error.description
  default: "\(error)"
  }
}
