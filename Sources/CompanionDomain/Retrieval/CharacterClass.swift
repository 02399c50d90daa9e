/// What a scalar of normalised text is to the analysis.
enum CharacterClass {
  /// Of a script that parts no words, and says something by itself: Han and hangul.
  case ideograph
  /// Of a script that parts no words, and says little by itself: kana, Thai, Lao, Khmer, Burmese.
  case syllable
  /// Part of a word: a letter, a digit, a mark.
  case letter
  /// A term by itself.
  case emoji
  /// Nothing: marks that are often left out, joiners, selectors.
  case ignored
  case separator

  var isUnparted: Bool { self == .ideograph || self == .syllable }

  /// The class of a scalar that is not ASCII, or of an ASCII separator.
  init(_ value: UInt32) {
    switch value {
    case 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF,
      0x0E01...0x0E4E, 0x0E81...0x0ECD, 0x1000...0x103F, 0x1780...0x17D3:
      self = .syllable
    case 0x3005...0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0x20000...0x3FFFF:
      self = .ideograph
    case 0...0x7F, 0x2010...0x205F, 0x3000...0x303F: self = .separator
    // Skin tones and what joins or selects; points of Hebrew, vowels of Arabic; soft hyphens.
    case 0x1F3FB...0x1F3FF, 0x200C...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF, 0xAD, 0x0591...0x05C7,
      0x0610...0x061A, 0x0640, 0x064B...0x065F, 0x0670:
      self = .ignored
    case 0x2600...0x27BF, 0x1F300...0x1FAFF: self = .emoji
    default: self = Self.byProperties(value)
    }
  }

  private static func byProperties(_ value: UInt32) -> Self {
    guard let properties = Unicode.Scalar(value)?.properties else { return .separator }
    if properties.isAlphabetic || properties.numericType != nil { return .letter }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return .letter
    default: return .separator
    }
  }
}
