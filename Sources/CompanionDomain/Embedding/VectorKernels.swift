import CVectorKernels

/// The inner loops of vector search, as this processor runs them best.
///
/// They are in C, since Swift compiles for the oldest processor of its platform, on x86-64 one that cannot count
/// bits. Measured in one run at 384 dimensions, on one core of a Xeon of 2.5 GHz whose other core was busy, in ms,
/// the best of nine:
///
///     rows                         10,000   100,000   1,000,000
///     distances, Swift              0.086      0.88        10.6
///     distances, C, portable        0.086      0.88         9.2
///     distances, C, wide            0.041      0.41         5.3
///     products, Swift               2.0       26.6       216
///     products, Swift, prefetch     0.95      16.4       157
///     products, C, portable         1.6       22.0       181
///     products, C, wide             1.0       17.0       155
///
/// The distances are what a search waits for, and what C is for: twice as fast, and at 1,000,000 as fast as memory
/// is. Products need C only for the prefetch. Wider registers (AVX2, AVX-512) gain nothing over the one instruction
/// that counts the bits of a word.
package struct VectorKernels: Hashable, Sendable {
  /// Whether instructions are used that not every processor has.
  let isWide: Bool

  /// What every processor can run. Results are the same, to the bit.
  package static let portable = VectorKernels(isWide: false)
  /// The best that this processor can run.
  package static let best = VectorKernels(isWide: vector_kernels_are_wide())

  /// The rows that differ from a query in fewer than `limit` bits, in their order: the distance times 65536, plus
  /// the row's number.
  func rows(
    of bits: ContiguousArray<UInt64>, count: Int, within limit: Int, of query: ContiguousArray<UInt64>,
    into found: UnsafeMutableBufferPointer<UInt32>
  ) -> UnsafeBufferPointer<UInt32> {
    precondition(
      found.count >= count && count <= 1 << 16 && bits.count >= count * query.count,
      "the rows and their places are not those of a page")
    let near = bits.withUnsafeBufferPointer { bits in
      query.withUnsafeBufferPointer { query in
        vector_rows_within(
          isWide, bits.baseAddress, count, query.count, query.baseAddress, UInt32(limit), found.baseAddress)
      }
    }
    return UnsafeBufferPointer(rebasing: found[..<near])
  }

  /// The products of rows with a query, from the first row on.
  func products(
    of rows: ContiguousArray<Float>, from first: Int = 0, count: Int, with query: ContiguousArray<Float>,
    into products: UnsafeMutablePointer<Float>
  ) {
    precondition((first + count) * query.count <= rows.count, "a row beyond the end")
    rows.withUnsafeBufferPointer { rows in
      query.withUnsafeBufferPointer { query in
        guard let start = rows.baseAddress else { return }
        vector_rows_products(
          isWide, start + first * query.count, count, query.count / 16, query.baseAddress, products)
      }
    }
  }
}

/// How much room vectors of one dimension take.
struct VectorShape: Hashable, Sendable {
  let dimension: Int
  /// A row takes so many times 16 numbers.
  var blocks: Int { (dimension + 15) / 16 }
  /// So many numbers, with the zeros behind them.
  var stride: Int { blocks * 16 }
  /// The bits of a row take so many words.
  var words: Int { (dimension + 63) / 64 }
}
