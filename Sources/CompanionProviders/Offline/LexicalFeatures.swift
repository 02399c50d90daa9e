import CompanionDomain

/// What a text is compared by: its terms, and the parts of its words.
///
/// Each has an energy, the square of its weight, which grows with every time it comes up: its weight grows with
/// the root of that.
struct LexicalFeatures {
  /// The version of the rules. It grows when the vector of any text changes.
  static let version = 1

  struct Feature {
    var hash: UInt64
    var energy: Float
  }

  /// All of them, each once, in the order in which they first came up; never none.
  private(set) var all: [Feature] = []
  private var places: [UInt64: Int] = [:]

  init(_ text: String) {
    var word: [Unicode.Scalar] = []
    for term in TextAnalysis.terms(of: text) {
      let scalars = term.unicodeScalars
      if let last = scalars.last, TextAnalysis.isUnparted(last) {
        add(.term, scalars, energy: Self.energy(ofCharacters: term))
      } else {
        add(.term, scalars, energy: 1)
        word.replaceSubrange(word.indices, with: scalars)
        addParts(of: word)
      }
    }
    // Punctuation or nothing: the same as itself, and as nothing else.
    if all.isEmpty { add(.text, text.unicodeScalars, energy: 1) }
  }

  /// Of a script that parts no words: a pair of characters is most of a word, one alone less; hiragana are
  /// mostly endings and particles.
  private static func energy(ofCharacters term: String) -> Float {
    if TextAnalysis.isHiragana(term) { return 0.01 }
    return term.unicodeScalars.dropFirst().isEmpty ? 0.36 : 1
  }

  /// Adds the rows of three and four characters in a word, its beginning and its end counted as one each. They
  /// weigh together as much as the word.
  ///
  /// With these lengths words that are spelt wrong are found nearly as well as with others up to five added, and
  /// faster. Pairs are in too many words: where texts are long, nothing is found by them.
  private mutating func addParts(of word: [Unicode.Scalar]) {
    let scalars = ["^"] + word + ["$"]
    // Of a single letter they would be the word again.
    let lengths = (3...4).filter { $0 < scalars.count }
    let count = lengths.reduce(0) { $0 + scalars.count - $1 + 1 }
    for length in lengths {
      for start in 0...scalars.count - length {
        add(.part, scalars[start..<start + length], energy: 1 / Float(count))
      }
    }
  }

  private enum Kind: UInt64 { case term, part, text }

  private mutating func add(_ kind: Kind, _ scalars: some Sequence<Unicode.Scalar>, energy: Float) {
    // FNV-1a with 64 bits (RFC 9923, https://www.rfc-editor.org/rfc/rfc9923), a scalar at a time.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    hash = (hash ^ kind.rawValue) &* 0x0000_0100_0000_01b3
    for scalar in scalars { hash = (hash ^ UInt64(scalar.value)) &* 0x0000_0100_0000_01b3 }
    if let place = places[hash] {
      all[place].energy += energy
    } else {
      places[hash] = all.count
      all.append(Feature(hash: hash, energy: energy))
    }
  }
}
