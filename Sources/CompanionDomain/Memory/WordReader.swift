/// Reads the words of a text: without case, width, marks, punctuation. A character of a script that parts no
/// words is a word by itself, and so are signs that mean something, as in "C++" and "5 %".
enum WordReader {
  static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      // The points of a number are of it, those of a sentence are not.
      while word.last == "." { word.removeLast() }
      if word.utf8.contains(UInt8(ascii: "'")) {
        words += parts(of: word)
      } else if !word.isEmpty {
        words.append(word)
      }
      word = ""
    }
    let scalars = Array((Normalization.normalized(text) ?? text).unicodeScalars.map(narrow))
    for (place, scalar) in scalars.enumerated() {
      let next = place + 1 < scalars.count ? scalars[place + 1] : " "
      if scalar.isASCII, isDigit(scalar) || isLetter(scalar) {
        // The letters differ in one bit from the small ones, which digits have anyway.
        word.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value) | 0x20))
      } else if isLetter(scalar) {
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
    if scalar.isASCII { return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) }
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
