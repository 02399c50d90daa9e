import CompanionKit
import ExampleSupport
import Foundation

/// `embedding-runner`: keeps the files of a folder embedded, and finds them by what they mean.
@main
struct EmbeddingRunnerCommand {
  static func main() async {
    exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  private static func run(_ arguments: [String]) async -> Status {
    do {
      let options = try Options(arguments)
      guard let command = options.command else {
        Terminal.show(Options.help)
        return .done
      }
      let status = try await run(command, options)
      guard !Terminal.hasFailed else {
        Terminal.complain("The output cannot be written.")
        return .failed
      }
      return status
    } catch let error as UsageError {
      Terminal.complain("\(error.message) --help tells more.")
      Terminal.tell(Options.usage)
      return .misused
    } catch {
      Terminal.complain("\(error)")
      return .failed
    }
  }

  private static func run(_ command: Command, _ options: Options) async throws -> Status {
    // What is missing is told before a store is made.
    var folder: Folder?
    switch command {
    case .run(let path), .watch(let path):
      try options.service?.check()
      folder = try Folder(path, types: options.types, sizeLimit: options.sizeLimit)
    case .search, .status, .retry:
      guard FileManager.default.fileExists(atPath: options.database) else {
        throw FileProblem(
          file: options.database, problem: "there is no database; embedding-runner FOLDER makes one")
      }
    }
    let store = try await SQLiteStore.sqlite(at: options.database)
    do {
      let settled = try await KeptSettings(store: store, database: options.database)
        .settle(folder: folder?.path, service: options.service, isMoved: options.isMoved)
      let library = Library(options: options, store: store, service: settled.service)
      let status = try await run(command, library, folder, in: settled.folder)
      await store.close()
      return status
    } catch {
      await store.close()
      throw error
    }
  }

  /// - Parameter place: the folder whose files the database has.
  private static func run(
    _ command: Command, _ library: Library, _ folder: Folder?, in place: String
  ) async throws -> Status {
    switch command {
    case .run:
      guard let folder else { return .failed }
      try library.service.check()
      return try await untilInterrupted { try await RunCommand(library: library).run(folder) }
    case .watch:
      guard let folder else { return .failed }
      try library.service.check()
      return try await untilInterrupted { try await WatchCommand(library: library).run(folder) }
    case .search(let query): return try await SearchCommand(library: library).run(query)
    case .status: return try await StatusCommand(library: library).run(in: place)
    case .retry:
      try library.service.check()
      return try await untilInterrupted { try await RunCommand(library: library).retry() }
    }
  }
}
