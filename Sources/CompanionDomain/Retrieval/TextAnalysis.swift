import Foundation

/// Turns text into terms that can be compared: alike for questions and for what they ask about.
///
/// Text is normalised (NFKC) and case-folded, and Latin letters lose their marks. Words become their English
/// stems, without stop words. Scripts that part no words become single characters and pairs of neighbours:
/// Han and hangul both, kana and the scripts of South-East Asia pairs alone, unless a character stands alone.
/// Numbers lose leading zeros and the commas of thousands, and dates such as `2023-05-07` name their month too. What
/// is made of several words, such as `camelCase` or `gpt4`, is a term itself, and so is each part.
public enum TextAnalysis {
  /// The version of the rules. It grows when the terms of any text change.
  public static let version = 2

  /// The terms of a text in order, with repetitions. None is longer than 64 bytes.
  ///
  /// Complexity: linear in the text's length.
  public static func terms(of text: String) -> [String] {
    var reader = TermReader()
    reader.read(text)
    return reader.terms
  }

  /// The sentences of a text, trimmed; each keeps its end mark.
  public static func sentences(of text: String) -> [String] {
    var sentences: [String] = []
    var current = ""

    func end() {
      guard !current.isEmpty else { return }
      let trimmed = current.trimmingCharacters(in: .whitespacesAndNewlines)
      if !trimmed.isEmpty { sentences.append(trimmed) }
      current = ""
    }

    var isAfterMark = false
    for character in text {
      // "3.5" and "example.com" go on behind their full stop.
      if isAfterMark, character.isWhitespace { end() }
      isAfterMark = false
      if character.isNewline {
        end()
        continue
      }
      current.append(character)
      let scalars = character.unicodeScalars
      guard let mark = scalars.first, scalars.index(after: scalars.startIndex) == scalars.endIndex else {
        continue
      }
      switch mark {
      case "。", "！", "？", "｡": end()
      case ".", "!", "?": isAfterMark = true
      default: continue
      }
    }
    end()
    return sentences
  }

  /// Whether a term consists of hiragana alone: endings and particles, which say little.
  package static func isHiragana(_ term: String) -> Bool { term.unicodeScalars.allSatisfy(isHiragana) }

  static func isHiragana(_ scalar: Unicode.Scalar) -> Bool { (0x3041...0x309F).contains(scalar.value) }

  /// Whether a scalar is of a script that parts no words.
  package static func isUnparted(_ scalar: Unicode.Scalar) -> Bool { CharacterClass(scalar.value).isUnparted }
}
