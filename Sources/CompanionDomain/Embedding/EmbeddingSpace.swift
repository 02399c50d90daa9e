/// Where vectors compare with each other: those of one model, with so many numbers each.
public struct EmbeddingSpace: Hashable, Sendable, Codable {
  /// What makes the vectors.
  public var model: ModelIdentity
  /// How many numbers each has.
  public var dimension: Int

  /// A space of a model's vectors.
  public init(model: ModelIdentity, dimension: Int) {
    self.model = model
    self.dimension = dimension
  }
}

extension EmbeddingSpace {
  /// What is wrong with a vector, such as `has 383 numbers, not 384`; `nil` where it can be kept in this space: it has
  /// as many numbers, all finite, and is shorter than 10^18.
  ///
  /// Complexity: its numbers.
  public func flaw(of vector: [Float]) -> String? {
    guard vector.count == dimension else { return "has \(vector.count) numbers, not \(dimension)" }
    var sum: Double = 0
    for number in vector { sum += Double(number) * Double(number) }
    guard sum.isFinite else { return "has a number that is not finite" }
    // An index adds up less exactly: it takes whatever is taken here.
    let longest = Double(VectorIndex.longest) * 0.999
    return sum < longest * longest ? nil : "is longer than any that a model makes"
  }

  /// What is wrong with a vector that a model has just made; `nil` for one to be stored or searched for.
  ///
  /// A space keeps zeros, too. But nothing is near them: what has them would count as embedded and never be found.
  public func flaw(ofMade vector: [Float]) -> String? {
    if let flaw = flaw(of: vector) { return flaw }
    return vector.contains { abs($0) >= VectorIndex.least }
      ? nil : "has nothing but zeros: nothing is near it"
  }
}

extension EmbeddingSpace: CustomStringConvertible {
  /// One line that names it, such as `openai text-embedding-3-small (1536)`.
  public var description: String { "\(model.provider) \(model.model) (\(dimension))" }
}

/// How much of what can be found has its vectors in a space.
///
/// Whatever can be found is embedded, or it waits, or it is parked.
public struct EmbeddingCoverage: Hashable, Sendable {
  /// What has its vectors.
  public var embedded: Int
  /// What has none yet; what has failed and is tried again is among it.
  public var waiting: Int
  /// What has failed for good, until it is changed or somebody asks for it.
  public var parked: Int
  /// When the first of what has failed is tried again; `nil` where nothing waits for a time.
  public var nextRetry: Timestamp?

  /// A coverage of these parts.
  public init(embedded: Int = 0, waiting: Int = 0, parked: Int = 0, nextRetry: Timestamp? = nil) {
    self.embedded = embedded
    self.waiting = waiting
    self.parked = parked
    self.nextRetry = nextRetry
  }

  /// All that can be found.
  public var total: Int { embedded + waiting + parked }
}
