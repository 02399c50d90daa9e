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
    let images = try options.imageFolder.map { folder throws(StoreFailure) in
      try FolderImageStorage(folder: folder)
    }
    switch options.store {
    case .memory: return try await chat(options, choice, images, .inMemory, named: "memory")
    case .file(let path): return try await chat(options, choice, images, inFile: path)
    case .standard:
      return try await chat(
        options, choice, images, inFile: try DataFolder.path(of: "companion.db", in: "companion"))
    }
  }

  private static func chat(
    _ options: Options, _ choice: ModelChoice, _ images: FolderImageStorage?, inFile path: String
  ) async throws -> Int32 {
    try await withStore(at: path) { store in
      try await chat(options, choice, images, store, named: path)
    }
  }

  private static func chat(
    _ options: Options, _ choice: ModelChoice, _ images: FolderImageStorage?, _ store: some CompanionStore,
    named storeName: String
  ) async throws -> Int32 {
    let output = Output()
    let tasks = TaskBoard()
    let providers = ProviderBoard()
    let json = options.printsJSON ? JSONLines(output: output) : nil
    let companion = try choice.makeCompanion(
      images: images, store: store, events: EventSinks(sinks: [json ?? tasks, providers]))
    companion.start()
    let session: SessionID
    do {
      session = try await choose(options, companion)
    } catch {
      await companion.stop()
      throw error
    }
    let commands = CommandRunner(
      companion: companion, current: CurrentSession(session), store: store, storeName: storeName,
      board: providers, keepsImages: images != nil)
    let input = Input()
    guard !options.printsJSON, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      let chat = PipedChat(
        companion: companion, input: input, output: output, json: json, commands: commands, board: tasks)
      return await chat.run()
    }
    let models = companion.providers.map { "\($0.model.provider) / \($0.model.model)" }
    output.write(
      """
      companion: \(models.joined(separator: ", ")), session \(session), \(storeName)
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
