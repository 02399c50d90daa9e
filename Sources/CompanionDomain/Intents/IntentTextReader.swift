/// Reads a text into symbols and words; see ``IntentFeatures``.
struct IntentTextReader {
  /// The characters as they count, a space between words that are parted, before the first and behind the last.
  private(set) var symbols: [UInt32] = [space]
  private(set) var words: [FeatureHash] = []

  private var word = FeatureHash.start

  static let space = UInt32(UInt8(ascii: " "))
  private static let digit = UInt32(UInt8(ascii: "0"))

  mutating func read(_ text: String) {
    let isLong = text.utf8.count > IntentFeatures.longestText
    let start =
      isLong
      ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(IntentFeatures.longestText))) : text
    symbols.reserveCapacity(start.utf8.count + 2)
    // Compatibility forms may be several scalars each.
    for scalar in (Normalization.normalized(start) ?? start).unicodeScalars.prefix(
      IntentFeatures.longestText)
    {
      read(scalar)
    }
    part()
  }

  private mutating func read(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x61...0x7A: add(scalar.value)
    case 0x41...0x5A: add(scalar.value | 0x20)
    case 0x30...0x39: add(Self.digit)
    case 0x27, 0x2019: break
    case 0...0x7F: part()
    // Full-width forms are ASCII in another place.
    case 0xFF01...0xFF5E: read(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)))
    default: readOther(scalar)
    }
  }

  private mutating func readOther(_ scalar: Unicode.Scalar) {
    switch CharacterClass(scalar.value) {
    case .ideograph, .syllable:
      endWord()
      add(scalar.value)
      endWord()
    case .emoji:
      part()
      add(scalar.value)
      part()
    case .letter:
      // The mark of a Latin letter that Unicode has in no other form.
      guard !(0x300...0x36F).contains(scalar.value) else { return }
      for folded in String(decoding: Normalization.folded(scalar), as: UTF8.self).unicodeScalars {
        add((0x41...0x5A).contains(folded.value) ? folded.value | 0x20 : folded.value)
      }
    case .ignored: break
    case .separator: part()
    }
  }

  private mutating func add(_ symbol: UInt32) {
    symbols.append(symbol)
    word.add(symbol)
  }

  private mutating func endWord() {
    guard word != .start else { return }
    words.append(word)
    word = .start
  }

  private mutating func part() {
    endWord()
    if symbols.last != Self.space { symbols.append(Self.space) }
  }
}
