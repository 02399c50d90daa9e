import CompanionPorts

/// In which documents a term occurs, or in which sessions, and how often.
struct Posting: Sendable {
  var number: Int64
  var frequency: Int32
  /// How many terms the document has; 0 for sessions.
  var length: Int32 = 0
}

/// A list of postings as it is stored: some in blocks of their own, the last ones beside them.
///
/// Each block is one row. What is added mostly comes behind all others, so that one row is written.
struct PostingBlocks: Sendable {
  /// A block by its number among those of the term.
  struct Block: Sendable {
    var number: Int64
    /// The highest number that is in it.
    var last: Int64
    var count: Int
  }

  /// Sorted by what is in them.
  var blocks: [Block] = []
  /// Those behind all blocks.
  var open: [Posting] = []
  /// Whether postings have lengths.
  let hasLengths: Bool

  init(hasLengths: Bool) { self.hasLengths = hasLengths }

  var count: Int { blocks.reduce(open.count) { $0 + $1.count } }

  /// In bytes; two blocks fill a page.
  fileprivate static let longestBlock = 2000
  fileprivate static let longestOpen = 1600
}

extension PostingBlocks {
  init(from reader: inout IndexReader, hasLengths: Bool) throws(StoreFailure) {
    self.hasLengths = hasLengths
    for _ in 0..<(try reader.count()) {
      blocks.append(
        Block(
          number: try reader.number(upTo: TermPostings.lastBlock), last: try reader.number(),
          count: Int(try reader.number(upTo: Int64(UInt16.max)))))
    }
    open = try Self.postings(from: &reader, hasLengths: hasLengths)
  }

  func append(to bytes: inout [UInt8]) {
    bytes.append(number: Int64(blocks.count))
    for block in blocks {
      bytes.append(number: block.number)
      bytes.append(number: block.last)
      bytes.append(number: Int64(block.count))
    }
    Self.append(open[...], hasLengths, to: &bytes)
  }

  fileprivate static func postings(
    from reader: inout IndexReader, hasLengths: Bool
  ) throws(StoreFailure) -> [Posting] {
    var postings: [Posting] = []
    let count = try reader.count()
    postings.reserveCapacity(count)
    var number: Int64 = 0
    for _ in 0..<count {
      number = try next(after: number, try reader.number())
      postings.append(
        Posting(
          number: number, frequency: Int32(try reader.number(upTo: Int64(Int32.max))),
          length: hasLengths ? Int32(try reader.number(upTo: Int64(Int32.max))) : 0))
    }
    return postings
  }

  fileprivate static func append(
    _ postings: ArraySlice<Posting>, _ hasLengths: Bool, to bytes: inout [UInt8]
  ) {
    bytes.append(number: Int64(postings.count))
    var last: Int64 = 0
    for posting in postings {
      bytes.append(number: posting.number - last)
      last = posting.number
      bytes.append(number: Int64(posting.frequency))
      if hasLengths { bytes.append(number: Int64(posting.length)) }
    }
  }

  /// How many bytes postings take.
  fileprivate static func size(of postings: [Posting], _ hasLengths: Bool) -> Int {
    var last: Int64 = 0
    return postings.reduce(0) { size, posting in
      defer { last = posting.number }
      let length = hasLengths ? self.size(of: Int64(posting.length)) : 0
      return size + self.size(of: posting.number - last) + self.size(of: Int64(posting.frequency)) + length
    }
  }

  private static func size(of number: Int64) -> Int {
    // A byte for seven bits, and one for none.
    (70 - (number | 1).leadingZeroBitCount) / 7
  }

  private static func next(after number: Int64, _ step: Int64) throws(StoreFailure) -> Int64 {
    let (next, overflow) = number.addingReportingOverflow(step)
    guard !overflow else { throw IndexReader.damage }
    return next
  }
}

/// All that the text index knows of one term.
struct TermPostings {
  /// The number of a term's last row.
  static let lastBlock: Int64 = 0xf_ffff

  /// The term's number; its rows are behind one another.
  let number: Int64
  var documents = PostingBlocks(hasLengths: true)
  var sessions = PostingBlocks(hasLengths: false)
  private var nextBlock: Int64 = 1

  /// What is known of a new term.
  init(number: Int64) { self.number = number }

  /// - Parameter head: the first of its rows.
  init(number: Int64, head: [UInt8]) throws(StoreFailure) {
    self.number = number
    var reader = IndexReader(head)
    nextBlock = try reader.number(upTo: Self.lastBlock)
    documents = try PostingBlocks(from: &reader, hasLengths: true)
    sessions = try PostingBlocks(from: &reader, hasLengths: false)
  }

  /// The key of one of its rows; the first is the head.
  static func key(_ number: Int64, _ block: Int64) -> Int64 { number << 20 | block }

  private static let selection = SQL("SELECT postings FROM text_postings WHERE key = ?")
  private static let insertion = SQL("INSERT OR REPLACE INTO text_postings (key, postings) VALUES (?, ?)")
  private static let removal = SQL("DELETE FROM text_postings WHERE key = ?")

