import CompanionKit
import ExampleSupport
import Foundation

/// `embedding-runner`: keeps the files of a folder embedded, and finds them by what they mean.
@main
struct EmbeddingRunnerCommand: CommandLineProgram {
  static func main() async { await runCommandLine() }

  static func run(_ command: Command, _ options: Options) async throws -> Status {
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
    return try await withStore(at: options.database) { store in
      let settled = try await KeptSettings(store: store, database: options.database)
        .settle(folder: folder?.path, service: options.service, isMoved: options.isMoved)
      let library = Library(options: options, store: store, service: settled.service)
      return try await run(command, library, folder, in: settled.folder)
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
