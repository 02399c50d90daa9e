/// The places where a text can be cut: before each of its characters that is not white space, and at its end.
///
/// White space beside a cut belongs to neither side.
struct TextCuts {
  /// What ends at a cut.
  enum Level: UInt8, Comparable {
    case character, word, sentence, line, paragraph

    static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// The cuts but the first, which is the beginning: this is the number of the last one.
  var count: Int { cuts.count - 1 }

  private struct Cut {
    /// Where the character before ends.
    var end: String.Index
    /// Where the next one begins.
    var start: String.Index
    var level: Level
  }

  private let text: String
  private var cuts: [Cut] = []

  /// Complexity: linear in the length of the text; so is the memory, some 24 bytes for each character.
  init(_ text: String) {
    self.text = text
    var reader = GapReader()
    var end = text.startIndex
    var place = text.startIndex
    while place < text.endIndex {
      let next = text.index(after: place)
      let character = text[place]
      if !character.isWhitespace {
        cuts.append(Cut(end: end, start: place, level: reader.level(before: character)))
        end = next
      } else {
        reader.skip(character)
      }
      place = next
    }
    cuts.append(Cut(end: end, start: text.endIndex, level: .paragraph))
  }

  /// What ends at a cut.
  func level(of cut: Int) -> Level { cuts[cut].level }

  /// The text between two cuts.
  func text(from start: Int, to end: Int) -> Substring { text[cuts[start].start..<cuts[end].end] }
}

/// Tells what ends between two characters, by what has been read before.
private struct GapReader {
  private enum End { case none, clause, sentence, sentenceIfSpaceFollows }

  private var end = End.none
  private var lines = 0
  private var isSpace = false

  mutating func skip(_ space: Character) {
    isSpace = true
    if space.isNewline { lines += 1 }
  }

  /// What ends before a character that is not white space.
  mutating func level(before character: Character) -> TextCuts.Level {
    let kind = Self.kind(of: character)
    defer {
      lines = 0
      isSpace = false
    }
    // Marks in a row are one, and what closes belongs to what it closes, unless white space parts them.
    if !isSpace, kind != .other {
      switch (kind, end) {
      case (.closing, _): break
      case (.mark(.clause), .sentence), (.mark(.clause), .sentenceIfSpaceFollows): break
      case (.mark(.sentenceIfSpaceFollows), .sentence): break
      case (.mark(let mark), _): end = mark
      case (.other, _): break
      }
      return .character
    }
    defer { if case .mark(let mark) = kind { end = mark } else { end = .none } }
    if lines > 0 { return lines > 1 ? .paragraph : .line }
    switch end {
    case .sentence: return .sentence
    case .sentenceIfSpaceFollows where isSpace: return .sentence
    case .clause: return .word
    default: return isSpace ? .word : .character
    }
  }

  private enum Kind: Equatable { case mark(End), closing, other }

  private static func kind(of character: Character) -> Kind {
    let scalars = character.unicodeScalars
    guard let first = scalars.first, scalars.index(after: scalars.startIndex) == scalars.endIndex else {
      return .other
    }
    switch first {
    case "。", "！", "？", "｡": return .mark(.sentence)
    case ".", "!", "?", "…": return .mark(.sentenceIfSpaceFollows)
    case "、", "，", "；", "：", "､": return .mark(.clause)
    case "\"", "'", "”", "’", "»", ")", "]", "」", "』", "）", "】", "〉", "》", "〕", "*", "_": return .closing
    default: return .other
    }
  }
}
