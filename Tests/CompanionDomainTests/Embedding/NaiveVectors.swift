import CompanionDomain

/// Vectors in a dictionary, compared one by one with all the precision there is: what an index must agree with.
struct NaiveVectors {
  private(set) var vectors: [Int32: (numbers: [Float], group: UInt32)] = [:]

  subscript(_ slot: Int32) -> (numbers: [Float], group: UInt32)? {
    get { vectors[slot] }
    set { vectors[slot] = newValue }
  }

  var slots: [Int32] { vectors.keys.sorted() }

  static func score(_ one: [Float], _ other: [Float], _ metric: VectorMetric) -> Double {
    var (product, square, otherSquare) = (0.0, 0.0, 0.0)
    // By places: these loops are most of what the tests compute.
    var place = 0
    while place < one.count {
      let (number, otherNumber) = (Double(one[place]), Double(other[place]))
      product += number * otherNumber
      square += number * number
      otherSquare += otherNumber * otherNumber
      place += 1
    }
    guard metric == .cosine else { return product }
    return square > 0 && otherSquare > 0 ? product / (square * otherSquare).squareRoot() : 0
  }

  /// The scores of all that may be found, best first.
  func scores(
    to query: [Float], _ metric: VectorMetric, where allowed: (Int32, UInt32) -> Bool = { _, _ in true }
  ) -> [(slot: Int32, score: Double)] {
    vectors.filter { allowed($0.key, $0.value.group) }
      .map { ($0.key, Self.score($0.value.numbers, query, metric)) }
      .sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
  }
}

extension SplitMix64 {
  /// A vector of numbers between -1 and 1.
  mutating func vector(_ dimension: Int) -> [Float] {
    (0..<dimension).map { _ in Float(Int64(bitPattern: next()) >> 40) / 8_388_608 }
  }

  /// A vector near another.
  mutating func vector(near other: [Float], within distance: Float) -> [Float] {
    zip(other, vector(other.count)).map { $0 + distance * $1 }
  }
}

extension VectorIndex {
  /// Adds vectors as a store does that opens.
  mutating func append(_ vectors: [[Float]], groups: [UInt32]) throws(VectorFailure) {
    let numbers = vectors.flatMap(\.self)
    let result = numbers.withUnsafeBufferPointer { numbers in
      groups.withUnsafeBufferPointer { groups in
        Result { () throws(VectorFailure) in try append(numbers, groups: groups) }
      }
    }
    try result.get()
  }
}
