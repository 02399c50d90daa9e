/// What a classifier sees of a text: its words, and the characters that stand beside each other.
///
/// Text is normalised (NFKC) and case-folded; Latin letters lose their marks, digits count alike, apostrophes
/// count for nothing. A word is a row of letters and digits; of scripts that part no words, each character is
/// one. The features are words, neighbouring words, pairs of words wherever they stand, rows of 2 to 4
/// characters of a word and what parts it from others, and rows of 5 wherever they stand. Each is known by 32
/// bits of a hash, of which the last says whether it is of characters.
struct IntentFeatures: Hashable {
  /// A feature, and how often the text has it.
  struct Feature: Hashable {
    var key: UInt32
    var count: UInt32

    /// Whether it is of characters, rather than of words.
    var isOfCharacters: Bool { key & 1 == 1 }
  }

  /// In ascending order of their keys, each once. Empty for a text of separators alone.
  let features: [Feature]

  /// How many scalars of a text count; what is behind them is not read.
  static let longestText = 1024
  /// How many words are paired with each other: the first.
  static let mostPairedWords = 32
  private static let rowLengths = 2...5

  /// Complexity: linear in the text's length, up to ``longestText``.
  init(of text: String) {
    var reader = IntentTextReader()
    reader.read(text)
    var keys = Self.keysOfWords(reader.words)
    if !keys.isEmpty { Self.append(rowsOf: reader.symbols, to: &keys) }
    keys.sort()
    var features: [Feature] = []
    for key in keys {
      if let last = features.last, last.key == key {
        features[features.count - 1].count += 1
      } else {
        features.append(Feature(key: key, count: 1))
      }
    }
    self.features = features
  }

  private static func keysOfWords(_ words: [FeatureHash]) -> [UInt32] {
    guard let last = words.last else { return [] }
    var keys: [UInt32] = []
    var before = FeatureHash.edge
    for word in words {
      keys.append(word.key(of: .word))
      keys.append(before.joined(with: word).key(of: .neighbours))
      before = word
    }
    keys.append(last.joined(with: .edge).key(of: .neighbours))
    let paired = words.prefix(mostPairedWords)
    for (place, word) in paired.enumerated() {
      for other in paired[(place + 1)...] {
        keys.append(min(word, other).joined(with: max(word, other)).key(of: .pair))
      }
    }
    return keys
  }

  private static func append(rowsOf symbols: [UInt32], to keys: inout [UInt32]) {
    for start in symbols.indices {
      var hash = FeatureHash.start
      var isWithinWord = true
      for (length, symbol) in zip(1..., symbols[start...].prefix(rowLengths.upperBound)) {
        hash.add(symbol)
        // Only the longest go on behind a space: short ones of two words say little.
        if length == rowLengths.upperBound || (rowLengths.contains(length) && isWithinWord) {
          keys.append(hash.key(of: .characters))
        }
        if length > 1, symbol == IntentTextReader.space { isWithinWord = false }
      }
    }
  }
}

/// A hash that is the same in every process and on every machine.
struct FeatureHash: Hashable, Comparable {
  /// What a feature is made of. The same hash of two kinds becomes two keys.
  enum Kind: UInt64 {
    case word = 1
    case neighbours, pair, characters
  }

  private var bits: UInt64

  static let start = FeatureHash(bits: 0x243F_6A88_85A3_08D3)
  /// What stands before the first word and behind the last.
  static let edge = FeatureHash(bits: 0x1319_8A2E_0370_7344)

  static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }

  mutating func add(_ symbol: UInt32) { mix(UInt64(symbol)) }

  /// A hash of both in this order.
  func joined(with other: Self) -> Self {
    var joined = self
    // Without a step between them they would be exchangeable.
    joined.mix(0)
    joined.mix(other.bits)
    return joined
  }

  func key(of kind: Kind) -> UInt32 {
    var mixed = self
    mixed.mix(kind.rawValue)
    mixed.mix(0)
    return UInt32(truncatingIfNeeded: mixed.bits >> 32) & ~1 | (kind == .characters ? 1 : 0)
  }

  /// The step of a multiplicative hash: an odd factor near 2^64 divided by the golden ratio, and a shift that brings
  /// the better bits down (D. Knuth, "The Art of Computer Programming" 3, 6.4).
  private mutating func mix(_ value: UInt64) {
    bits = (bits ^ value) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
  }
}
