import CompanionPorts

/// What the text index keeps of each document of a partition, many in a row.
///
/// Blocks that were read are kept until this is let go of.
struct DocumentBlocks {
  /// What is kept of a document.
  struct Entry {
    /// The key of its session; 0 for none.
    var session: Int64 = 0
    /// Its place in its session; without one, the key of the row that it was made of.
    var position: Int64 = 0
    /// How many terms it has.
    var length: Int32 = 0
    /// Its neighbours in its session.
    var before: Int32?
    var after: Int32?
  }

  private static let entriesInBlock: Int32 = 128
  private static let bytesOfEntry = 28

  private static let selection = SQL("SELECT entries FROM text_documents WHERE key = ?")
  private static let insertion = SQL("INSERT OR REPLACE INTO text_documents (key, entries) VALUES (?, ?)")
  private static let removal = SQL("DELETE FROM text_documents WHERE key = ?")

  private let file: Connection
  private let partition: Int64
  /// All numbers are below.
  private var limit: Int
  private var blocks: ContiguousArray<[UInt8]?>
  private var changed: Set<Int32> = []

  init(of partition: TextPartition, _ file: Connection) {
    self.file = file
    self.partition = partition.key
    limit = partition.capacity
    blocks = ContiguousArray(repeating: nil, count: limit / Int(Self.entriesInBlock) + 1)
  }

  /// What is kept of a document that is there.
  mutating func entry(_ number: Int32) throws(StoreFailure) -> Entry {
    try loadBlock(of: number)
    let start = Self.start(of: number)
    guard let block = blocks[Int(number / Self.entriesInBlock)] else { throw IndexReader.damage }
    // All are one higher than what they mean, so that 0 is none.
    let length = block.fixed(at: start, bytes: 4)
    let before = block.fixed(at: start + 4, bytes: 4)
    let after = block.fixed(at: start + 8, bytes: 4)
    let limit = UInt64(limit)
    guard (1...UInt64(Int32.max)).contains(length), before <= limit, after <= limit else {
      throw IndexReader.damage
    }
    return Entry(
      session: Int64(bitPattern: block.fixed(at: start + 12, bytes: 8)),
      position: Int64(bitPattern: block.fixed(at: start + 20, bytes: 8)), length: Int32(length - 1),
      before: before == 0 ? nil : Int32(before) - 1, after: after == 0 ? nil : Int32(after) - 1)
  }

  /// Keeps something of a document, or for `nil` nothing any more.
  mutating func set(_ number: Int32, _ entry: Entry?) throws(StoreFailure) {
    var bytes: [UInt8] = []
    if let entry {
      bytes.append(fixed: UInt64(entry.length) + 1, bytes: 4)
      bytes.append(fixed: UInt64((entry.before ?? -1) + 1), bytes: 4)
      bytes.append(fixed: UInt64((entry.after ?? -1) + 1), bytes: 4)
      bytes.append(fixed: UInt64(bitPattern: entry.session), bytes: 8)
      bytes.append(fixed: UInt64(bitPattern: entry.position), bytes: 8)
    } else {
      bytes = Array(repeating: 0, count: Self.bytesOfEntry)
    }
    limit = max(limit, Int(number) + 1)
    try loadBlock(of: number)
    let start = Self.start(of: number)
    let key = number / Self.entriesInBlock
    blocks[Int(key)]?.replaceSubrange(start..<start + Self.bytesOfEntry, with: bytes)
    changed.insert(key)
  }

  /// Makes two documents of a session neighbours; one of them may be none.
  mutating func link(_ before: Int32?, _ after: Int32?) throws(StoreFailure) {
    if let before {
      var entry = try entry(before)
      entry.after = after
      try set(before, entry)
    }
    if let after {
      var entry = try entry(after)
      entry.before = before
      try set(after, entry)
    }
  }

  /// Writes what was changed.
  mutating func store() throws(StoreFailure) {
    for number in changed.sorted() {
      guard let block = blocks[Int(number)] else { continue }
      let key = SQLiteValue.integer(partition << 32 | Int64(number))
      if block.allSatisfy({ $0 == 0 }) {
        try file.run(Self.removal, [key])
      } else {
        try file.run(Self.insertion, [key, .blob(block)])
      }
    }
    changed = []
  }

  private mutating func loadBlock(of number: Int32) throws(StoreFailure) {
    let key = Int(number / Self.entriesInBlock)
    while key >= blocks.count { blocks.append(nil) }
    guard blocks[key] == nil else { return }
    let size = Int(Self.entriesInBlock) * Self.bytesOfEntry
    let stored = try file.row(Self.selection, [.integer(partition << 32 | Int64(key))]) {
      row throws(StoreFailure) in try row.bytes(0)
    }
    let block = stored ?? Array(repeating: 0, count: size)
    guard block.count == size else { throw IndexReader.damage }
    blocks[key] = block
  }

  private static func start(of number: Int32) -> Int {
    Int(number % entriesInBlock) * bytesOfEntry
  }
}
