import CompanionDomain

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension WorkspaceFiles {
  /// The lines of the files below a folder in which something is.
  ///
  /// What is no text, or too large to be read, is not looked into; how many such files there are is told.
  func search(
    _ search: LiteralSearch, in path: WorkspacePath, matching pattern: GlobPattern?
  ) async throws(ToolFailure) -> ToolOutput {
    try rules.checkReading(path)
    var walk = try walk(path, depth: limits.depth)
    var tally = SearchTally(room: limits.outputBytes)
    let deadline = time.now.advanced(by: limits.searchTime)
    var looks = 0
    while tally.isGoingOn, let entry = walk.next() {
      try await pause(after: &looks)
      guard time.now < deadline else {
        tally.lines.end("the search took longer than \(limits.searchTime); search a smaller folder")
        break
      }
      guard entry.status.kind == .file, let file = entry.path, let name = file.names.last,
        pattern?.matches(file) ?? true
      else { continue }
      guard tally.files < limits.searchedFiles, tally.bytes < limits.searchedBytes else {
        tally.lines.end("\(tally.files) files were searched, and there are more; search a smaller folder")
        break
      }
      tally.files += 1
      // What turns out to be no text was read as well.
      tally.bytes += min(entry.status.size, limits.readBytes)
      do throws(ToolFailure) {
        let text = try content(of: entry, name, file)
        let room = max(0, limits.matches - tally.lines.count)
        let found = search.lines(in: text, limit: room < .max ? room + 1 : room)
        tally.take(found, of: entry.shownPath, room: room)
      } catch {
        if error == .cancelled { throw error }
        tally.skipped += 1
      }
    }
    return tally.output(omissions: walk.omissions.notes)
  }

  /// The text of a file that was just seen.
  private func content(
    of entry: FolderWalk.Entry, _ name: String, _ path: WorkspacePath
  ) throws(ToolFailure) -> String {
    let file = try doing(path) { () throws(SystemFault) in try entry.folder.open(name, O_RDONLY) }
    let status = try doing(path) { () throws(SystemFault) in try file.status() }
    guard status.kind == .file else { throw .refused(path: path.description, reason: status.kind.reason) }
    return try text(try bytes(of: file, path, size: status.size, limit: limits.readBytes), path)
  }
}

/// What a search has found so far.
private struct SearchTally {
  var lines: BoundedLines
  var files = 0
  var bytes = 0
  /// Files that are no text, are too large, or cannot be read.
  var skipped = 0
  var isGoingOn = true

  init(room: Int) { lines = BoundedLines(limit: room) }

  /// - Parameter room: how many lines there may be more.
  mutating func take(_ found: [LiteralSearch.Line], of path: String, room: Int) {
    for (place, line) in found.enumerated() {
      guard place < room, lines.append("\(path):\(line.number): \(line.text.visible(limit: 300))") else {
        lines.end("there are more; look for something rarer, or in a smaller folder")
        isGoingOn = false
        return
      }
    }
  }

  func output(omissions: [String]) -> ToolOutput {
    let notes =
      skipped == 0
      ? [] : ["\(skipped) files were not searched: they are no text, too large, or cannot be read"]
    return lines.output(notes: notes + omissions, ofNothing: "It was found in none of \(files) files.")
  }
}
