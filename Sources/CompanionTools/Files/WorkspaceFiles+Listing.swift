import CompanionDomain

extension WorkspaceFiles {
  /// The entries of a folder and of those in it.
  ///
  /// - Parameters:
  ///   - depth: how many folders are gone into, one in another; 1 for this one alone.
  ///   - pattern: which files are told of; folders are told of only where there is none.
  func list(
    _ path: WorkspacePath, depth: Int, matching pattern: GlobPattern?
  ) async throws(ToolFailure) -> ToolOutput {
    try rules.checkReading(path)
    var walk = try walk(path, depth: depth)
    var output = BoundedLines(limit: limits.outputBytes)
    let deadline = time.now.advanced(by: limits.searchTime)
    var looks = 0
    while let entry = walk.next() {
      try await pause(after: &looks)
      guard time.now < deadline else {
        output.end("the listing took longer than \(limits.searchTime); list a smaller folder")
        break
      }
      if let pattern {
        guard entry.status.kind != .folder, let path = entry.path, pattern.matches(path) else { continue }
      }
      guard output.count < limits.listedEntries, output.append(line(for: entry)) else {
        output.end("there are more; list a smaller folder")
        break
      }
    }
    // Not to go deeper than was asked leaves nothing out.
    if depth < limits.depth { walk.omissions.deepFolders = 0 }
    return output.output(notes: walk.omissions.notes, ofNothing: "Nothing is there.")
  }

  /// Lets others have their turn, and finds out whether to go on.
  func pause(after looks: inout Int) async throws(ToolFailure) {
    looks += 1
    if looks % 64 == 0 { await Task.yield() }
    if Task.isCancelled { throw .cancelled }
  }

  func walk(_ path: WorkspacePath, depth: Int) throws(ToolFailure) -> FolderWalk {
    try FolderWalk(
      try openFolder(path), at: path, rules: rules, depth: min(depth, limits.depth),
      folderEntries: limits.folderEntries)
  }

  private func line(for entry: FolderWalk.Entry) -> String {
    let kind =
      switch entry.status.kind {
      case .file: "\(entry.status.size) bytes"
      case .folder: "folder"
      default: "\(entry.status.kind.word), cannot be opened"
      }
    let name = entry.path == nil ? ", and its name cannot be written in a path" : ""
    return "\(entry.shownPath)\(entry.status.kind == .folder ? "/" : "")  (\(kind)\(name))"
  }
}

extension WorkspaceFiles {
  /// Lines of a text file.
  func read(_ path: WorkspacePath, _ excerpt: TextExcerpt) throws(ToolFailure) -> ToolOutput {
    try rules.checkReading(path)
    let text = try text(try content(of: path).bytes, path)
    return try excerpt.output(of: text, limit: limits.outputBytes)
  }
}
