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
  private var blocks: [Int32: [UInt8]] = [:]
  private var changed: Set<Int32> = []

  init(of partition: TextPartition, _ file: Connection) {
    self.file = file
    self.partition = partition.key
  }

  /// What is kept of a document that is there.
  mutating func entry(_ number: Int32) throws(StoreFailure) -> Entry {
    let block = try block(of: number)
    let start = Self.start(of: number)
    var reader = IndexReader(Array(block[start..<start + Self.bytesOfEntry]))
    // All are one higher than what they mean, so that 0 is none.
    let length = try reader.fixed(bytes: 4)
    guard (1...UInt64(Int32.max)).contains(length) else { throw IndexReader.damage }
    let before = try Self.neighbour(try reader.fixed(bytes: 4))
    let after = try Self.neighbour(try reader.fixed(bytes: 4))
    return Entry(
      session: Int64(bitPattern: try reader.fixed(bytes: 8)),
      position: Int64(bitPattern: try reader.fixed(bytes: 8)), length: Int32(length - 1), before: before,
      after: after)
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
    _ = try block(of: number)
    let start = Self.start(of: number)
    let key = number / Self.entriesInBlock
    blocks[key]?.replaceSubrange(start..<start + Self.bytesOfEntry, with: bytes)
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
      guard let block = blocks[number] else { continue }
      let key = SQLiteValue.integer(partition << 32 | Int64(number))
      if block.allSatisfy({ $0 == 0 }) {
        try file.run(Self.removal, [key])
      } else {
        try file.run(Self.insertion, [key, .blob(block)])
      }
    }
    changed = []
  }

  private mutating func block(of number: Int32) throws(StoreFailure) -> [UInt8] {
    let key = number / Self.entriesInBlock
    if let block = blocks[key] { return block }
    let size = Int(Self.entriesInBlock) * Self.bytesOfEntry
    let stored = try file.row(Self.selection, [.integer(partition << 32 | Int64(key))]) {
      row throws(StoreFailure) in try row.bytes(0)
    }
    let block = stored ?? Array(repeating: 0, count: size)
    guard block.count == size else { throw IndexReader.damage }
    blocks[key] = block
    return block
  }

  private static func start(of number: Int32) -> Int {
    Int(number % entriesInBlock) * bytesOfEntry
  }

  private static func neighbour(_ value: UInt64) throws(StoreFailure) -> Int32? {
    guard value <= UInt64(Int32.max) else { throw IndexReader.damage }
    return value == 0 ? nil : Int32(value) - 1
  }
}
