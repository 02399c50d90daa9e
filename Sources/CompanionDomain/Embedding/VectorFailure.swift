/// Why a ``VectorIndex`` refuses what it is given. Nothing has changed then.
package enum VectorFailure: Error, Hashable, Sendable {
  /// The vector has so many numbers, and those of the index have another: it is of another model.
  case wrongDimension(Int, expected: Int)
  /// A number of the vector is infinite or none, or all together are longer than
  /// ``VectorIndex/longest``; `place` says which of the vectors, counted from 0.
  case unusableNumbers(place: Int)
  /// An index of such vectors cannot be; see ``VectorIndex/dimensions``.
  case unsupportedDimension(Int)
  /// Groups are numbers up to ``VectorIndex/lastGroup``.
  case unsupportedGroup(UInt32)
  /// There are more rows, or fewer, than groups for them.
  case wrongCount(Int, expected: Int)
  /// There are no more slots than `Int32` can number.
  case full
}
