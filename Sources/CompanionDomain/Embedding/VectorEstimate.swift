import CVectorKernels

/// What bits tell of how near rows are to a query.
///
/// The difference of a row's direction from the centre is, as far as its bits tell, its signs times a scale; the
/// product of that with the query's own numbers is a far better estimate than how many bits the two have in
/// common. The scale that makes it right on average is that of Gao and Long, "RaBitQ" (2024). Measured on 23,500
/// vectors of all-MiniLM-L6-v2: of the ten nearest, 100 candidates by common bits have 93.5 % among them, 100 by this estimate
/// 99.4 %.
struct VectorEstimate {
  /// The query's bits, which are compared with those of all rows first.
  let bits: ContiguousArray<UInt64>
  private let table: ContiguousArray<Float>
  /// The part of the query's direction that the centre has.
  private let base: Float

  init(of query: VectorRow, _ centre: VectorCentre) {
    var bits = ContiguousArray<UInt64>(repeating: 0, count: centre.words)
    let summary = bits.withUnsafeMutableBufferPointer { bits in
      centre.describe(0, of: query.numbers, inverseLength: query.inverseLength, in: bits)
    }
    self.bits = bits
    // Words have 64 bits, rows may have fewer numbers.
    var away = ContiguousArray<Float>(repeating: 0, count: centre.words * 64)
    var square: Float = 0
    for place in query.numbers.indices {
      away[place] = query.numbers[place] * query.inverseLength - centre.numbers[place]
      square += centre.numbers[place] * centre.numbers[place]
    }
    base = square + summary.offset
    table = ContiguousArray(unsafeUninitializedCapacity: centre.words * 2048) { table, count in
      away.withUnsafeBufferPointer { vector_sign_table($0.baseAddress, centre.words, table.baseAddress) }
      count = centre.words * 2048
    }
  }

  /// The cosines of rows of a page and the query, as far as the rows' bits tell.
  func cosines(
    _ places: Slice<UnsafeBufferPointer<UInt32>>, of bits: ContiguousArray<UInt64>,
    _ summaries: ContiguousArray<VectorRowSummary>, into cosines: UnsafeMutablePointer<Float>
  ) {
    let places = UnsafeBufferPointer(rebasing: places)
    let words = self.bits.count
    bits.withUnsafeBufferPointer { bits in
      table.withUnsafeBufferPointer { table in
        vector_rows_signed_sums(
          bits.baseAddress, words, places.baseAddress, places.count, table.baseAddress, cosines)
      }
    }
    for (number, place) in places.enumerated() {
      let summary = summaries[Int(place)]
      cosines[number] = base + summary.offset + summary.scale * cosines[number]
    }
  }
}
