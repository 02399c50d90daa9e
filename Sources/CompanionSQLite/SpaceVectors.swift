import CompanionDomain
import CompanionPorts

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
  /// - Parameter few: restricts it to these sources; `nil` for all.
  func nearest(
    to vector: [Float], in groups: Set<UInt32>, by metric: VectorMetric, limit: Int, among few: Set<Int64>?
  ) throws(StoreFailure) -> [(source: Int64, similarity: Float)] {
    do throws(VectorFailure) {
      return try index.nearestOwners(
        to: vector, groups: groups, by: metric, limit: limit, where: few.map { few in { few.contains($0) } }
      ) { slot in owners[Int(slot)] }.map { ($0.owner, $0.score) }
    } catch {
      throw .invalid("the vector that is searched for: \(error)")
    }
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
