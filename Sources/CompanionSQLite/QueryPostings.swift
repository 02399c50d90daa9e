import CompanionDomain
import CompanionPorts

/// What one partition has of a query's terms: all their postings, those of the tail too.
struct QueryPostings {
  /// In the query's order.
  private(set) var documents: [PostingList]
  private(set) var sessions: [PostingList]
  /// The length of each document that has a term, by its number.
  private(set) var lengths: ContiguousArray<Int32>

  private static let term = SQL("SELECT number FROM text_terms WHERE hash = ?")
  private static let rows = SQL(
    "SELECT key, postings FROM text_postings WHERE key BETWEEN ? AND ? ORDER BY key")

  init(
    of query: TextQuery, in partition: TextPartition, _ file: Connection
  ) throws(StoreFailure) {
    documents = []
    sessions = []
    lengths = ContiguousArray(repeating: 0, count: partition.capacity)
    let hashes = query.terms.map { TermHash($0.text, in: partition.key) }
    for hash in hashes { try readPostings(of: hash, in: partition, file) }
    try readTail(of: partition, hashes, file)
  }

  private mutating func readPostings(
    of hash: TermHash, in partition: TextPartition, _ file: Connection
  ) throws(StoreFailure) {
    let number = try file.row(Self.term, [.integer(hash.rawValue)]) { row throws(StoreFailure) in
      try row.counter(0)
    }
    guard let number else {
      documents.append(PostingList())
      sessions.append(PostingList())
      return
    }
    var term: TermPostings?
    var documentReader: PostingListReader?
    var sessionReader: PostingListReader?
    let range: [SQLiteValue] = [
      .integer(TermPostings.key(number, 0)), .integer(TermPostings.key(number, TermPostings.lastBlock)),
    ]
    try file.forEachRow(Self.rows, range) { row throws(StoreFailure) in
      let block = try row.integer(0) & TermPostings.lastBlock
      let bytes = try row.bytes(1)
      if block == 0 {
        let head = try TermPostings(number: number, head: bytes)
        documentReader = try PostingListReader(head.documents, upTo: partition.capacity)
        sessionReader = try PostingListReader(head.sessions, upTo: Int(Int32.max))
        term = head
      } else if try documentReader?.read(block, bytes, lengths: &lengths) ?? false {
      } else {
        _ = try sessionReader?.read(block, bytes)
      }
      return true
    }
    guard let term, var documentReader, var sessionReader else { throw IndexReader.damage }
    documents.append(try documentReader.finish(term.documents, lengths: &lengths))
    sessions.append(try sessionReader.finish(term.sessions))
  }

  private mutating func readTail(
    of partition: TextPartition, _ hashes: [TermHash], _ file: Connection
  ) throws(StoreFailure) {
    guard !hashes.isEmpty else { return }
    // A term whose bit is not set is none of the query's: most are told so.
    let bits = hashes.reduce(into: UInt64(0)) { $0 |= 1 << UInt64($1.rawValue & 63) }
    try TextTail.forEach(of: partition, file) { number, session, length, terms throws(StoreFailure) in
      lengths[Int(number)] = length
      var reader = IndexReader(terms)
      while reader.remaining > 0 {
        let hash = Int64(bitPattern: try reader.fixed(bytes: 8))
        let frequency = Int(try reader.number(upTo: Int64(Int32.max)))
        guard bits & 1 << UInt64(hash & 63) != 0,
          let place = hashes.firstIndex(where: { $0.rawValue == hash })
        else { continue }
        documents[place].add(frequency, to: number)
        guard session != 0 else { continue }
        guard let session = Int32(exactly: session) else { throw IndexReader.damage }
        sessions[place].add(frequency, to: session)
      }
    }
  }
}

/// Puts the blocks of a list together, in whatever order they come.
private struct PostingListReader {
  private var numbers: ContiguousArray<Int32>
  private var frequencies: ContiguousArray<Int32>
  /// Where the postings of each block begin.
  private var places: [Int64: (start: Int, count: Int)] = [:]
  private let limit: Int

  /// - Parameter limit: all numbers are below.
  init(_ list: PostingBlocks, upTo limit: Int) throws(StoreFailure) {
    self.limit = limit
    var start = 0
    for block in list.blocks {
      places[block.number] = (start, block.count)
      start += block.count
    }
    let count = list.count
    guard count <= limit, places.count == list.blocks.count else { throw IndexReader.damage }
    numbers = ContiguousArray(repeating: 0, count: count)
    frequencies = ContiguousArray(repeating: 0, count: count)
  }

  /// Reads a block of documents.
  ///
  /// - Returns: whether it is one of this list.
  mutating func read(
    _ block: Int64, _ bytes: [UInt8], lengths: inout ContiguousArray<Int32>
  ) throws(StoreFailure) -> Bool {
    guard let place = places.removeValue(forKey: block) else { return false }
    var reader = IndexReader(bytes)
    guard try reader.count() == place.count else { throw IndexReader.damage }
    var number: Int64 = 0
    for index in place.start..<place.start + place.count {
      number = try step(from: number, &reader)
      numbers[index] = Int32(truncatingIfNeeded: number)
      frequencies[index] = Int32(try reader.number(upTo: Int64(Int32.max)))
      lengths[Int(number)] = Int32(try reader.number(upTo: Int64(Int32.max)))
    }
    return true
  }

  /// Reads a block of sessions.
  mutating func read(_ block: Int64, _ bytes: [UInt8]) throws(StoreFailure) -> Bool {
    guard let place = places.removeValue(forKey: block) else { return false }
    var reader = IndexReader(bytes)
    guard try reader.count() == place.count else { throw IndexReader.damage }
    var number: Int64 = 0
    for index in place.start..<place.start + place.count {
      number = try step(from: number, &reader)
      numbers[index] = Int32(truncatingIfNeeded: number)
      frequencies[index] = Int32(try reader.number(upTo: Int64(Int32.max)))
    }
    return true
  }

  /// The whole list of documents, when all blocks have been read.
  mutating func finish(
    _ list: PostingBlocks, lengths: inout ContiguousArray<Int32>
  ) throws(StoreFailure) -> PostingList {
    for posting in list.open where posting.number < Int64(lengths.count) {
      lengths[Int(posting.number)] = posting.length
    }
    return try finish(list)
  }

  mutating func finish(_ list: PostingBlocks) throws(StoreFailure) -> PostingList {
    guard places.isEmpty else { throw IndexReader.damage }
    let start = numbers.count - list.open.count
    for (index, posting) in list.open.enumerated() {
      guard posting.number < Int64(limit) else { throw IndexReader.damage }
      numbers[start + index] = Int32(truncatingIfNeeded: posting.number)
      frequencies[start + index] = posting.frequency
    }
    // Searches in the list rely on it.
    for index in numbers.indices.dropFirst() where numbers[index] <= numbers[index - 1] {
      throw IndexReader.damage
    }
    return PostingList(documents: numbers, frequencies: frequencies)
  }

  private func step(from number: Int64, _ reader: inout IndexReader) throws(StoreFailure) -> Int64 {
    let (next, overflow) = number.addingReportingOverflow(try reader.number())
    guard !overflow, next < Int64(limit) else { throw IndexReader.damage }
    return next
  }
}
