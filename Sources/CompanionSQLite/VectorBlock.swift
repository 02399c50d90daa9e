import CompanionDomain
import CompanionPorts

/// Vectors that lie in one row, in the order of their numbers: to read them one row each takes many times as long.
///
/// The key of a block is not above the number of its first vector, and above those of the block before it. What each
/// vector is of comes in front of all vectors, so that it is read without them.
struct VectorBlock {
  /// What a vector is of.
  struct Owner {
    /// The vector's own number in its space.
    var number: Int64
    /// The key of its source.
    var source: Int64
    /// The key of the partition that the source is in.
    var partition: Int64

    static let bytes = 20
  }

  /// So many are in a block at most, whatever their dimension.
  static let mostRows = 64
  /// Blocks of more bytes are not read faster, and take longer to write when one vector is removed.
  private static let bytes = 98_304

  /// How many vectors a full block has: 64 of 384 numbers, 24 of 1024.
  static func capacity(dimension: Int) -> Int { max(1, min(mostRows, bytes / (4 * dimension))) }

  var owners: [Owner] = []
  /// One behind the other, each number as four bytes, the lowest first.
  var vectors: [UInt8] = []

  static var damage: StoreFailure { .corrupt("the stored vectors cannot be read") }
}

extension VectorBlock {
  /// What stands in front of the vectors.
  var encodedOwners: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(owners.count * Owner.bytes)
    for owner in owners {
      bytes.append(fixed: UInt64(bitPattern: owner.number), bytes: 8)
      bytes.append(fixed: UInt64(bitPattern: owner.source), bytes: 8)
      bytes.append(fixed: UInt64(bitPattern: owner.partition), bytes: 4)
    }
    return bytes
  }

  /// Reads what stands in front of the vectors: not nothing, and numbers that ascend from the block's own.
  static func owners(_ bytes: [UInt8], from first: Int64) throws(StoreFailure) -> [Owner] {
    guard !bytes.isEmpty, bytes.count.isMultiple(of: Owner.bytes), bytes.count / Owner.bytes <= mostRows
    else {
      throw damage
    }
    var owners: [Owner] = []
    owners.reserveCapacity(bytes.count / Owner.bytes)
    var least = first
    for start in stride(from: 0, to: bytes.count, by: Owner.bytes) {
      let owner = Owner(
        number: Int64(bitPattern: bytes.fixed(at: start, bytes: 8)),
        source: Int64(bitPattern: bytes.fixed(at: start + 8, bytes: 8)),
        partition: Int64(bytes.fixed(at: start + 16, bytes: 4)))
      guard owner.number >= least, owner.number < SpaceRow.numbers else { throw damage }
      least = owner.number + 1
      owners.append(owner)
    }
    return owners
  }

  /// The bytes of a vector as it is stored.
  static func bytes(of vector: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * vector.count)
    for number in vector {
      let bits = number.bitPattern
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
    }
    return bytes
  }
}

/// Blocks of one space, changed inside the open transaction.
struct VectorBlocks {
  private let space: SpaceRow
  private let file: Connection
  private let rowBytes: Int
  private let capacity: Int

  /// No text has so many pieces: a file that says so is damaged.
  static let mostRemoved = 1 << 24

  init(of space: SpaceRow, _ file: Connection) {
    self.space = space
    self.file = file
    rowBytes = 4 * space.dimension
    capacity = VectorBlock.capacity(dimension: space.dimension)
  }

  private static let insertion = SQL("INSERT INTO embedding_blocks (key, owners, vectors) VALUES (?, ?, ?)")
  private static let update = SQL("UPDATE embedding_blocks SET owners = ?, vectors = ? WHERE key = ?")
  private static let removal = SQL("DELETE FROM embedding_blocks WHERE key = ?")
  private static let holder = SQL(
    "SELECT key, owners FROM embedding_blocks WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1")
  private static let vectors = SQL("SELECT vectors FROM embedding_blocks WHERE key = ?")
  private static let before = SQL(
    """
    SELECT key, length(owners) FROM embedding_blocks WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1
    """)
  private static let after = SQL(
    "SELECT key, length(owners) FROM embedding_blocks WHERE key > ? AND key <= ? ORDER BY key LIMIT 1")
  private static let whole = SQL("SELECT owners, vectors FROM embedding_blocks WHERE key = ?")

