import CompanionKit
import ExampleSupport
import Foundation

/// `companion`: a companion in the terminal.
@main
struct CompanionCommand {
  static func main() async {
    // Exits without waiting for the queue that may still be reading the input.
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  private static func run(_ arguments: [String]) async -> Int32 {
    do {
      let options = try Options(arguments)
      if options.printsHelp {
        print(Options.help)
        return 0
      }
      return try await open(options)
    } catch let error as UsageError {
      Output.complain("\(error.message) --help lists the options.")
      return 64
    } catch {
      Output.complain(describe(error))
      return 1
    }
  }

  private static func open(_ options: Options) async throws -> Int32 {
    let choice = try await ModelChoice(options)
    let storePath =
      switch options.store {
      case .memory: String?.none
      case .file(let path): path
      case .standard: try DataFolder.path(of: "companion.db", in: "companion")
      }
    let workspace = try Workspace(options, storePath: storePath)
    let images = try options.imageFolder.map { folder throws(StoreFailure) in
      try FolderImageStorage(folder: folder)
    }
    let setting = Setting(options: options, choice: choice, images: images, workspace: workspace)
    guard let storePath else { return try await chat(setting, .inMemory, named: "memory") }
    return try await withStore(at: storePath) { store in try await chat(setting, store, named: storePath) }
  }

  /// What the command line has come to.
  private struct Setting {
    let options: Options
    let choice: ModelChoice
    let images: FolderImageStorage?
    let workspace: Workspace?
  }

  private static func chat(
    _ setting: Setting, _ store: some CompanionStore, named storeName: String
  ) async throws -> Int32 {
    let options = setting.options
    let output = Output()
    let tasks = TaskBoard()
    let providers = ProviderBoard()
    let json = options.printsJSON ? JSONLines(output: output) : nil
    let companion = try setting.choice.makeCompanion(
      images: setting.images, store: store, workspace: setting.workspace,
      events: EventSinks(sinks: [json ?? tasks, providers]))
    companion.start()
    let session: SessionID
    do {
      session = try await choose(options, companion)
    } catch {
      await companion.stop()
      throw error
    }
    let isTerminal = !options.printsJSON && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    let commands = CommandRunner(
      companion: companion, current: CurrentSession(session), store: store, storeName: storeName,
      board: providers, asked: isTerminal ? tasks : nil, workspace: setting.workspace,
      keepsImages: setting.images != nil,
      patience: isTerminal ? TerminalChat.patience : PipedChat.drainLimit)
    let input = Input()
    guard isTerminal else {
      let chat = PipedChat(
        companion: companion, input: input, output: output, json: json, commands: commands, board: tasks)
      return await chat.run()
    }
    let models = companion.providers.map { "\($0.model.provider) / \($0.model.model)" }
    output.write(
      """
      companion: \(models.joined(separator: ", ")), session \(session), \(storeName)\
      \(setting.workspace.map { "\nworkspace: \($0.summary)" } ?? "")
      /help lists the commands; Ctrl-C stops an answer, and a second one quits.

      """)
    await TerminalChat(companion: companion, input: input, output: output, commands: commands, board: tasks)
      .run()
    return 0
  }

  private static func choose(_ options: Options, _ companion: Companion) async throws -> SessionID {
    if options.startsNewSession {
      do {
        return try await companion.startSession(options.session).id
      } catch ChatFailure.store(.conflict(.sessionExists)) {
        throw UsageError("There is a session of that name already. Go on with it without --new.")
      }
    }
    guard let id = options.session else { return try await companion.currentSession() }
    do {
      try await companion.useSession(id)
    } catch ChatFailure.unknownSession {
      try await companion.startSession(id)
    }
    return id
  }
}
