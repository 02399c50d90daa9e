/// The marks around material that is brought into a prompt.
///
/// The opening mark names the kind and the source. Both marks have a word that is derived from what stands between them,
/// so that content that was written before cannot know it; and whatever in the content looks like a mark is escaped, so
/// that there is exactly one closing mark, whatever the content is. The same content gives the same marks.
enum PromptFence {
  /// Content between its marks, on lines of its own.
  ///
  /// Complexity: linear in the length of the content.
  static func fenced(_ content: String, kind: String, source: String = "") -> String {
    let content = escaped(content)
    let source = label(source)
    let tag = "\(name)\(nonce(of: kind + "\n" + source + "\n" + content))"
    let sourceAttribute = source.isEmpty ? "" : " source=\"\(source)\""
    return "<\(tag) kind=\"\(kind)\"\(sourceAttribute)>\n\(content)\n</\(tag)>"
  }

  /// An item of a list: its source, and its text, whose further lines are set in, so that none of them can look like the
  /// beginning of another item.
  static func line(_ excerpt: PromptExcerpt) -> String {
    let source = label(excerpt.source)
    let lines = excerpt.text.split(whereSeparator: \.isNewline)
    let first = lines.first.map { " " + $0 } ?? ""
    let rest = lines.dropFirst().map { "\n  " + $0 }.joined()
    return (source.isEmpty ? "-" : "- [\(source)]") + first + rest
  }

  /// A source as it stands in a mark or before an item: one short line, without what could end it.
  static func label(_ source: String) -> String {
    var label = ""
    for character in source.prefix(longestLabel) {
      switch character {
      case "\"": label.append("'")
      case "<", "[": label.append("(")
      case ">", "]": label.append(")")
      case _ where character.isNewline: label.append(" ")
      default: label.unicodeScalars.append(contentsOf: character.unicodeScalars.filter { !isControl($0) })
      }
    }
    return label
  }

  /// A text without anything that looks like a mark: a backslash stands behind the bracket of what does.
  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
    let bytes = Array(text.utf8)
    var escaped: [UInt8] = []
    escaped.reserveCapacity(bytes.count + 8)
    for (index, byte) in bytes.enumerated() {
      escaped.append(byte)
      if byte == UInt8(ascii: "<"), looksLikeMark(bytes[(index + 1)...]) {
        escaped.append(UInt8(ascii: "\\"))
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  private static func looksLikeMark(_ rest: ArraySlice<UInt8>) -> Bool {
    var rest = rest
    if rest.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
    guard rest.count >= name.utf8.count else { return false }
    return zip(rest, name.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// Letters alone, so that tokenizers make about as many tokens of each.
  private static func nonce(of text: String) -> String {
    var bits = ContentHash(of: text).rawValue
    bits ^= bits >> 61
    return String(
      decoding: (0..<10).map { UInt8(ascii: "a") + UInt8(truncatingIfNeeded: bits >> (4 * $0) & 15) },
      as: UTF8.self)
  }

  private static let name = "data-"
  private static let longestLabel = 120
}
