import CVectorKernels

/// So many rows of an index, one behind the other.
///
/// An index grows by pages, so that no insert ever moves all that is there; and a copy of an index shares them
/// until one changes.
struct VectorPage: Sendable {
  /// The rows of a full page: their bits, at the usual dimensions, fit a processor's second cache.
  static let capacity = 4096

  private(set) var numbers: ContiguousArray<Float> = []
  private(set) var bits: ContiguousArray<UInt64> = []
  /// What the bits of each row leave out.
  private(set) var summaries: ContiguousArray<VectorRowSummary> = []
  /// One over the length of each row; 0 for a row of zeros.
  private(set) var inverseLengths: ContiguousArray<Float> = []
  /// The group of each row; ``VectorIndex/noGroup`` where there is none.
  private(set) var groups: ContiguousArray<UInt32> = []

  var count: Int { groups.count }

  init() {}

  /// A page with room for rows, if it can have so many.
  init(reserving rows: Int, _ shape: VectorShape) {
    let room = min(rows, Self.capacity)
    numbers.reserveCapacity(room * shape.stride)
    summaries.reserveCapacity(room)
    bits.reserveCapacity(room * shape.words)
    inverseLengths.reserveCapacity(room)
    groups.reserveCapacity(room)
  }

  /// Adds a row behind the others.
  mutating func append(_ row: VectorRow, group: UInt32, centre: VectorCentre?) {
    numbers.append(contentsOf: row.numbers)
    inverseLengths.append(row.inverseLength)
    groups.append(group)
    if let centre {
      bits.append(contentsOf: repeatElement(0, count: centre.words))
      summaries.append(VectorRowSummary())
    }
    describe(count - 1, centre)
  }

  /// Puts another row at a place.
  mutating func replace(_ place: Int, by row: VectorRow, group: UInt32, centre: VectorCentre?) {
    let start = place * row.numbers.count
    numbers.withUnsafeMutableBufferPointer { numbers in
      _ = UnsafeMutableBufferPointer(rebasing: numbers[start...]).update(fromContentsOf: row.numbers)
    }
    inverseLengths[place] = row.inverseLength
    groups[place] = group
    describe(place, centre)
  }

  /// Leaves nothing of a row.
  mutating func clear(_ place: Int, _ shape: VectorShape) {
    for number in 0..<shape.stride { numbers[place * shape.stride + number] = 0 }
    if !bits.isEmpty { for word in 0..<shape.words { bits[place * shape.words + word] = 0 } }
    inverseLengths[place] = 0
    groups[place] = VectorIndex.noGroup
  }

  /// Asks for a row that is needed soon.
  func prefetch(_ place: Int, _ shape: VectorShape) {
    numbers.withUnsafeBufferPointer { numbers in
      if let start = numbers.baseAddress {
        vector_row_prefetch(start + place * shape.stride, shape.stride * 4)
      }
    }
  }

  /// Gives all rows their bits.
  mutating func describe(_ centre: VectorCentre) {
    bits = ContiguousArray(repeating: 0, count: count * centre.words)
    summaries = ContiguousArray(repeating: VectorRowSummary(), count: count)
    for place in 0..<count { describe(place, centre) }
  }

  private mutating func describe(_ place: Int, _ centre: VectorCentre?) {
    guard let centre else { return }
    let inverseLength = inverseLengths[place]
    summaries[place] = bits.withUnsafeMutableBufferPointer { bits in
      centre.describe(place, of: numbers, inverseLength: inverseLength, in: bits)
    }
  }
}
