import CompanionDomain
import CompanionPorts

/// Some of the vectors of a space, in the order of their numbers.
struct VectorBatch: Sendable {
  /// Whether there are no more behind them.
  fileprivate(set) var isLast = false
  private(set) var numbers: [Int64] = []
  /// The keys of their sources.
  private(set) var sources: [Int64] = []
  /// The keys of the partitions that those are in.
  private(set) var groups: [UInt32] = []
  /// One behind the other, with room for as many as were asked for.
  fileprivate(set) var vectors: [Float]

  private let limit: Int

  fileprivate init(_ limit: Int, dimension: Int) {
    self.limit = limit
    vectors = [Float](repeating: 0, count: limit * dimension)
  }

  var count: Int { numbers.count }
  fileprivate var room: Int { limit - count }

  fileprivate mutating func append(_ owner: VectorBlock.Owner) throws(StoreFailure) {
    guard owner.number > numbers.last ?? -1, owner.partition <= Int64(VectorIndex.lastGroup) else {
      throw VectorBlock.damage
    }
    numbers.append(owner.number)
    sources.append(owner.source)
    groups.append(UInt32(owner.partition))
  }
}

extension Connection {
  private static let blocks = SQL(
    """
    SELECT key, owners, vectors FROM embedding_blocks
    WHERE key BETWEEN coalesce((SELECT max(key) FROM embedding_blocks WHERE key BETWEEN ?1 AND ?2), ?2) AND ?3
    ORDER BY key
    """)
  private static let tail = SQL(
    "SELECT key, source, partition, vector FROM embedding_tail WHERE key BETWEEN ? AND ? ORDER BY key")

  /// Reads vectors of a space.
  ///
  /// - Parameters:
  ///   - first: the least number.
  ///   - limit: how many at most.
  func vectors(of space: SpaceRow, from first: Int64, limit: Int) throws(StoreFailure) -> VectorBatch {
    var batch = VectorBatch(min(limit, Int(max(0, space.next - first))), dimension: space.dimension)
    let (base, dimension) = (space.key(of: 0), space.dimension)
    let last = SQLiteValue.integer(space.key(of: SpaceRow.numbers - 1))
    let firstKey = SQLiteValue.integer(space.key(of: first))
    guard batch.room > 0 else {
      batch.isLast = true
      return batch
    }
    try forEachRow(Self.blocks, [.integer(base), firstKey, last]) { row throws(StoreFailure) in
      let owners = try VectorBlock.owners(try row.bytes(1), from: try row.integer(0) - base)
      guard let start = owners.firstIndex(where: { $0.number >= first }) else { return true }
      let part = start..<min(owners.count, start + batch.room)
      try row.copyNumbers(
        2, part.lowerBound * dimension..<part.upperBound * dimension, of: owners.count * dimension,
        to: &batch.vectors, at: batch.count * dimension)
      for owner in owners[part] { try batch.append(owner) }
      return batch.room > 0
    }
    if batch.room > 0 {
      try forEachRow(Self.tail, [firstKey, last]) { row throws(StoreFailure) in
        try row.copyNumbers(
          3, 0..<dimension, of: dimension, to: &batch.vectors, at: batch.count * dimension)
        try batch.append(
          VectorBlock.Owner(
            number: try row.integer(0) - base, source: try row.integer(1), partition: try row.counter(2)))
        return batch.room > 0
      }
      batch.isLast = batch.room > 0
    }
    // A number that is not below the next one would be read again and again.
    guard batch.numbers.last ?? 0 < space.next else { throw VectorBlock.damage }
    return batch
  }
}
