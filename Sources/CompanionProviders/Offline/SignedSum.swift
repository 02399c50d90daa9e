import CompanionDomain

/// Many features as few numbers: each feature adds its weight to every number or takes it away, as bits of its
/// own say.
///
/// This is a random projection onto signs (Achlioptas, https://doi.org/10.1016/S0022-0000(03)00025-4): the angle
/// between two sums is about that between what was summed. Adding each feature to one number alone, as feature
/// hashing mostly does, estimates it as well; but then most numbers are 0, and a search that looks at the signs
/// first finds next to nothing.
struct SignedSum {
  /// On paragraphs and questions in Japanese 384 numbers find the right one first in 83 % of all cases, 256 in
  /// 81 %, and the features themselves in 88 %.
  static let dimension = words * 32

  /// A feature's bits, 32 to a word.
  private static let words = 12

  private var numbers = [Float](repeating: 0, count: dimension)
  private var bits = [UInt32](repeating: 0, count: words)

  /// Adds a feature. Features of the same hash are the same.
  mutating func add(_ hash: UInt64, weight: Float) {
    var random = SplitMix64(seed: hash)
    for place in stride(from: 0, to: Self.words, by: 2) {
      let word = random.next()
      bits[place] = UInt32(truncatingIfNeeded: word)
      bits[place + 1] = UInt32(truncatingIfNeeded: word &>> 32)
    }
    let weight = weight.bitPattern
    unsafe bits.withUnsafeBufferPointer { bits in
      unsafe numbers.withUnsafeMutableBufferPointer { numbers in
        // Bit by bit of all words, so that the compiler does several at a time.
        for shift in 0..<32 {
          let start = shift &* Self.words
          for word in 0..<Self.words {
            let sign = unsafe bits[word] &<< UInt32(truncatingIfNeeded: shift) & 0x8000_0000
            unsafe numbers[start &+ word] += Float(bitPattern: weight ^ sign)
          }
        }
      }
    }
  }

  /// The numbers as a vector of length 1, in which the order of the features plays no part but in its last digits.
  var normalized: [Float] {
    // Summed in `Double`, in order: on every machine the same.
    let square = numbers.reduce(into: 0.0) { $0 += Double($1) * Double($1) }
    guard square > 0 else { return [1] + numbers.dropFirst() }
    let scale = 1 / square.squareRoot()
    return numbers.map { Float(Double($0) * scale) }
  }
}
