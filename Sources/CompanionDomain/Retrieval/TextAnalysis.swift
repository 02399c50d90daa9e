import Foundation

/// Turns text into terms that can be compared: alike for questions and for what they ask about.
///
/// Text is normalised (NFKC) and case-folded. Words become their stems, without English stop words. Han, kana
/// and hangul, which part no words, become single characters and pairs of neighbours.
public enum TextAnalysis {
  /// The terms of a text in order, with repetitions.
  ///
  /// Complexity: linear in the text's length.
  public static func terms(of text: String) -> [String] {
    var terms: [String] = []
    var word = ""
    var previous: Unicode.Scalar?

    func endWord() {
      if !word.isEmpty, !stopWords.contains(word) { terms.append(stem(word)) }
      word = ""
    }

    for scalar in text.precomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
      if isUnparted(scalar) {
        endWord()
        terms.append(String(scalar))
        if let previous { terms.append(String(previous) + String(scalar)) }
        previous = scalar
        continue
      }
      previous = nil
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        word.unicodeScalars.append(scalar)
      } else if scalar != "'" && scalar != "\u{2019}" {
        endWord()
      }
    }
    endWord()
    return terms
  }

  /// The sentences of a text, trimmed; each keeps its end mark.
  public static func sentences(of text: String) -> [String] {
    var sentences: [String] = []
    var current = ""

    func end() {
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
      if "。！？｡".contains(character) { end() }
      if ".!?".contains(character) { isAfterMark = true }
    }
    end()
    return sentences
  }

  /// Whether a term consists of hiragana alone: endings and particles, which say little.
  static func isHiragana(_ term: String) -> Bool {
    term.unicodeScalars.allSatisfy { (0x3041...0x309F).contains($0.value) }
  }

  /// Whether a scalar is of a script that parts no words.
  static func isUnparted(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3005...0x3007, 0x3041...0x3096, 0x309D...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF,
      0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }

  /// A light stem: plural, past and present participle endings and a final "e" go, where enough remains.
  private static func stem(_ word: String) -> String {
    guard word.utf8.allSatisfy({ $0 < 0x80 }), word.utf8.count > 3 else { return word }
    var stem = word[...]
    for ending in ["ies", "ing", "ed", "es", "s"] where stem.hasSuffix(ending) {
      let rest = stem.dropLast(ending.utf8.count)
      guard rest.utf8.count >= 3, !(ending == "s" && rest.hasSuffix("s")) else { continue }
      stem = ending == "ies" ? rest + "y" : rest
      break
    }
    if stem.utf8.count > 3, stem.hasSuffix("e") { stem = stem.dropLast() }
    return String(stem)
  }

  private static let stopWords: Set<String> = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i", "if",
    "im", "in", "is", "it", "its", "me", "my", "of", "on", "or", "our", "she", "should", "so", "that", "the",
    "their", "them", "then", "there", "they", "this", "to", "was", "we", "were", "what", "when", "where",
    "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
  ]
}
