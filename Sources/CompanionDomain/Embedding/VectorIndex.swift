/// Vectors of one dimension, held in memory, of which those nearest to another are found.
///
/// Each vector stands at a slot, a number that the index gives it and that stays its own until it is removed; what
/// it belongs to is the owner's to know. It also has a group, a number of the owner's choice, such as one for each
/// scope and kind of document: a search can be restricted to groups at no cost.
///
/// Searching reads one bit of each number, then computes with the numbers of the best candidates; see
/// ``nearest(to:count:candidates:metric:in:where:)``. There is nothing to build: what is inserted is found at
/// once, what is removed is gone.
///
/// It is a value without a lock. A copy shares memory until one of the two changes, and then only the changed
/// pages of 4096 rows are copied, so that an owner can search a copy outside its lock.
///
/// Memory: 4 bytes and a bit for each number (rounded up to 16 and 64 numbers), and 8 bytes.
package struct VectorIndex: Sendable {
  /// The dimensions that an index can have.
  package static let dimensions = 1...16_384
  /// The greatest number of a group. A search for groups takes a bit for each number up to its greatest.
  package static let lastGroup: UInt32 = 1 << 24
  /// Stands, among the groups of many rows, for a slot that is free.
  static let noGroup = UInt32.max
  /// Longer vectors are refused: products of them need not be numbers.
  package static let longest: Float = 1e18
  /// What is less counts as 0: products of it are slow, and change nothing.
  package static let least: Float = 1e-15

  let shape: VectorShape
  let kernels: VectorKernels
  let exactNumbers: Int
  private(set) var pages: [VectorPage] = []
  /// How many vectors each group has.
  private(set) var groupCounts: [UInt32: Int] = [:]
  /// No vector has been shorter, but those of zeros, and none longer.
  private(set) var lengths: (least: Float, most: Float) = (.infinity, 0)
  /// What bits are relative to; `nil` as long as there are few vectors, all of which are compared.
  private(set) var centre: VectorCentre?
  private var freeSlots: ContiguousArray<Int32> = []
  /// Where a vector waits until it is checked.
  private var row: VectorRow
  /// How many vectors there are.
  package private(set) var count = 0

  /// An index of vectors with so many numbers.
  package init(dimension: Int) throws(VectorFailure) {
    try self.init(dimension: dimension, kernels: .best)
  }

  /// - Parameter exactNumbers: a search compares all vectors that may be found, if they have together no more numbers
  ///   than this; measured, a scan of so many takes 0.1 to 0.7 ms, by how much of them the processor's cache has.
  package init(
    dimension: Int, kernels: VectorKernels, exactNumbers: Int = 1 << 21
  ) throws(VectorFailure) {
    guard Self.dimensions.contains(dimension) else { throw .unsupportedDimension(dimension) }
    shape = VectorShape(dimension: dimension)
    self.kernels = kernels
    self.exactNumbers = exactNumbers
    row = VectorRow(shape)
  }

  /// How many numbers each vector has.
  package var dimension: Int { shape.dimension }

  /// All slots, the free ones between them included, are below.
  package var slots: Int32 { Int32(max(0, pages.count - 1) * VectorPage.capacity + lastCount) }

  private var lastCount: Int { pages.last?.count ?? 0 }

  // MARK: Changes

  /// Adds a vector; numbers next to 0 (nearer than 10^-15) are taken for 0. Complexity: its dimension.
  ///
  /// - Returns: its slot: the one that became free last, else the next.
  package mutating func insert(_ vector: [Float], group: UInt32 = 0) throws(VectorFailure) -> Int32 {
    try check(group)
    try take(vector)
    if let slot = freeSlots.popLast() {
      put(at: slot, group: group)
      return slot
    }
    guard slots < .max else { throw .full }
    return append(group: group)
  }

  /// Removes a vector, and overwrites it; its slot is free then. Complexity: its dimension.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  package mutating func remove(_ slot: Int32) -> Bool {
    guard let group = group(at: slot) else { return false }
    leave(group)
    pages[Int(slot) / VectorPage.capacity].clear(Int(slot) % VectorPage.capacity, shape)
    freeSlots.append(slot)
    return true
  }

  /// Adds many vectors behind all others, each at the next slot: all of them, or none.
  ///
  /// - Parameters:
  ///   - numbers: the vectors, one behind the other.
  ///   - groups: of each of them.
  package mutating func append(
    _ numbers: UnsafeBufferPointer<Float>, groups: UnsafeBufferPointer<UInt32>
  ) throws(VectorFailure) {
    guard numbers.count == groups.count * dimension else {
      throw .wrongCount(numbers.count, expected: groups.count * dimension)
    }
    guard groups.count <= Int(Int32.max - slots) else { throw .full }
    guard let start = numbers.baseAddress else { return }
    for group in groups { try check(group) }
    var grown = self
    for (place, group) in groups.enumerated() {
      if grown.pages.isEmpty || grown.lastCount == VectorPage.capacity {
        grown.pages.append(VectorPage(reserving: groups.count - place, shape))
      }
      guard grown.row.take(start + place * dimension, kernels) else {
        throw .unusableNumbers(place: place)
      }
      _ = grown.append(group: group)
    }
    self = grown
  }

  // MARK: Reading

  /// The group of the vector at a slot; `nil` where there is none.
  package func group(at slot: Int32) -> UInt32? {
    guard slot >= 0, slot < slots else { return nil }
    let group = pages[Int(slot) / VectorPage.capacity].groups[Int(slot) % VectorPage.capacity]
    return group == Self.noGroup ? nil : group
  }

  // MARK: Steps

  private func check(_ group: UInt32) throws(VectorFailure) {
    guard group <= Self.lastGroup else { throw .unsupportedGroup(group) }
  }

  private mutating func take(_ vector: [Float]) throws(VectorFailure) {
    guard vector.count == dimension else { throw .wrongDimension(vector.count, expected: dimension) }
    let isUsable = vector.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { row.take($0, kernels) } ?? false
    }
    guard isUsable else { throw .unusableNumbers(place: 0) }
  }

  /// Adds what waits.
  private mutating func append(group: UInt32) -> Int32 {
    let slot = slots
    if pages.isEmpty || lastCount == VectorPage.capacity { pages.append(VectorPage()) }
    pages[pages.count - 1].append(row, group: group, centre: centre)
    enter(group)
    if centre == nil, slots == VectorCentre.rows { describe() }
    return slot
  }

  /// From now on rows have bits. This happens once: it takes some milliseconds.
  private mutating func describe() {
    let centre = VectorCentre(of: pages, shape, kernels)
    for number in pages.indices { pages[number].describe(centre) }
    self.centre = centre
  }

  /// Puts what waits at a slot.
  private mutating func put(at slot: Int32, group: UInt32) {
    pages[Int(slot) / VectorPage.capacity].replace(
      Int(slot) % VectorPage.capacity, by: row, group: group, centre: centre)
    enter(group)
  }

  private mutating func enter(_ group: UInt32) {
    count += 1
    groupCounts[group, default: 0] += 1
    guard row.length > 0 else { return }
    lengths = (min(lengths.least, row.length), max(lengths.most, row.length))
  }

  private mutating func leave(_ group: UInt32) {
    count -= 1
    let left = (groupCounts[group] ?? 1) - 1
    groupCounts[group] = left > 0 ? left : nil
  }
}
