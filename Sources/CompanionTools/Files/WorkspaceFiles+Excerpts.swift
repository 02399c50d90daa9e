public import CompanionDomain
public import CompanionPorts

extension WorkspaceFiles: FileExcerpts {
  /// The beginning of a text file; what is left out of it is told behind it.
  ///
  /// - Parameters:
  ///   - path: from the top of the workspace, with or without `./` before it, or the whole path of a file in it.
  ///   - bytes: how much of the text is wanted, at most.
  /// - Throws: `ToolFailure` when there is no such file, it is no text, or it is kept from tools.
  public func excerpt(of path: String, bytes: Int) async throws(ToolFailure) -> String {
    let path = try WorkspacePath(inside(path))
    return try whileNotCancelled { files throws(ToolFailure) in
      try files.rules.checkReading(path)
      let text = try files.text(try files.content(of: path).bytes, path)
      return try TextExcerpt().output(of: text, limit: max(bytes, 1)).content
    }
  }

  /// A path as a person writes it, from the top of the workspace.
  private func inside(_ path: String) -> String {
    if path.hasPrefix("./") { return String(path.dropFirst(2)) }
    let root = rootPath.hasSuffix("/") ? rootPath : rootPath + "/"
    return path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
  }
}
