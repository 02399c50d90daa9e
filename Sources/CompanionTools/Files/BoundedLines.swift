import CompanionDomain

/// Lines, as many as fit, and why there are no more.
struct BoundedLines {
  private(set) var count = 0
  private var lines: [String] = []
  private var room: Int
  private var ending: String?

  init(limit: Int) { room = limit }

  /// Takes a line, where it fits.
  ///
  /// - Returns: whether it does.
  mutating func append(_ line: String) -> Bool {
    guard line.utf8.count < room else { return false }
    room -= line.utf8.count + 1
    lines.append(line)
    count += 1
    return true
  }

  /// Says why there are no more lines.
  mutating func end(_ reason: String) { ending = reason }

  /// The lines and what is to be said of them.
  func output(notes: [String], ofNothing: String) -> ToolOutput {
    let notes = [ending].compactMap(\.self) + notes
    let content = (lines.isEmpty ? [ofNothing] : lines) + notes.map { "[\($0)]" }
    return ToolOutput(content.joined(separator: "\n"), isTruncated: !notes.isEmpty)
  }
}