  /// The term of a number that is there.
  static func find(_ number: Int64, _ file: Connection) throws(StoreFailure) -> TermPostings {
    let head = try file.row(selection, [.integer(key(number, 0))]) { row throws(StoreFailure) in
      try row.bytes(0)
    }
    guard let head else { throw IndexReader.damage }
    return try TermPostings(number: number, head: head)
  }

  /// Adds to how often documents have the term, and the sessions they are in; what has it no more goes.
  ///
  /// - Parameters:
  ///   - documents: sorted by number, each once.
  ///   - sessions: sorted by number, each once.
  /// - Returns: whether anything has the term now.
  mutating func add(
    documents added: [Posting], sessions addedToSessions: [Posting], _ file: Connection
  ) throws(StoreFailure) -> Bool {
    if !added.isEmpty { documents = try adding(added, to: documents, file) }
    if !addedToSessions.isEmpty { sessions = try adding(addedToSessions, to: sessions, file) }
    guard documents.count > 0 else {
      guard sessions.count == 0 else { throw IndexReader.damage }
      try file.run(Self.removal, [.integer(Self.key(number, 0))])
      return false
    }
    var bytes: [UInt8] = []
    bytes.append(number: nextBlock)
    documents.append(to: &bytes)
    sessions.append(to: &bytes)
    try store(bytes, at: 0, file)
    return true
  }

  private mutating func adding(
    _ added: [Posting], to old: PostingBlocks, _ file: Connection
  ) throws(StoreFailure) -> PostingBlocks {
    var rest = added[...]
    var blocks: [PostingBlocks.Block] = []
    for block in old.blocks {
      let own = rest.prefix { $0.number <= block.last }
      guard !own.isEmpty else {
        blocks.append(block)
        continue
      }
      rest = rest.dropFirst(own.count)
      var reader = IndexReader(try bytes(of: block.number, file))
      let stored = try PostingBlocks.postings(from: &reader, hasLengths: old.hasLengths)
      guard stored.count == block.count else { throw IndexReader.damage }
      let merged = try Self.merge(stored, own)
      if merged.isEmpty { try file.run(Self.removal, [.integer(Self.key(number, block.number))]) }
      blocks += try storeBlocks(merged, old.hasLengths, reusing: block.number, file)
    }
    var open = try Self.merge(old.open, rest)
    if PostingBlocks.size(of: open, old.hasLengths) > PostingBlocks.longestOpen {
      blocks += try storeBlocks(open, old.hasLengths, file)
      open = []
    }
    var new = old
    new.blocks = blocks
    new.open = open
    return new
  }

  /// Stores postings in blocks of their own.
  ///
  /// - Parameter reused: the block that they were in.
  private mutating func storeBlocks(
    _ postings: [Posting], _ hasLengths: Bool, reusing reused: Int64? = nil, _ file: Connection
  ) throws(StoreFailure) -> [PostingBlocks.Block] {
    var blocks: [PostingBlocks.Block] = []
    // Mostly each takes three bytes.
    var rest = postings[...]
    while let first = rest.first {
      var bytes: [UInt8] = []
      var count = min(rest.count, PostingBlocks.longestBlock / 3)
      PostingBlocks.append(rest.prefix(count), hasLengths, to: &bytes)
      while bytes.count > PostingBlocks.longestBlock, count > 1 {
        count = max(1, count / 2)
        bytes = []
        PostingBlocks.append(rest.prefix(count), hasLengths, to: &bytes)
      }
      let block = blocks.isEmpty ? reused ?? nextBlock : nextBlock
      if block == nextBlock { nextBlock += 1 }
      guard block < Self.lastBlock else { throw .invalid("the text index of a term is full") }
      try store(bytes, at: block, file)
      let last = rest.prefix(count).last?.number ?? first.number
      blocks.append(PostingBlocks.Block(number: block, last: last, count: count))
      rest = rest.dropFirst(count)
    }
    return blocks
  }

  private func store(_ bytes: [UInt8], at block: Int64, _ file: Connection) throws(StoreFailure) {
    try file.run(Self.insertion, [.integer(Self.key(number, block)), .blob(bytes)])
  }

  private func bytes(of block: Int64, _ file: Connection) throws(StoreFailure) -> [UInt8] {
    let bytes = try file.row(Self.selection, [.integer(Self.key(number, block))]) {
      row throws(StoreFailure) in try row.bytes(0)
    }
    guard let bytes else { throw IndexReader.damage }
    return bytes
  }

  /// Both, sorted; frequencies of the same number are added, and go where nothing remains.
  private static func merge(
    _ stored: [Posting], _ added: ArraySlice<Posting>
  ) throws(StoreFailure) -> [Posting] {
    var merged: [Posting] = []
    merged.reserveCapacity(stored.count + added.count)
    var place = 0
    for posting in added {
      while place < stored.count, stored[place].number < posting.number {
        merged.append(stored[place])
        place += 1
      }
      var posting = posting
      if place < stored.count, stored[place].number == posting.number {
        let (sum, overflow) = stored[place].frequency.addingReportingOverflow(posting.frequency)
        guard !overflow else { throw IndexReader.damage }
        posting.frequency = sum
        posting.length = stored[place].length
        place += 1
      }
      guard posting.frequency >= 0 else { throw IndexReader.damage }
      if posting.frequency > 0 { merged.append(posting) }
    }
    merged += stored[place...]
    return merged
  }
}
