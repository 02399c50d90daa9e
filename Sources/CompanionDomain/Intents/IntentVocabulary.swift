/// The features that a classifier knows, and how much each says.
struct IntentVocabulary: Hashable {
  /// In ascending order.
  let keys: [UInt32]
  /// How much each feature says, in 64ths: the less often it occurs, the more.
  let importances: [UInt8]
  /// The same for a feature that is not known.
  let importanceOfUnknown: UInt8

  /// Where the keys of each beginning are: those that begin with `n` from `starts[n]` to `starts[n + 1]`.
  private let starts: [UInt32]
  private let shift: UInt32

  /// One part of a text's vector.
  struct Component: Hashable {
    /// The place of the feature among the keys.
    var place: UInt32
    var value: Float
  }

  /// - Parameter keys: in ascending order, each once, as many as importances.
  init(keys: [UInt32], importances: [UInt8], importanceOfUnknown: UInt8) {
    precondition(keys.count == importances.count, "each key has an importance")
    self.keys = keys
    self.importances = importances
    self.importanceOfUnknown = importanceOfUnknown
    // About as many beginnings as there are keys.
    let bits = max(1, Int.bitWidth - max(1, keys.count).leadingZeroBitCount - 1)
    shift = UInt32(32 - bits)
    var starts = [UInt32](repeating: 0, count: (1 << bits) + 1)
    for key in keys { starts[Int(key >> shift) + 1] += 1 }
    for place in 1..<starts.count { starts[place] += starts[place - 1] }
    self.starts = starts
  }

  /// The features that at least two of the texts have; with more than `limit`, those that most texts have.
  ///
  /// A feature that `n` of `N` texts have says the root of 1 + ln((1 + N) / (1 + n)): the inverse document frequency of
  /// K. Spärck Jones, "A Statistical Interpretation of Term Specificity" (1972), smoothed, and held back by the root.
  init(of texts: some Collection<IntentFeatures>, limit: Int) {
    var all: [UInt32] = []
    for text in texts { all.append(contentsOf: text.features.lazy.map(\.key)) }
    all.sort()
    var found: [(key: UInt32, texts: Int)] = []
    var start = 0
    while start < all.count {
      var end = start + 1
      while end < all.count, all[end] == all[start] { end += 1 }
      if end - start > 1 { found.append((all[start], end - start)) }
      start = end
    }
    if found.count > limit {
      let least = found.map(\.texts).sorted(by: >)[limit]
      found.removeAll { $0.texts <= least }
    }
    let count = texts.count
    self.init(
      keys: found.map(\.key), importances: found.map { Self.importance(texts: $0.texts, of: count) },
      importanceOfUnknown: Self.importance(texts: 0, of: count))
  }

  private static func importance(texts: Int, of count: Int) -> UInt8 {
    let frequency = ElementaryFunctions.logarithm(Double(1 + count) / Double(1 + texts))
    return UInt8(min(255, (64 * (1 + frequency).squareRoot()).rounded()))
  }

  /// The features at these places alone.
  ///
  /// - Parameter places: in ascending order.
  func keeping(_ places: [Int]) -> Self {
    Self(
      keys: places.map { keys[$0] }, importances: places.map { importances[$0] },
      importanceOfUnknown: importanceOfUnknown)
  }

  /// A text as a vector of the features that are known.
  ///
  /// A feature counts 1 + ln of its number, times its importance. Features of words and of characters have a length of
  /// 1 each, together 1; what is not known counts to the length, so that of a text that is mostly unknown little is left.
  ///
  /// Complexity: O(n) in its features.
  func vector(of text: IntentFeatures) -> [Component] {
    var vector: [Component] = []
    vector.reserveCapacity(text.features.count)
    var squares: (words: Float, characters: Float) = (0, 0)
    for feature in text.features {
      let place = place(of: feature.key)
      var value = Float(place.map { importances[$0] } ?? importanceOfUnknown) / 64
      if feature.count > 1 { value *= Float(1 + ElementaryFunctions.logarithm(Double(feature.count))) }
      if feature.isOfCharacters {
        squares.characters += value * value
      } else {
        squares.words += value * value
      }
      if let place { vector.append(Component(place: UInt32(place), value: value)) }
    }
    let scaleOfWords = 1 / (2 * squares.words).squareRoot()
    let scaleOfCharacters = 1 / (2 * squares.characters).squareRoot()
    for number in vector.indices {
      let isOfCharacters = keys[Int(vector[number].place)] & 1 == 1
      vector[number].value *= isOfCharacters ? scaleOfCharacters : scaleOfWords
    }
    return vector
  }

  func place(of key: UInt32) -> Int? {
    let beginning = Int(key >> shift)
    for place in Int(starts[beginning])..<Int(starts[beginning + 1]) where keys[place] >= key {
      return keys[place] == key ? place : nil
    }
    return nil
  }
}