  /// Adds a block behind all others.
  func insert(_ block: VectorBlock) throws(StoreFailure) {
    guard let first = block.owners.first else { return }
    try file.run(
      Self.insertion,
      [.integer(space.key(of: first.number)), .blob(block.encodedOwners), .blob(block.vectors)])
  }

  /// Removes vectors, all of which are there. Each block is written once.
  ///
  /// - Parameter numbers: of the vectors, ascending.
  func remove(_ numbers: [Int64]) throws(StoreFailure) {
    var place = 0
    while place < numbers.count {
      let values: [SQLiteValue] = [
        .integer(space.key(of: 0)), .integer(space.key(of: numbers[place])),
      ]
      let found = try file.row(Self.holder, values) { row throws(StoreFailure) in
        (key: try row.integer(0), owners: try row.bytes(1))
      }
      guard let found else { throw VectorBlock.damage }
      let owners = try VectorBlock.owners(found.owners, from: found.key - space.key(of: 0))
      var kept: [Int] = []
      let start = place
      for (row, owner) in owners.enumerated() {
        if place < numbers.count, owner.number == numbers[place] {
          place += 1
        } else {
          kept.append(row)
        }
      }
      // Each step takes what it looks for out of the block where it has to be.
      guard place > start else { throw VectorBlock.damage }
      try rewrite(found.key, owners, keeping: kept)
    }
  }

  private func rewrite(_ key: Int64, _ owners: [VectorBlock.Owner], keeping kept: [Int]) throws(StoreFailure)
  {
    guard !kept.isEmpty else {
      try file.run(Self.removal, [.integer(key)])
      return
    }
    let vectors = try file.row(Self.vectors, [.integer(key)]) { row throws(StoreFailure) in try row.bytes(0) }
    guard let vectors, vectors.count == owners.count * rowBytes else { throw VectorBlock.damage }
    var block = VectorBlock()
    block.vectors.reserveCapacity(kept.count * rowBytes)
    for row in kept {
      block.owners.append(owners[row])
      block.vectors += vectors[row * rowBytes..<(row + 1) * rowBytes]
    }
    if kept.count < capacity / 4, try join(block, key) { return }
    try store(block, key)
  }

  private func store(_ block: VectorBlock, _ key: Int64) throws(StoreFailure) {
    try file.run(Self.update, [.blob(block.encodedOwners), .blob(block.vectors), .integer(key)])
  }

  /// Puts the little that is left of a block into one beside it that has room, so that many removals leave no crowd of
  /// blocks with little in them.
  private func join(_ block: VectorBlock, _ key: Int64) throws(StoreFailure) -> Bool {
    let room = capacity * 3 / 4 - block.owners.count
    let before = try file.row(Self.before, [.integer(space.key(of: 0)), .integer(key)], read: Self.size)
    if let before, before.count <= room {
      var joined = try read(before.key)
      joined.owners += block.owners
      joined.vectors += block.vectors
      try file.run(Self.removal, [.integer(key)])
      try store(joined, before.key)
      return true
    }
    let last = SQLiteValue.integer(space.key(of: SpaceRow.numbers - 1))
    let after = try file.row(Self.after, [.integer(key), last], read: Self.size)
    guard let after, after.count <= room else { return false }
    let other = try read(after.key)
    try file.run(Self.removal, [.integer(after.key)])
    try store(
      VectorBlock(owners: block.owners + other.owners, vectors: block.vectors + other.vectors), key)
    return true
  }

  private static func size(_ row: Statement) throws(StoreFailure) -> (key: Int64, count: Int) {
    (key: try row.integer(0), count: Int(clamping: try row.counter(1)) / VectorBlock.Owner.bytes)
  }

  private func read(_ key: Int64) throws(StoreFailure) -> VectorBlock {
    let found = try file.row(Self.whole, [.integer(key)]) { row throws(StoreFailure) in
      (owners: try row.bytes(0), vectors: try row.bytes(1))
    }
    guard let found else { throw VectorBlock.damage }
    let owners = try VectorBlock.owners(found.owners, from: key - space.key(of: 0))
    guard found.vectors.count == owners.count * rowBytes else { throw VectorBlock.damage }
    return VectorBlock(owners: owners, vectors: found.vectors)
  }
}
