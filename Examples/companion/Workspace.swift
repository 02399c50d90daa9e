import CompanionKit
import ExampleSupport
import Foundation

/// The folder that the companion may work in, as the command line has it.
struct Workspace {
  let folder: String
  let tools: [any Tool]
  let files: WorkspaceFiles
  /// Whether calls are made that nobody has allowed.
  let allowsEverything: Bool
  let allowsPrograms: Bool

  /// Opens the folder that the options name; `nil` where they name none.
  ///
  /// - Parameter storePath: the file of the store, which is kept from tools; `nil` for none.
  /// - Throws: `UsageError` when there is no such folder.
  init?(_ options: Options, storePath: String?) throws(UsageError) {
    guard let folder = options.workspace else { return nil }
    var rules = WorkspaceFileRules.standard
    if let storePath, let place = Self.place(of: storePath, in: folder) { rules.hidden += place }
    do throws(ToolFailure) {
      files = try WorkspaceFiles(folder: folder, rules: rules, time: .system, random: .system)
      tools =
        options.allowsPrograms
        ? files.tools + [try Self.runner(files).tool] : files.tools
    } catch {
      throw UsageError("--workspace: \(error)")
    }
    self.folder = URL(filePath: folder).standardizedFileURL.resolvingSymlinksInPath().path
    allowsEverything = options.allowsEverything
    allowsPrograms = options.allowsPrograms
  }

  var approver: any Approver { allowsEverything ? .allowEverything : .askBeforeChanges }

  /// For a person, in a line.
  var summary: String {
    let asking = allowsEverything ? "changes without asking" : "asks before it changes anything"
    return "\(folder), \(asking), \(allowsPrograms ? "may run programs" : "runs no programs")"
  }

  /// Programs are found where the shell finds them, and have ten minutes. Of this process' environment they get only
  /// what says where things are.
  private static func runner(_ files: WorkspaceFiles) throws(ToolFailure) -> ProcessRunner {
    let own = ProcessInfo.processInfo.environment
    let path =
      own["PATH"].map { $0.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") } } ?? []
    let searchPath = path.isEmpty ? ["/usr/local/bin", "/usr/bin", "/bin"] : path
    var environment = own.filter { ["HOME", "TMPDIR", "USER"].contains($0.key) }
    environment["PATH"] = searchPath.joined(separator: ":")
    environment["LANG"] = "C.UTF-8"
    return try ProcessRunner(
      files: files, searchPath: searchPath, environment: environment, timeout: .seconds(600), time: .system)
  }

  /// The patterns of a store's file below a folder, and of what lies beside it; `nil` where it is elsewhere.
  private static func place(of store: String, in folder: String) -> [GlobPattern]? {
    let root = URL(filePath: folder).standardizedFileURL.resolvingSymlinksInPath().path
    let store = URL(filePath: store).standardizedFileURL
    let storeFolder = store.deletingLastPathComponent().resolvingSymlinksInPath()
    let path = storeFolder.appending(path: store.lastPathComponent).path
    let beginning = root.hasSuffix("/") ? root : root + "/"
    guard path.hasPrefix(beginning) else { return nil }
    let name = String(path.dropFirst(beginning.count))
    // A pattern without a folder is one of names, wherever they are.
    return [name, name + "-*"].compactMap { GlobPattern($0) }
  }
}
