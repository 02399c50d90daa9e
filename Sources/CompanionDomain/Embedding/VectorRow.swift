import CVectorKernels

/// One vector as the index keeps it, or asks for it.
struct VectorRow: Sendable {
  var numbers: ContiguousArray<Float>
  /// Its length; 0 for a vector of zeros.
  private(set) var length: Float = 0
  /// One over the length; 0 for a vector of zeros.
  var inverseLength: Float { length > 0 ? 1 / length : 0 }
  private let dimension: Int

  /// A row of zeros.
  init(_ shape: VectorShape) {
    numbers = ContiguousArray(repeating: 0, count: shape.stride)
    dimension = shape.dimension
  }

  /// Takes the numbers of a vector of the row's dimension.
  ///
  /// - Returns: whether a search can calculate with them; where not, what is in the row is of no use.
  mutating func take(_ vector: UnsafePointer<Float>, _ kernels: VectorKernels) -> Bool {
    let blocks = numbers.count / 16
    let square = numbers.withUnsafeMutableBufferPointer { buffer -> Float in
      guard let row = buffer.baseAddress else { return 0 }
      vector_row_copy(vector, dimension, row, blocks)
      var square: Float = 0
      vector_rows_products(kernels.isWide, row, 1, blocks, row, &square)
      return square
    }
    length = square.squareRoot()
    // Not so for what is not a number.
    return length <= VectorIndex.longest
  }
}
