/// Material that stands between the marks of a ``PromptFence``, as it is read back from a prompt.
///
/// Only a block whose marks have the word that is derived from what is between them is one. What looks like a mark in
/// the content is escaped, so that no block is found in another one's content.
package struct FencedBlock: Hashable, Sendable {
  /// What it is, such as `recalled`.
  package let kind: String
  /// Where it comes from; empty for nowhere in particular.
  package let source: String
  /// What stands between the marks. What was escaped in it still is.
  package let content: String

  /// The blocks of a text, in order.
  ///
  /// Complexity: linear in the text's length.
  package static func all(in text: String) -> [FencedBlock] {
    guard text.contains("<data-") else { return [] }
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    var blocks: [FencedBlock] = []
    var open: (mark: OpeningMark, first: Int)?
    for (number, line) in lines.enumerated() {
      if let mark = OpeningMark(line) {
        open = (mark, number + 1)
      } else if let (mark, first) = open, line.elementsEqual("</\(mark.tag)>".unicodeScalars) {
        if first <= number, let block = mark.block(lines[first..<number]) { blocks.append(block) }
        open = nil
      }
    }
    return blocks
  }

  /// What its content lists, where it is a list of excerpts; see ``PromptFence/line(_:)``.
  package var excerpts: [PromptExcerpt] {
    var excerpts: [PromptExcerpt] = []
    for line in content.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "-" || line.hasPrefix("- ") {
        excerpts.append(Self.item(line.dropFirst(2)))
      } else if line.hasPrefix("  "), let last = excerpts.last {
        excerpts[excerpts.count - 1].text =
          last.text.isEmpty ? String(line.dropFirst(2)) : last.text + "\n" + line.dropFirst(2)
      }
    }
    return excerpts
  }

  /// What stands behind the dash of an item.
  private static func item(_ line: Substring) -> PromptExcerpt {
    // No source has a bracket in it.
    guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else {
      return PromptExcerpt(source: "", text: String(line))
    }
    let source = line[line.index(after: line.startIndex)..<end]
    return PromptExcerpt(source: String(source), text: String(line[line.index(after: end)...].dropFirst()))
  }
}

/// The line with which a block begins.
private struct OpeningMark {
  let tag: String
  private let kind: String
  private let source: String

  /// `nil` for any other line.
  init?(_ line: Substring.UnicodeScalarView) {
    guard line.starts(with: "<data-".unicodeScalars),
      let match = Substring(line).wholeMatch(of: /<(data-[a-p]{10}) kind="([^"]*)"(?: source="([^"]*)")?>/)
    else { return nil }
    tag = String(match.1)
    kind = String(match.2)
    source = match.3.map(String.init) ?? ""
  }

  /// The block with the lines behind this mark; `nil` unless the mark is theirs.
  func block(_ lines: ArraySlice<Substring.UnicodeScalarView>) -> FencedBlock? {
    let content = lines.map { String($0) }.joined(separator: "\n")
    guard PromptFence.tag(of: content, kind: kind, source: source) == tag else { return nil }
    return FencedBlock(kind: kind, source: source, content: content)
  }
}
