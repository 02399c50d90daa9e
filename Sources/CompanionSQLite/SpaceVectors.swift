import CompanionDomain
import CompanionPorts

/// The numbers of the vectors that a source has in a space.
struct SourceVectors: Hashable, Sendable {
  let key: Int64
  let numbers: Range<Int64>
}

/// The vectors of a space in memory, as they were at one moment.
struct SpaceVectors: Sendable {
  /// What it has of the file.
  struct Moment: Hashable, Sendable {
    /// The key of the space: a space that was closed and opened again has another.
    let space: Int64
    /// All vectors below this number are here, but for those that went.
    var next: Int64 = 0
    /// The last removal.
    var change: Int64 = 0
  }

  var moment: Moment
  private var index: VectorIndex
  /// The key of what the vector at a slot is of; 0 for none.
  private var owners: ContiguousArray<Int64> = []
  /// The numbers of the vectors that were read at first, which stand at the slots in their order.
  private var loaded: ContiguousArray<Int64> = []
  /// The slots of those that came later.
  private var later: [Int64: Int32] = [:]

  /// None, of a space.
  init(of space: SpaceRow) throws(StoreFailure) {
    moment = Moment(space: space.key)
    do throws(VectorFailure) { index = try VectorIndex(dimension: space.dimension) } catch {
      throw VectorBlock.damage
    }
  }

  /// Whether most of the memory is of vectors that went.
  var isSparse: Bool { owners.count > 4 * index.count + 65_536 }

  /// What is nearest to a vector, by the keys of sources.
  ///
  /// - Parameter keys: what may be found; `nil` for everything.
  func nearest(
    to vector: [Float], in groups: Set<UInt32>, by metric: VectorMetric, limit: Int, among keys: Set<Int64>?
  ) throws(StoreFailure) -> [(source: Int64, similarity: Float)] {
    do throws(VectorFailure) {
      return try index.nearestOwners(
        to: vector, groups: groups, by: metric, limit: limit, where: keys.map { keys in keys.contains },
        owner: { slot in owners[Int(slot)] }
      ).map { ($0.owner, $0.score) }
    } catch {
      throw .invalid("the vector that is searched for: \(error)")
    }
  }

  /// Of some sources those that have vectors here, the nearest to a vector first.
  func nearest(
    to vector: [Float], by metric: VectorMetric, among sources: [SourceVectors]
  ) throws(StoreFailure) -> [(source: Int64, similarity: Float)] {
    do throws(VectorFailure) {
      let few = sources.flatMap { slots(of: $0) }
      return try index.nearestOwners(to: vector, among: few, by: metric, limit: .max) { slot in
        owners[Int(slot)]
      }.map { ($0.owner, $0.score) }
    } catch {
      throw .invalid("the vector that is searched for: \(error)")
    }
  }

  /// Where the vectors of a source stand that are here.
  private func slots(of source: SourceVectors) -> [Int32] {
    var slots: [Int32] = []
    var place = loaded.firstPlace(of: source.numbers.lowerBound)
    while place < loaded.count, loaded[place] < source.numbers.upperBound {
      slots.append(Int32(place))
      place += 1
    }
    if !later.isEmpty, source.numbers.upperBound > loaded.last ?? -1 {
      slots += source.numbers.compactMap { later[$0] }
    }
    // Where one went another may have come.
    return slots.filter { owners[Int($0)] == source.key }
  }

  /// Adds vectors behind all that there were, before any other change.
  mutating func load(_ batch: VectorBatch) throws(StoreFailure) {
    let count = batch.count * index.dimension
    do throws(VectorFailure) {
      try unsafe batch.vectors.withUnsafeBufferPointer { vectors throws(VectorFailure) in
        try unsafe batch.groups.withUnsafeBufferPointer { groups throws(VectorFailure) in
          try unsafe index.append(UnsafeBufferPointer(rebasing: vectors[..<count]), groups: groups)
        }
      }
    } catch {
      throw VectorBlock.damage
    }
    loaded += batch.numbers
    owners += batch.sources
  }

  /// Adds vectors one by one, where others went or behind them.
  mutating func insert(_ batch: VectorBatch) throws(StoreFailure) {
    let dimension = index.dimension
    for row in 0..<batch.count {
      do throws(VectorFailure) {
        let slot = try index.insert(
          Array(batch.vectors[row * dimension..<(row + 1) * dimension]), group: batch.groups[row])
        if Int(slot) < owners.count {
          owners[Int(slot)] = batch.sources[row]
        } else {
          owners.append(batch.sources[row])
        }
        later[batch.numbers[row]] = slot
      } catch {
        throw VectorBlock.damage
      }
    }
  }

  /// Removes the vectors of these numbers that are here.
  mutating func remove(_ numbers: Range<Int64>) {
    var place = loaded.firstPlace(of: numbers.lowerBound)
    while place < loaded.count, loaded[place] < numbers.upperBound {
      remove(Int32(place))
      place += 1
    }
    guard !later.isEmpty, numbers.upperBound > loaded.last ?? -1 else { return }
    // A text has few vectors; a damaged file may say that many went.
    if numbers.count > later.count {
      for (number, slot) in later.filter({ numbers.contains($0.key) }) {
        later[number] = nil
        remove(slot)
      }
    } else {
      for number in numbers {
        if let slot = later.removeValue(forKey: number) { remove(slot) }
      }
    }
  }

  private mutating func remove(_ slot: Int32) {
    index.remove(slot)
    owners[Int(slot)] = 0
  }
}

extension ContiguousArray<Int64> {
  /// The place of the first that is not below a number, where they ascend.
  fileprivate func firstPlace(of number: Int64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
