public import CompanionDomain
public import CompanionPorts

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files below one folder, for tools that read, list, search, write, edit and delete them.
///
/// Nothing outside of the folder is ever opened: it is held open from the beginning, every name of a path is opened
/// in the folder before it, and a symbolic link is followed nowhere, not even one that comes into its place between
/// the look and the opening. Only ordinary files are read and written. A file is written whole or not at all.
///
/// What has several names (hard links) is read as any file is; a write gives this name a new file, and the others
/// keep the old one. Other processes may change files meanwhile: a write that finds that what it replaces was
/// changed is refused.
public actor WorkspaceFiles {
  /// The executor on whose queue everything here blocks.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Where the folder was when it was opened, without links.
  nonisolated let rootPath: String
  nonisolated let limits: WorkspaceFileLimits
  nonisolated let rules: WorkspaceFileRules
  let root: Descriptor
  let time: any TimeSource
  let random: any RandomSource
  private let executor = QueueExecutor(label: "CompanionTools.files")

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - folder: its path; here a link is followed. Blocks while it is opened.
  ///   - limits: how much is read, written and told at once.
  ///   - rules: what is kept from tools.
  ///   - time: measures how long a search goes on.
  ///   - random: makes names of temporary files that nobody guesses.
  /// - Throws: `ToolFailure` when there is no such folder, or it cannot be read.
  public init(
    folder: String, limits: WorkspaceFileLimits = WorkspaceFileLimits(),
    rules: WorkspaceFileRules = .standard, time: any TimeSource, random: any RandomSource
  ) throws(ToolFailure) {
    guard !folder.isEmpty, !folder.utf8.contains(0) else {
      throw .unavailable("The workspace needs a folder that exists.")
    }
    do throws(SystemFault) { (root, rootPath) = try Self.opened(folder) } catch {
      throw .unavailable("The folder \(folder.visible(limit: 300)) cannot be opened: \(error.words).")
    }
    self.limits = limits
    self.rules = rules
    self.time = time
    self.random = random
  }

  /// Opens a folder, and finds its path without links.
  private static func opened(_ folder: String) throws(SystemFault) -> (Descriptor, path: String) {
    guard let resolved = unsafe realpath(folder, nil) else { throw SystemFault() }
    defer { unsafe free(resolved) }
    while true {
      let opened = unsafe open(resolved, Descriptor.folderFlags | O_NOFOLLOW | O_CLOEXEC)
      if opened >= 0 { return (Descriptor(taking: opened), unsafe String(cString: resolved)) }
      guard errno == EINTR else { throw SystemFault() }
    }
  }

  /// All tools: `read_file`, `list_files`, `search_files`, `write_file`, `edit_file` and `delete_file`.
  public nonisolated var tools: [any Tool] {
    readingTools + [WriteFileTool(files: self), EditFileTool(files: self), DeleteFileTool(files: self)]
  }

  /// The tools that change nothing: `read_file`, `list_files` and `search_files`.
  public nonisolated var readingTools: [any Tool] {
    [ReadFileTool(files: self), ListFilesTool(files: self), SearchFilesTool(files: self)]
  }
}

extension WorkspaceFiles {
  /// Does something in one go, unless the task has been cancelled before it is its turn.
  func whileNotCancelled<Value: Sendable>(
    _ body: @Sendable (isolated WorkspaceFiles) throws(ToolFailure) -> Value
  ) throws(ToolFailure) -> Value {
    if Task.isCancelled { throw .cancelled }
    return try body(self)
  }

  /// Opens a folder of the workspace, name by name.
  ///
  /// - Parameter isCreating: whether folders that are missing are made.
  func openFolder(_ path: WorkspacePath, creating isCreating: Bool = false) throws(ToolFailure) -> Descriptor
  {
    var folder = root
    var reached = WorkspacePath.root
    for name in path.names {
      reached = reached.appending(name)
      do throws(SystemFault) {
        if isCreating { try folder.makeFolder(name) }
        folder = try folder.open(name, Descriptor.folderFlags)
      } catch {
        // What is in its place says more than the fault does.
        if let found = try? folder.status(of: name), found.kind != .folder {
          let reason = found.kind == .file ? "is a file, and no folder" : found.kind.reason
          throw .refused(path: reached.description, reason: reason)
        }
        throw error.failure(reached)
      }
    }
    return folder
  }

  /// What is at a path, and the open folder and the name by which it is there.
  func find(
    _ path: WorkspacePath
  ) throws(ToolFailure) -> (folder: Descriptor, name: String, status: FileStatus) {
    guard let name = path.names.last else {
      throw .refused(path: ".", reason: "is the workspace itself, and no file")
    }
    let folder = try openFolder(path.folder)
    let status = try doing(path) { () throws(SystemFault) in try folder.status(of: name) }
    guard let status else { throw .notFound(path: path.description) }
    return (folder, name, status)
  }

  /// What an ordinary file holds, and what the system said of it when it was opened.
  func content(of path: WorkspacePath) throws(ToolFailure) -> (bytes: [UInt8], status: FileStatus) {
    let (folder, name, found) = try find(path)
    guard found.kind == .file else { throw .refused(path: path.description, reason: found.kind.reason) }
    let file = try doing(path) { () throws(SystemFault) in try folder.open(name, O_RDONLY) }
    // Between the look and the opening something else may have come into its place.
    let status = try doing(path) { () throws(SystemFault) in try file.status() }
    guard status.kind == .file else { throw .refused(path: path.description, reason: status.kind.reason) }
    let bytes = try bytes(of: file, path, size: status.size, limit: limits.readBytes)
    return (bytes, status)
  }

  /// What an open file holds.
  func bytes(
    of file: Descriptor, _ path: WorkspacePath, size: Int, limit: Int
  ) throws(ToolFailure) -> [UInt8] {
    guard size <= limit else { throw .tooLarge(what: path.description, bytes: size, limit: limit) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var buffer = [UInt8](repeating: 0, count: min(1 << 18, size + 1))
    while true {
      if Task.isCancelled { throw .cancelled }
      let count = try doing(path) { () throws(SystemFault) in try file.read(into: &buffer) }
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else {
        throw .tooLarge(what: path.description, bytes: bytes.count, limit: limit)
      }
    }
  }

  /// The text that bytes are.
  func text(_ bytes: [UInt8], _ path: WorkspacePath) throws(ToolFailure) -> String {
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw .notText(path: path.description, bytes: bytes.count)
    }
    return text
  }

  /// Calls the system, and tells of its fault as one about a path.
  func doing<Value>(
    _ path: WorkspacePath, _ body: () throws(SystemFault) -> Value
  ) throws(ToolFailure) -> Value {
    do throws(SystemFault) { return try body() } catch { throw error.failure(path) }
  }
}
