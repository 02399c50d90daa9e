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
    case .search, .status, .retry, .forgetModel: try checkDatabase(at: options.database)
    }
    return try await withStore(at: options.database) { store in
      let settled = try await KeptSettings(store: store, database: options.database)
        .settle(folder: folder?.path, service: options.service, isMoved: options.isMoved)
      let library = Library(options: options, store: store, service: settled.service)
      return try await run(command, library, folder, in: settled.folder)
    }
  }

  /// Checks that a database is there, and that it can be used, which is to write, whatever is asked.
  private static func checkDatabase(at path: String) throws(FileProblem) {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else {
      throw FileProblem(file: path, problem: "there is no database; embedding-runner FOLDER makes one")
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    for place in [path, folder] where !files.isWritableFile(atPath: place) {
      let what = place == path ? "the file" : "the folder, in which its log is kept,"
      throw FileProblem(
        file: place,
        problem: "\(what) cannot be written, which a database needs also to be read; allow it, or use a copy")
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
    case .forgetModel(let model, let dimension):
      return try await ForgetModelCommand(library: library).run(model, dimension: dimension)
    case .status: return try await StatusCommand(library: library).run(in: place)
    case .retry:
      try library.service.check()
      return try await untilInterrupted { try await RunCommand(library: library).retry() }
    }
  }
}
