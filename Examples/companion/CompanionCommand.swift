import CompanionKit
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
    switch options.store {
    case .memory: return try await chat(options, .inMemory, named: "memory")
    case .file(let path): return try await chat(options, inFile: path)
    case .standard: return try await chat(options, inFile: try DefaultStore.path())
    }
  }

  private static func chat(_ options: Options, inFile path: String) async throws -> Int32 {
    let store = try await SQLiteStore.sqlite(at: path)
    do {
      let status = try await chat(options, store, named: path)
      await store.close()
      return status
    } catch {
      await store.close()
      throw error
    }
  }

  private static func chat(
    _ options: Options, _ store: some CompanionStore, named storeName: String
  ) async throws -> Int32 {
    guard let name = options.model else { return try await chat(options, .offline, store, storeName) }
    return try await chat(options, try remoteModel(name, options), store, storeName)
  }

  private static func remoteModel(_ name: String, _ options: Options) throws -> OpenAICompatibleModel {
    if let variable = options.apiKeyVariable,
      ProcessInfo.processInfo.environment[variable, default: ""].isEmpty
    {
      throw UsageError("The environment variable \(variable), named by --api-key-env, is not set.")
    }
    guard let standard = URL(string: "https://api.openai.com/v1") else { throw UsageError("No base URL.") }
    if options.baseURL == nil, options.apiKeyVariable == nil {
      throw UsageError("--model \(name) at \(standard) needs a key: name its variable with --api-key-env.")
    }
    return .openAICompatible(
      name, at: options.baseURL ?? standard, apiKey: options.apiKeyVariable.map { .environment($0) })
  }

  private static func chat(
    _ options: Options, _ model: some LanguageModel, _ store: some CompanionStore, _ storeName: String
  ) async throws -> Int32 {
    let output = Output()
    let board = TaskBoard()
    let json = options.printsJSON ? JSONLines(output: output) : nil
    let companion = Companion(model: model, store: store, events: json ?? board)
    companion.start()
    let session: SessionID
    do {
      session = try await choose(options, companion)
    } catch {
      await companion.stop()
      throw error
    }
    let commands = CommandRunner(companion: companion, session: session, storeName: storeName)
    let input = Input()
    guard !options.printsJSON, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      let chat = PipedChat(
        companion: companion, input: input, output: output, json: json, commands: commands, board: board)
      return await chat.run() ? 0 : 1
    }
    output.write(
      """
      companion: \(model.identity.provider) / \(model.identity.model), session \(session), \(storeName)
      /help lists the commands; Ctrl-C stops an answer, and a second one quits.

      """)
    await TerminalChat(companion: companion, input: input, output: output, commands: commands, board: board)
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
