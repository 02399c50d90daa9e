/// What of a workspace is kept from tools.
///
/// Names are compared as the most careless file system would: without case, without invisible characters,
/// whatever form of Unicode they are in, and without dots and spaces at the end.
public struct WorkspaceFileRules: Hashable, Sendable {
  /// What can neither be seen nor touched: paths from the root, or names without `/`, wherever they are.
  public var hidden: [GlobPattern] { didSet { comparedHidden = hidden.map(Self.compared) } }
  /// What can be read, and not changed; written as ``hidden``. What is in a folder of these is as the folder is.
  public var readOnly: [GlobPattern] { didSet { comparedReadOnly = readOnly.map(Self.compared) } }
  /// Both as they are compared: they are asked for every file that is listed or searched.
  private var comparedHidden: [GlobPattern]
  private var comparedReadOnly: [GlobPattern]

  /// The companion's own database is hidden, and the inside of version control can only be read: what is
  /// written there, a program would run.
  public static let standard = WorkspaceFileRules(
    hidden: ["companion.db", "companion.db-*"], readOnly: [".git", "git~1", ".hg", ".svn"])

  /// Rules of these parts.
  public init(hidden: [GlobPattern], readOnly: [GlobPattern]) {
    self.hidden = hidden
    self.readOnly = readOnly
    comparedHidden = hidden.map(Self.compared)
    comparedReadOnly = readOnly.map(Self.compared)
  }

  /// Whether tools may know of it.
  public func isHidden(_ path: WorkspacePath) -> Bool { Self.isCovered(path, by: comparedHidden) }

  /// Whether tools may not change it.
  public func isReadOnly(_ path: WorkspacePath) -> Bool { Self.isCovered(path, by: comparedReadOnly) }

  /// Checks that something may be read.
  ///
  /// - Throws: `ToolFailure.refused`.
  public func checkReading(_ path: WorkspacePath) throws(ToolFailure) {
    guard !isHidden(path) else {
      throw .refused(path: path.description, reason: "is kept from tools by the host")
    }
  }

  /// Checks that something may be written, changed or removed.
  ///
  /// - Throws: `ToolFailure.refused`.
  public func checkWriting(_ path: WorkspacePath) throws(ToolFailure) {
    try checkReading(path)
    guard !isReadOnly(path) else {
      throw .refused(path: path.description, reason: "may be read and not changed: the host protects it")
    }
  }

  /// Whether the path or a folder that it is in is covered.
  private static func isCovered(_ path: WorkspacePath, by patterns: [GlobPattern]) -> Bool {
    guard !patterns.isEmpty else { return false }
    let names = path.names.map(compared)
    return names.indices.contains { last in
      let beginning = Array(names[...last])
      return patterns.contains { $0.matches(beginning) }
    }
  }

  /// A pattern as it is compared.
  private static func compared(_ pattern: GlobPattern) -> GlobPattern { pattern.mapped(compared) }

  /// A name as it is compared.
  private static func compared(_ name: String) -> String {
    let scalars = name.unicodeScalars.filter { $0.properties.generalCategory != .format }
    let seen = String(String.UnicodeScalarView(scalars))
    var folded = (Normalization.normalized(seen) ?? seen).lowercased()
    while folded.last == "." || folded.last == " " { folded.removeLast() }
    return folded
  }
}
