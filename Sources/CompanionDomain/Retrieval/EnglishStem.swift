/// The stem of an English word: its plural, past and participle endings, "-ly" and a silent "e" go.
///
/// These are steps 1 and 5a of M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), with the
/// cares for short words of his later Porter2 (https://snowballstem.org/algorithms/english/stemmer.html). The
/// derivations of the other steps are left as they are: "universe" and "university" differ.
struct EnglishStem {
  private var word: [UInt8]

  /// The stem of a word of ASCII letters and digits in lower case. Complexity: linear in its length.
  init(_ word: [UInt8]) {
    self.word = word
    guard word.count > 2 else { return }
    removePlural()
    removeAdverbEnding()
    removeVerbEnding()
    replaceFinalY()
    removeFinalE()
  }

  /// Whether a word has an ending that may go.
  static func mayChange(_ word: [UInt8]) -> Bool {
    switch word.last {
    case UInt8(ascii: "s"), UInt8(ascii: "d"), UInt8(ascii: "g"), UInt8(ascii: "y"), UInt8(ascii: "e"),
      UInt8(ascii: "l"):
      true
    default: false
    }
  }

  var text: String { String(decoding: word, as: UTF8.self) }

  private mutating func removePlural() {
    guard ends("s") else { return }
    if ends("sses") {
      word.removeLast(2)
    } else if ends("ies") {
      word.removeLast(word.count > 4 ? 2 : 1)
    } else if !ends("ss"), !ends("us"), !ends("is"), word.count > 3 {
      word.removeLast()
    }
  }

  /// "quickly" is "quick", yet "family", "supply" and "assembly" are no adverbs.
  private mutating func removeAdverbEnding() {
    guard ends("ly"), word.count > 5, !"aioubfpm".utf8.contains(word[word.count - 3]) else { return }
    word.removeLast(2)
  }

  private mutating func removeVerbEnding() {
    if ends("eed") {
      if measure(word.count - 3) > 0 { word.removeLast() }
    } else if ends("ied") {
      word.removeLast(word.count > 4 ? 2 : 1)
    } else if ends("ed"), hasVowel(word.count - 2) {
      word.removeLast(2)
      mend()
    } else if ends("ing"), hasVowel(word.count - 3) {
      word.removeLast(3)
      mend()
    }
  }

  /// Brings back the "e" that gave way to an ending, and takes the letter that was doubled before it.
  private mutating func mend() {
    guard let last = word.last else { return }
    if ends("at") || ends("bl") || ends("iz") {
      word.append(UInt8(ascii: "e"))
    } else if word.count > 2, last == word[word.count - 2], !isVowel(word.count - 1) {
      if !"lsz".utf8.contains(last) || (last == UInt8(ascii: "l") && word.count > 5) { word.removeLast() }
    } else if measure(word.count) == 1, isShort(word.count) {
      word.append(UInt8(ascii: "e"))
    }
  }

  /// "study" and "studies" meet in "studi"; "play" stays.
  private mutating func replaceFinalY() {
    guard word.count > 2, ends("y"), !isVowel(word.count - 2) else { return }
    word[word.count - 1] = UInt8(ascii: "i")
  }

  /// The "e" of "change" goes, as it has in "changing"; that of "care" stays.
  private mutating func removeFinalE() {
    if word.count > 5, ends("ll") { word.removeLast() }
    guard ends("e") else { return }
    let measure = measure(word.count - 1)
    if measure > 1 || (measure == 1 && !isShort(word.count - 1)) { word.removeLast() }
  }

  private func ends(_ ending: StaticString) -> Bool {
    let count = ending.utf8CodeUnitCount
    guard word.count >= count else { return false }
    return ending.withUTF8Buffer { ending in word[(word.count - count)...].elementsEqual(ending) }
  }

  private func isVowel(_ place: Int) -> Bool {
    switch word[place] {
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): true
    case UInt8(ascii: "y"): place > 0 && !isPlainVowel(place - 1)
    default: false
    }
  }

  private func isPlainVowel(_ place: Int) -> Bool { "aeiou".utf8.contains(word[place]) }

  private func hasVowel(_ length: Int) -> Bool { (0..<max(0, length)).contains(where: isVowel) }

  /// How many times vowels are followed by consonants in the first letters.
  private func measure(_ length: Int) -> Int {
    var count = 0
    var isAfterVowel = false
    for place in 0..<max(0, length) {
      let isVowel = isVowel(place)
      if isAfterVowel, !isVowel { count += 1 }
      isAfterVowel = isVowel
    }
    return count
  }

  /// Whether the first letters end in consonant, vowel, consonant, as "hop" does; "play", "snow" and "fix" do not.
  private func isShort(_ length: Int) -> Bool {
    guard length >= 3 else { return false }
    return !isVowel(length - 3) && isVowel(length - 2) && !isVowel(length - 1)
      && !"wxy".utf8.contains(word[length - 1])
  }
}
