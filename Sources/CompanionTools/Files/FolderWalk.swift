import CompanionDomain

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Goes through a folder and the folders in it, in the order of the names' bytes, without following a link.
struct FolderWalk {
  /// Something that is there.
  struct Entry {
    /// Its folder, open.
    let folder: Descriptor
    /// Its name in the folder.
    let name: [UInt8]
    /// Where it is; `nil` where its name is none that a path may have.
    let path: WorkspacePath?
    /// Where it is, for a person and a model.
    let shownPath: String
    let status: FileStatus
  }

  /// What was not looked at.
  struct Omissions {
    var fullFolders = 0
    var deepFolders = 0
    var closedFolders = 0
    /// What is there, and of which the system does not say what it is.
    var closedEntries = 0

    /// A sentence for each kind.
    var notes: [String] {
      [
        (fullFolders, "folders with more entries than were looked at"),
        (deepFolders, "folders not gone into, because they are too deep"),
        (closedFolders, "folders that could not be read"),
        (closedEntries, "entries that could not be looked at"),
      ].compactMap { $0.0 > 0 ? "\($0.1): \($0.0)" : nil }
    }
  }

  private struct Level {
    let folder: Descriptor
    let path: WorkspacePath
    var names: ArraySlice<[UInt8]>
  }

  var omissions = Omissions()
  private let rules: WorkspaceFileRules
  private let depth: Int
  private let folderEntries: Int
  private var levels: [Level] = []

  /// - Parameters:
  ///   - depth: how many folders are gone into, one in another; this one counts.
  ///   - folderEntries: how many entries of a folder are looked at.
  init(
    _ folder: Descriptor, at path: WorkspacePath, rules: WorkspaceFileRules, depth: Int, folderEntries: Int
  ) throws(ToolFailure) {
    self.rules = rules
    self.depth = depth
    self.folderEntries = folderEntries
    do throws(SystemFault) { try enter(folder, at: path) } catch { throw error.failure(path) }
  }

  /// The next entry; `nil` when there is none left.
  mutating func next() -> Entry? {
    while let level = levels.last {
      guard let name = level.names.first else {
        levels.removeLast()
        continue
      }
      levels[levels.count - 1].names.removeFirst()
      let text = String(validating: name, as: UTF8.self)
      let path = text.flatMap { WorkspacePath.problem(with: $0) == nil ? level.path.appending($0) : nil }
      if let path, rules.isHidden(path) { continue }
      let systemName = name.map { CChar(bitPattern: $0) } + [0]
      let status: FileStatus
      do throws(SystemFault) { status = try level.folder.status(ofBytes: systemName) } catch {
        // What is gone meanwhile is not there; of anything else it is told.
        if error.code != ENOENT { omissions.closedEntries += 1 }
        continue
      }
      if status.kind == .folder, let path, let text { enter(text, at: path, of: level) }
      return Entry(
        folder: level.folder, name: name, path: path, shownPath: Self.shown(name, in: level.path),
        status: status)
    }
    return nil
  }

  /// Goes into a folder next, unless it is too deep, or protected: the inside of version control is no content.
  private mutating func enter(_ name: String, at path: WorkspacePath, of level: Level) {
    guard !rules.isReadOnly(path) || rules.isReadOnly(level.path) else { return }
    guard levels.count < depth else {
      omissions.deepFolders += 1
      return
    }
    do throws(SystemFault) {
      try enter(try level.folder.open(name, Descriptor.folderFlags), at: path)
    } catch { omissions.closedFolders += 1 }
  }

  private mutating func enter(_ folder: Descriptor, at path: WorkspacePath) throws(SystemFault) {
    let (names, areCut) = try folder.names(limit: folderEntries)
    if areCut { omissions.fullFolders += 1 }
    levels.append(Level(folder: folder, path: path, names: names[...]))
  }

  private static func shown(_ name: [UInt8], in folder: WorkspacePath) -> String {
    let start = folder == .root ? "" : "\(folder)/"
    if let text = String(validating: name, as: UTF8.self) { return start + text.visible(limit: 512) }
    let bytes = name.map { byte in
      (0x20...0x7E).contains(byte)
        ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
    }
    return start + bytes.joined()
  }
}
