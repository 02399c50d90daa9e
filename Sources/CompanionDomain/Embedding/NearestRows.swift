/// Chooses the rows with the smallest distances; of equals, those that came first.
///
/// It counts how many rows there are of each distance, so that nothing is ever sorted: a row costs a few
/// operations, and only where it is nearer than ``bound``.
struct NearestRows: ~Copyable {
  private let capacity: Int
  /// The rows that came within the bound of their time, as the distance times 2^32, plus the slot.
  private let found: UnsafeMutableBufferPointer<UInt64>
  private var count = 0
  /// How many of the chosen have each distance.
  private let counts: UnsafeMutableBufferPointer<Int32>
  private var chosen = 0
  /// Only rows nearer than this can still be chosen.
  private(set) var bound: Int

  /// - Parameters:
  ///   - capacity: how many rows are chosen; at least 1.
  ///   - farthest: no distance is greater.
  init(_ capacity: Int, farthest: Int) {
    self.capacity = capacity
    bound = farthest + 1
    counts = .allocate(capacity: farthest + 1)
    counts.initialize(repeating: 0)
    found = .allocate(capacity: 4 * capacity)
  }

  deinit {
    counts.deallocate()
    found.deallocate()
  }

  /// Considers a row; rows come in the order of their slots.
  mutating func consider(_ slot: Int32, distance: Int) {
    guard distance < bound else { return }
    counts[distance] += 1
    chosen += 1
    if count == found.count { sweep() }
    found[count] = UInt64(distance) << 32 | UInt64(slot)
    count += 1
    guard chosen >= capacity else { return }
    // The farthest come last of all chosen: as one more comes, one of them goes.
    if bound == counts.count { bound -= 1 }
    while counts[bound] == 0 { bound -= 1 }
    guard chosen > capacity else { return }
    counts[bound] -= 1
    chosen -= 1
    while counts[bound] == 0 { bound -= 1 }
  }

  /// The slots of the chosen rows, in their order.
  consuming func slots() -> ContiguousArray<Int32> {
    sweep()
    return ContiguousArray(found[..<count].map { Int32(truncatingIfNeeded: $0) })
  }

  /// Forgets rows that are no longer chosen.
  private mutating func sweep() {
    guard bound < counts.count else { return }
    // Of the farthest, which came first stay.
    var room = counts[bound]
    var kept = 0
    for place in 0..<count {
      let distance = Int(found[place] >> 32)
      if distance == bound { room -= 1 }
      guard distance < bound || (distance == bound && room >= 0) else { continue }
      found[kept] = found[place]
      kept += 1
    }
    count = kept
  }
}
