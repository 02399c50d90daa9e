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
    let tag = tag(of: content, kind: kind, source: source)
    let sourceAttribute = source.isEmpty ? "" : " source=\"\(source)\""
    return "<\(tag) kind=\"\(kind)\"\(sourceAttribute)>\n\(content)\n</\(tag)>"
  }

  /// The name of the marks around escaped content.
  static func tag(of content: String, kind: String, source: String) -> String {
    name + nonce(of: kind + "\n" + source + "\n" + content)
  }

  /// An item of a list: its source, and its text, whose further lines are set in, so that none of them can look like the
  /// beginning of another item. A text that begins as a source does has an empty one before it.
  static func line(_ excerpt: PromptExcerpt) -> String {
    let source = label(excerpt.source)
    let lines = excerpt.text.split(whereSeparator: \.isNewline)
    let first = lines.first.map { " " + $0 } ?? ""
    let rest = lines.dropFirst().map { "\n  " + $0 }.joined()
    let isPlain = source.isEmpty && lines.first?.first != "["
    return (isPlain ? "-" : "- [\(source)]") + first + rest
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

  /// A text without anything that looks like a mark, even to a reader who does not tell letters of other scripts, full
  /// width or invisible signs apart: a backslash stands behind the bracket of what does.
  static func escaped(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.contains(where: isBracket) else { return text }
    var escaped = String.UnicodeScalarView()
    for index in scalars.indices {
      escaped.append(scalars[index])
      if isBracket(scalars[index]), looksLikeMark(scalars[scalars.index(after: index)...]) {
        escaped.append("\\")
      }
    }
    return String(escaped)
  }

  private static func isBracket(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "<", "＜", "﹤", "‹", "〈", "⟨", "˂", "ᐸ": true
    default: false
    }
  }

  private static func looksLikeMark(_ rest: Substring.UnicodeScalarView) -> Bool {
    var wanted = name.unicodeScalars[...]
    for scalar in rest.prefix(longestMark) {
      if scalar.properties.isWhitespace || isControl(scalar) || scalar.properties.isVariationSelector {
        continue
      }
      let folded = folded(scalar)
      if folded == "/" { continue }
      guard folded == wanted.first else { return false }
      wanted = wanted.dropFirst()
      if wanted.isEmpty { return true }
    }
    return false
  }

  /// The small ASCII letter or sign that a scalar looks like.
  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar {
    case "а", "А", "α", "Α", "ɑ": return "a"
    case "ԁ", "Ԁ": return "d"
    case "т", "Т", "τ", "Τ": return "t"
    case "⁄", "∕", "⧸", "╱": return "/"
    case "‐", "‑", "‒", "–", "—", "―", "−", "﹘", "﹣", "ー", "_", "＿": return "-"
    default: break
    }
    let isFullWidth = (0xff01...0xff5e).contains(scalar.value)
    let value = isFullWidth ? scalar.value - 0xfee0 : scalar.value
    let isCapital = (0x41...0x5a).contains(value)
    return Unicode.Scalar(isCapital ? value + 0x20 : value) ?? scalar
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
  /// Of what follows a bracket, so many scalars are looked at.
  private static let longestMark = 24
  private static let longestLabel = 120
}
