import CompanionDomain
import CompanionPorts

/// Changes what is embedded in one space, and what waits, inside the open transaction.
///
/// New vectors come into a short tail, a row each. The one that fills it makes a block of them.
struct SpaceWriter {
  private let file: Connection
  private var space: SpaceRow
  private var isChanged = false
  /// The numbers of vectors that are gone, in no order.
  private var removed: [Range<Int64>] = []

  private static let wait = SQL("INSERT INTO embedding_line (space, source) VALUES (?, ?)")
  private static let removeWaiting = SQL("DELETE FROM embedding_line WHERE space = ? AND source = ?")
  private static let removeFailure = SQL("DELETE FROM embedding_failures WHERE space = ? AND source = ?")
  private static let removeVectors = SQL(
    "DELETE FROM embedding_vectors WHERE space = ? AND source = ? RETURNING first, count")
  private static let hasVectors = SQL("SELECT 1 FROM embedding_vectors WHERE space = ? AND source = ?")
  private static let insertVectors = SQL(
    "INSERT INTO embedding_vectors (space, source, first, count) VALUES (?, ?, ?, ?)")
  private static let insertFailure = SQL(
    "INSERT INTO embedding_failures (space, source, attempts, reason, retry_at) VALUES (?, ?, ?, ?, ?)")
  private static let insertTail = SQL(
    "INSERT INTO embedding_tail (key, source, partition, vector) VALUES (?, ?, ?, ?)")
  private static let tail = SQL(
    "SELECT key, source, partition, vector FROM embedding_tail WHERE key BETWEEN ? AND ? ORDER BY key")
  private static let removeTail = SQL("DELETE FROM embedding_tail WHERE key BETWEEN ? AND ?")
  private static let logRemoval = SQL(
    "INSERT INTO embedding_removals (space, first, count) VALUES (?, ?, ?)")
  private static let forgetRemovals = SQL("DELETE FROM embedding_removals WHERE change <= ?")

  /// So many removals are kept for who follows; who is further behind reads everything anew.
  static let keptRemovals: Int64 = 65_536

  init(_ space: SpaceRow, _ file: Connection) {
    self.space = space
    self.file = file
  }

  /// Lets a new source wait.
  func wait(_ source: Int64) throws(StoreFailure) {
    try file.run(Self.wait, [.integer(space.key), .integer(source)])
  }

  /// Removes what a source has: its vectors, its place in the line, or its failure.
  mutating func remove(_ source: Int64) throws(StoreFailure) {
    let place: [SQLiteValue] = [.integer(space.key), .integer(source)]
    if try file.run(Self.removeWaiting, place) > 0 { return }
    let vectors = try file.row(Self.removeVectors, place) { row throws(StoreFailure) in
      (first: try row.counter(0), count: try row.counter(1))
    }
    guard let vectors else {
      try file.run(Self.removeFailure, place)
      return
    }
    guard vectors.count > 0, vectors.first < space.next, vectors.count <= space.next - vectors.first else {
      throw VectorBlock.damage
    }
    removed.append(vectors.first..<vectors.first + vectors.count)
  }

  /// Keeps the vectors of a source in the place of what it has.
  mutating func put(_ vectors: [[Float]], of source: Int64, in partition: Int64) throws(StoreFailure) {
    try remove(source)
    guard Int64(vectors.count) < SpaceRow.numbers - space.next else {
      throw .invalid("a space has room for no more vectors")
    }
    try file.run(
      Self.insertVectors,
      [.integer(space.key), .integer(source), .integer(space.next), .integer(vectors.count)])
    isChanged = true
    for vector in vectors {
      try file.run(
        Self.insertTail,
        [
          .integer(space.key(of: space.next)), .integer(source), .integer(partition),
          .blob(VectorBlock.bytes(of: vector)),
        ])
      space.next += 1
      space.tail += 1
      if space.tail >= VectorBlock.capacity(dimension: space.dimension) { try mergeTail() }
    }
  }

  /// Notes a failure of a source, unless it has vectors.
  func note(_ failed: FailedEmbedding, of source: Int64) throws(StoreFailure) {
    let place: [SQLiteValue] = [.integer(space.key), .integer(source)]
    guard try file.row(Self.hasVectors, place, read: { _ in true }) == nil else { return }
    try file.run(Self.removeWaiting, place)
    try file.run(Self.removeFailure, place)
    try file.run(
      Self.insertFailure,
      place + [.integer(failed.attempts), .text(failed.reason), .optional(failed.retryAt)])
  }

  /// Writes what was changed; nothing is done after that.
  mutating func finish() throws(StoreFailure) {
    if !removed.isEmpty {
      removed.sort { $0.lowerBound < $1.lowerBound }
      try removeVectors()
      try logRemovals()
    }
    if isChanged { try space.store(file) }
  }

  // MARK: Steps

  private mutating func mergeTail() throws(StoreFailure) {
    var block = VectorBlock()
    try file.forEachRow(Self.tail, space.keys) { row throws(StoreFailure) in
      let partition = try row.counter(2)
      let vector = try row.bytes(3)
      guard vector.count == 4 * space.dimension, partition <= Int64(UInt32.max) else {
        throw VectorBlock.damage
      }
      block.owners.append(
        VectorBlock.Owner(
          number: try row.integer(0) - space.key(of: 0), source: try row.counter(1), partition: partition))
      block.vectors += vector
      return true
    }
    guard block.owners.count == space.tail else { throw VectorBlock.damage }
    try file.run(Self.removeTail, space.keys)
    try VectorBlocks(of: space, file).insert(block)
    space.tail = 0
  }

  private mutating func removeVectors() throws(StoreFailure) {
    var inBlocks: [Int64] = []
    for numbers in removed {
      var count = 0
      // Those in the tail are the newest.
      if space.tail > 0 {
        let keys: [SQLiteValue] = [
          .integer(space.key(of: numbers.lowerBound)), .integer(space.key(of: numbers.upperBound - 1)),
        ]
        count = try file.run(Self.removeTail, keys)
        guard count <= space.tail else { throw VectorBlock.damage }
        space.tail -= count
        if count > 0 { isChanged = true }
      }
      guard numbers.count - count <= VectorBlocks.mostRemoved else { throw VectorBlock.damage }
      inBlocks += numbers.dropLast(count)
    }
    try VectorBlocks(of: space, file).remove(inBlocks)
  }

  private func logRemovals() throws(StoreFailure) {
    var start = 0
    while start < removed.count {
      var end = start + 1
      while end < removed.count, removed[end].lowerBound == removed[end - 1].upperBound { end += 1 }
      let first = removed[start].lowerBound
      try file.run(
        Self.logRemoval,
        [.integer(space.key), .integer(first), .integer(removed[end - 1].upperBound - first)])
      start = end
    }
    try file.run(Self.forgetRemovals, [.integer(file.lastInsertedKey - Self.keptRemovals)])
  }
}
