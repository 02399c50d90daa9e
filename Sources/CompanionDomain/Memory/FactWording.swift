/// The words of a statement, as far as statements can be compared by rule: in English, Japanese and Chinese.
///
/// Two statements say nearly the same only when all that carries meaning in them is the same, in the same order:
/// names, numbers, negations, tenses and all. What may differ is how it is put: pronouns, particles, forms of
/// politeness, words such as "now" or "actually". To keep one statement twice costs a line; to take two for one
/// loses what a person has said.
package struct FactWording: Hashable, Sendable {
  /// Of whom or what it speaks, in comparable form.
  let subject: [String]
  /// All words, in comparable form: without case, width, punctuation.
  let words: [String]
  /// The words that carry meaning, in order.
  let content: [String]
  /// Whether it puts first what others put last: "Kyoto is where I live".
  private let isInverted: Bool
  /// What it tells of the subject.
  package let kind: FactKind?
  /// By what it can be found to be about the same.
  private let terms: Set<String>

  /// Reads a statement. Complexity: linear in the length.
  package init(subject: String, statement: String) {
    let words = WordReader.words(of: statement)
    self.subject = WordReader.words(of: subject)
    self.words = words
    var content = ContentWords(words, subject: self.subject)
    content.read()
    self.content = content.content
    isInverted = content.isInverted
    kind = FactKind(of: statement)
    terms = Set(TextAnalysis.terms(of: statement).filter { !TextAnalysis.isHiragana($0) })
      .subtracting(TextAnalysis.terms(of: subject))
  }

  /// Whether two statements differ in case, width, punctuation and white space at most.
  package func isSame(as other: FactWording) -> Bool {
    subject == other.subject && words == other.words
  }

  /// Whether two statements say the same, as far as can be told by their words.
  ///
  /// Of two subjects they do only with the same words, where these name both.
  package func saysTheSame(as other: FactWording) -> Bool {
    if words == other.words, subject == other.subject || names(subject) && names(other.subject) {
      return true
    }
    guard subject == other.subject, !content.isEmpty else { return false }
    if content == other.content { return true }
    guard isInverted != other.isInverted, content.count == other.content.count else { return false }
    return content.indices.dropFirst().contains { content[$0...] + content[..<$0] == other.content[...] }
  }

  private func names(_ subject: [String]) -> Bool {
    !subject.isEmpty && words.indices.contains { words[$0...].starts(with: subject) }
  }

  /// Whether one may end what the other says, so that it is worth asking a model: they are about the same, and do
  /// not say the same.
  ///
  /// Rather too often than not.
  package func mayContradict(_ other: FactWording) -> Bool {
    guard
      subject == other.subject || subject.starts(with: other.subject) || other.subject.starts(with: subject),
      !isSame(as: other)
    else { return false }
    if let kind, kind == other.kind, kind.hasOneValue { return true }
    let shared = terms.intersection(other.terms).count
    return shared > 0 && 2 * shared >= min(terms.count, other.terms.count)
  }
}

/// Reads the words of a text: without case, width, marks, punctuation. A character of a script that parts no
/// words is a word by itself, and so are signs that mean something, as in "C++" and "5 %".
enum WordReader {
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      // The points of a number are of it, those of a sentence are not.
      while word.last == "." { word.removeLast() }
      if !word.isEmpty { words += parts(of: word) }
      word = ""
    }
    let scalars = Array((Normalization.normalized(text) ?? text).unicodeScalars.map(narrow))
    for (place, scalar) in scalars.enumerated() {
      let next = place + 1 < scalars.count ? scalars[place + 1] : " "
      if isDigit(scalar) || isLetter(scalar) {
        word += String(decoding: Normalization.folded(scalar), as: UTF8.self).lowercased()
      } else if scalar == "'" || scalar == "’" {
        if !word.isEmpty { word += "'" }
      } else if scalar == ".", isDigit(next), word.last?.isNumber == true {
        word += "."
      } else if scalar == ",", isDigit(next), word.last?.isNumber == true {
        continue
      } else if scalar == "-", isDigit(next), word.isEmpty {
        word = "-"
      } else {
        let isUnparted = TextAnalysis.isUnparted(scalar)
        if !isUnparted, CharacterClass(scalar.value) == .ignored { continue }
        end()
        if isUnparted || CharacterClass(scalar.value) == .emoji || signs.contains(scalar) {
          words.append(String(scalar))
        }
      }
    }
    end()
    return words
  }

  private static let signs = Set("+#%$€£¥°".unicodeScalars)

  private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard (0xFF01...0xFF5E).contains(scalar.value) else { return scalar }
    return Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.properties.isAlphabetic }
    return CharacterClass(scalar.value) == .letter
  }

  /// A word without apostrophes: "don't" is "do not", "I'll" is "i will", "Anna's" is "anna".
  private static func parts(of word: String) -> [String] {
    let pieces = word.split(separator: "'").map(String.init)
    guard pieces.count == 2, let ending = pieces.last, var stem = pieces.first else {
      return [pieces.joined()]
    }
    switch ending {
    case "t" where stem.last == "n":
      stem.removeLast()
      let full = ["ca": "can", "wo": "will", "sha": "shall"][stem] ?? stem
      return [full, "not"]
    case "s", "m", "re", "ve": return [stem]
    case "ll": return [stem, "will"]
    case "d": return [stem, "would"]
    default: return [stem + ending]
    }
  }
}
