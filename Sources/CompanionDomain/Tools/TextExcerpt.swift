/// Some lines of a text, as a model is shown them.
public struct TextExcerpt: Hashable, Sendable {
  /// The first line, counted from 1.
  public let firstLine: Int
  /// How many lines, at most; `nil` for all that follow.
  public let lineCount: Int?

  /// An excerpt of these lines; less than 1 counts as 1.
  public init(firstLine: Int = 1, lineCount: Int? = nil) {
    self.firstLine = max(1, firstLine)
    self.lineCount = lineCount.map { max(1, $0) }
  }

  /// The lines as they are, and behind them a note where that is not the whole text.
  ///
  /// Complexity: linear in the length of the text.
  ///
  /// - Parameter limit: the most bytes of the text that are shown; whole lines where one fits.
  /// - Throws: `ToolFailure.invalidArguments` when the text has fewer lines.
  public func output(of text: String, limit: Int) throws(ToolFailure) -> ToolOutput {
    let newline = UInt8(ascii: "\n")
    var lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false)
    // A line end at the end begins no line.
    if text.utf8.last == newline { lines.removeLast() }
    guard firstLine <= max(1, lines.count) else {
      throw .invalidArguments("the file has \(lines.count) lines, and line \(firstLine) is asked for.")
    }
    let wanted = lines.dropFirst(firstLine - 1).prefix(lineCount ?? .max)
    var shown = 0
    var bytes = 0
    for line in wanted {
      // The line end counts.
      guard bytes + line.count + 1 <= limit else { break }
      bytes += line.count + 1
      shown += 1
    }
    guard let first = wanted.first else { return ToolOutput("") }
    if shown == 0 { return cut(String(Substring(first)), of: lines.count, limit: limit) }

    let end = wanted[wanted.startIndex + shown - 1].endIndex
    let content = String(text[first.startIndex..<end])
    let lastLine = firstLine + shown - 1
    guard shown < lines.count else { return ToolOutput(text.utf8.count <= limit ? text : content) }
    var note = "[lines \(firstLine) to \(lastLine) of \(lines.count)"
    if lastLine < lines.count { note += "; more from line \(lastLine + 1)" }
    return ToolOutput("\(content)\n\(note)]", isTruncated: shown < wanted.count)
  }

  /// A line that is too long to be shown whole.
  private func cut(_ line: String, of count: Int, limit: Int) -> ToolOutput {
    var end =
      line.utf8.index(line.utf8.startIndex, offsetBy: max(0, limit), limitedBy: line.utf8.endIndex)
      ?? line.utf8.endIndex
    while end > line.startIndex,
      String.Index(end, within: line.unicodeScalars) == nil
    { end = line.utf8.index(before: end) }
    let shown = line[..<end]
    let rest = line.utf8.count - shown.utf8.count
    return ToolOutput(
      "\(shown)\n[the beginning of line \(firstLine) of \(count); \(rest) bytes of the line are left out]",
      isTruncated: true)
  }
}
