import CompanionDomain
import CompanionPorts

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension WorkspaceFiles {
  /// Writes a file whole; what was there before is replaced.
  ///
  /// - Returns: whether there was a file before.
  func write(_ text: String, to path: WorkspacePath, creatingFolders: Bool) throws(ToolFailure) -> Bool {
    try rules.checkWriting(path)
    guard let name = path.names.last else { throw .refused(path: ".", reason: "is a folder") }
    let bytes = Array(text.utf8)
    try checkSize(bytes.count, path)
    let folder = try openFolder(path.folder, creating: creatingFolders)
    let found = try doing(path) { () throws(SystemFault) in try folder.status(of: name) }
    try replace(found, in: folder, name, with: bytes, path)
    return found != nil
  }

  /// Replaces text in a file.
  ///
  /// - Returns: how often; at least once.
  func edit(_ path: WorkspacePath, _ edit: TextEdit) throws(ToolFailure) -> Int {
    try rules.checkWriting(path)
    let (bytes, status) = try content(of: path)
    let old = try text(bytes, path)
    let (new, count) = try edit.applied(to: old, path: path.description, limit: limits.writeBytes)
    let (folder, name, found) = try find(path)
    guard found == status else { throw .changedMeanwhile(path: path.description) }
    try replace(found, in: folder, name, with: Array(new.utf8), path)
    return count
  }

  /// Removes a file, or a folder that is empty.
  func delete(_ path: WorkspacePath) throws(ToolFailure) -> FileStatus.Kind {
    try rules.checkWriting(path)
    let (folder, name, status) = try find(path)
    guard status.kind == .file || status.kind == .folder else {
      throw .refused(path: path.description, reason: status.kind.reason)
    }
    guard folder.mayWrite(name) else { throw .notPermitted(path: path.description) }
    if Task.isCancelled { throw .cancelled }
    do throws(SystemFault) {
      try folder.remove(name, folder: status.kind == .folder)
    } catch {
      if error.code == ENOTEMPTY || error.code == EEXIST {
        throw .refused(
          path: path.description, reason: "is a folder that is not empty: delete what is in it first")
      }
      throw error.failure(path)
    }
    try confirm(folder, path)
    return status.kind
  }

  private func checkSize(_ bytes: Int, _ path: WorkspacePath) throws(ToolFailure) {
    guard bytes <= limits.writeBytes else {
      throw .tooLarge(what: path.description, bytes: bytes, limit: limits.writeBytes)
    }
  }

  /// Puts a file with some content under a name, in one step.
  private func replace(
    _ found: FileStatus?, in folder: Descriptor, _ name: String, with bytes: [UInt8], _ path: WorkspacePath
  ) throws(ToolFailure) {
    if let found {
      guard found.kind == .file else { throw .refused(path: path.description, reason: found.kind.reason) }
      guard folder.mayWrite(name) else { throw .notPermitted(path: path.description) }
    }
    let (high, low) = (random.nextBits(), random.nextBits())
    let temporary = ".companion-\(String(high, radix: 16))\(String(low, radix: 16)).tmp"
    // Of a new file the process' own mask decides the rights.
    let file = try doing(path) { () throws(SystemFault) in
      try folder.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: found == nil ? 0o666 : 0o600)
    }
    do throws(ToolFailure) {
      try doing(path) { () throws(SystemFault) in
        try file.write(bytes)
        if let found { try file.setRights(found.rights) }
        try file.synchronize()
      }
      if Task.isCancelled { throw .cancelled }
      let now = try doing(path) { () throws(SystemFault) in try folder.status(of: name) }
      guard now == found else { throw .changedMeanwhile(path: path.description) }
      try doing(path) { () throws(SystemFault) in try folder.rename(temporary, to: name) }
    } catch {
      try? folder.remove(temporary)
      throw error
    }
    try confirm(folder, path)
  }

  /// Brings the entries of a folder to the disk. Without it a name could be lost with the power.
  private func confirm(_ folder: Descriptor, _ path: WorkspacePath) throws(ToolFailure) {
    do throws(SystemFault) { try folder.synchronize() } catch {
      throw .system(
        "“\(path)” was changed, and the system does not say whether this is on the disk: \(error.words).")
    }
  }
}
