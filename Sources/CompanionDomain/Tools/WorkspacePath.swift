/// The place of a file or folder in a workspace: names from the root downwards, and nothing else.
///
/// It cannot name anything outside: there is no `..`, no `.`, no beginning at `/`, and no name that a system would read
/// as something else. That a name leads out by a symbolic link is for the file system to find out.
public struct WorkspacePath: Hashable, Sendable {
  /// The most names.
  public static let maximumDepth = 64
  /// The most bytes of a name, as file systems have it.
  public static let maximumNameBytes = 255
  /// The most bytes of a path.
  public static let maximumBytes = 4_095

  /// The names, from the root; none for the root itself.
  public let names: [String]

  /// The root.
  public static let root = WorkspacePath(checked: [])

  init(checked names: [String]) { self.names = names }

  /// Reads the path of a file: `notes/today.md`.
  ///
  /// - Throws: `ToolFailure.refused`, with the reason.
  public init(_ text: String) throws(ToolFailure) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw .refused(path: text, reason: "is longer than the \(Self.maximumBytes) bytes that a path may have")
    }
    guard !text.isEmpty else { throw .refused(path: text, reason: "is no file: the path is empty") }
    guard !text.utf8.starts(with: "/".utf8) else {
      throw .refused(
        path: text, reason: "begins with /, and paths are relative to the workspace, such as notes/today.md")
    }
    let names = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    guard names.count <= Self.maximumDepth else {
      throw .refused(path: text, reason: "is nested more deeply than \(Self.maximumDepth) folders")
    }
    for name in names {
      if let problem = Self.problem(with: name) { throw .refused(path: text, reason: problem) }
    }
    self.names = names
  }

  /// Reads the path of a folder, which may end with `/`; `.` is the root.
  ///
  /// - Throws: `ToolFailure.refused`, with the reason.
  public init(folder text: String) throws(ToolFailure) {
    if text == "." || text == "./" {
      self = .root
    } else {
      let isClosed = text.utf8.count > 1 && text.utf8.last == UInt8(ascii: "/")
      self = try WorkspacePath(isClosed ? String(text.unicodeScalars.dropLast()) : text)
    }
  }

  /// Why a name is none that a path may have, as the rest of a sentence about the path; `nil` where it is one.
  package static func problem(with name: String) -> String? {
    if name.isEmpty { return "has an empty name in it: write one / between names, and none at the end" }
    if name == "." || name == ".." {
      return "has “\(name)” in it, which is not allowed: write the path from the top of the workspace"
    }
    if name.utf8.count > maximumNameBytes {
      return "has a name of \(name.utf8.count) bytes in it, and \(maximumNameBytes) are allowed"
    }
    if !name.unicodeScalars.allSatisfy(\.isShown) {
      return "has a character in it that cannot be seen, such as a line end, which no name may have"
    }
    return nil
  }

  /// The path of something in this folder.
  package func appending(_ name: String) -> WorkspacePath { WorkspacePath(checked: names + [name]) }

  /// The folder that it is in; the root's is the root.
  package var folder: WorkspacePath { WorkspacePath(checked: Array(names.dropLast())) }
}

extension WorkspacePath: CustomStringConvertible {
  /// The names with `/` between them; empty for the root.
  public var description: String { names.joined(separator: "/") }
}
