/// Vectors that nobody's texts have: the same for a seed.
///
/// Those like embeddings have what measurements of search depend on, set by 23,500 one-line descriptions of
/// software as all-MiniLM-L6-v2 turns them into vectors (384 numbers, of length 1): a common part, which makes two of
/// them have a cosine of 0.12 on average; variances that decay, so that they are worth some 110 independent
/// numbers; and nearness at several scales, by topics, themes within them, and matters within themes, some of which
/// have many more vectors than others. Each level is Gaussian with the same decay, in directions that have nothing to
/// do with single numbers. Of the descriptions the nearest to a query has a cosine of 0.63, the tenth 0.51, and the
/// hundredth 0.40; of as many of these it is 0.61, 0.45 and 0.34, of 100,000 of them 0.69, 0.54 and 0.40.
/// They are no more than that: clusters of real texts have other shapes, and duplicates.
///
/// A query is drawn as the vectors are: about a matter that some of them have, equal to none.
struct SyntheticVectors {
  enum Kind: String, CaseIterable { case embedding, iid }

  let kind: Kind
  let dimension: Int
  private var random: FastGaussian
  /// How much of each direction there is.
  private let spread: [Float]
  private let mixing: Mixing
  private let common: [Float]
  private let topics: [[Float]]
  private let themes: [[Float]]
  private let matters: [[Float]]

  init(kind: Kind, dimension: Int, seed: UInt64 = 5) {
    self.kind = kind
    self.dimension = dimension
    var random = FastGaussian(state: seed)
    spread = Self.spread(dimension)
    mixing = Mixing(dimension: dimension, with: &random)
    common =
      Self.directions(1, spread: spread.map { _ in 1 / Float(dimension).squareRoot() }, with: &random)[0]
    topics = Self.directions(kind == .iid ? 0 : 100, spread: spread, with: &random)
    themes = Self.directions(kind == .iid ? 0 : 1_000, spread: spread, with: &random)
    matters = Self.directions(kind == .iid ? 0 : 40_000, spread: spread, with: &random)
    self.random = random
  }

  /// Draws so many, one behind the other.
  mutating func draw(_ count: Int, into numbers: UnsafeMutableBufferPointer<Float>) {
    var one = [Float](repeating: 0, count: dimension)
    for row in 0..<count {
      draw(&one)
      for place in 0..<dimension { unsafe numbers[row * dimension + place] = one[place] }
    }
  }

  /// Draws some to search for.
  mutating func queries(_ count: Int) -> [[Float]] {
    (0..<count).map { _ in
      var one = [Float](repeating: 0, count: dimension)
      draw(&one)
      return one
    }
  }

  private mutating func draw(_ one: inout [Float]) {
    guard kind == .embedding else {
      for place in 0..<dimension { one[place] = random.next() }
      return
    }
    // Squared, so that some themes have many more texts than others.
    let chance = random.uniform()
    let matter = Int(chance * chance * Float(matters.count))
    let theme = matter % themes.count
    let topic = theme % topics.count
    for place in 0..<dimension {
      one[place] =
        Self.topicWeight * topics[topic][place] + Self.themeWeight * themes[theme][place]
        + Self.matterWeight * matters[matter][place] + Self.ownWeight * spread[place] * random.next()
    }
    mixing.apply(to: &one)
    var square: Float = 0
    for place in 0..<dimension {
      one[place] += Self.commonWeight * common[place]
      square += one[place] * one[place]
    }
    let scale = 1 / square.squareRoot()
    for place in 0..<dimension { one[place] *= scale }
  }

  // Squared, they are shares of a vector's square.
  private static let commonWeight: Float = 0.34
  private static let topicWeight: Float = 0.32
  private static let themeWeight: Float = 0.45
  private static let matterWeight: Float = 0.50
  private static let ownWeight: Float = 0.58

  private static func spread(_ dimension: Int) -> [Float] {
    let variances = (0..<dimension).map { place in 1 / (1 + 60 * Float(place) / Float(dimension)) }
    let sum = variances.reduce(0, +)
    return variances.map { ($0 / sum).squareRoot() }
  }

  private static func directions(
    _ count: Int, spread: [Float], with random: inout FastGaussian
  ) -> [[Float]] {
    (0..<count).map { _ in spread.map { $0 * random.next() } }
  }
}

/// Turns vectors, the same way each: signs, sums and differences of pairs, and another order, some times over.
///
/// It keeps lengths and angles, and lets each number depend on all of those before it.
private struct Mixing {
  private let rounds: [(signs: [Float], order: [Int])]

  init(dimension: Int, with random: inout FastGaussian) {
    rounds = (0..<14).map { _ in
      var order = Array(0..<dimension)
      order.shuffle(using: &random)
      return ((0..<dimension).map { _ in random.uniform() < 0.5 ? -1 : 1 }, order)
    }
  }

  func apply(to vector: inout [Float]) {
    let half = Float(0.5).squareRoot()
    var next = vector
    for (signs, order) in rounds {
      var place = 0
      while place + 1 < vector.count {
        let (first, second) = (
          vector[order[place]] * signs[place], vector[order[place + 1]] * signs[place + 1]
        )
        next[place] = (first + second) * half
        next[place + 1] = (first - second) * half
        place += 2
      }
      if place < vector.count { next[place] = vector[order[place]] }
      swap(&vector, &next)
    }
  }
}

/// Numbers that are Gaussian to within a sum of four even ones, fast.
struct FastGaussian: RandomNumberGenerator {
  private var state: UInt64

  init(state: UInt64) { self.state = state }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// From 0 to 1, 1 excluded.
  mutating func uniform() -> Float { Float(next() as UInt64 >> 40) / 16_777_216 }

  /// Of mean 0 and variance 1.
  mutating func next() -> Float {
    let bits: UInt64 = next()
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + bits >> 48
    // Four numbers below 2^16 have a variance of 4 · 2^32 / 12.
    return (Float(Int64(sum)) - 131_070) * (1 / 37_837.227)
  }
}
