import CompanionDomain
import CompanionPorts

/// A document of the text index by its terms.
struct TextEntry: Sendable {
  /// Its number in its partition.
  var number: Int32
  /// The key of its session; 0 for none.
  var session: Int64
  /// How many terms it has.
  var length: Int32
  /// Each term once, with how often it occurs.
  var terms: [(hash: TermHash, frequency: Int32)]

  init(number: Int32, session: Int64, words: [String], partition: Int64) {
    self.number = number
    self.session = session
    length = Int32(clamping: words.count)
    terms = []
    for hash in words.map({ TermHash($0, in: partition) }).sorted() {
      if let last = terms.indices.last, terms[last].hash == hash {
        terms[last].frequency += 1
      } else {
        terms.append((hash, 1))
      }
    }
  }
}

extension TextEntry {
  /// The terms as a row of the tail has them.
  var encodedTerms: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(terms.count * 9)
    for term in terms {
      bytes.append(fixed: UInt64(bitPattern: term.hash.rawValue), bytes: 8)
      bytes.append(number: Int64(term.frequency))
    }
    return bytes
  }

  init(number: Int32, session: Int64, length: Int32, encodedTerms: [UInt8]) throws(StoreFailure) {
    self.number = number
    self.session = session
    self.length = length
    terms = []
    var reader = IndexReader(encodedTerms)
    while reader.remaining > 0 {
      let hash = TermHash(rawValue: Int64(bitPattern: try reader.fixed(bytes: 8)))
      terms.append((hash, Int32(try reader.number(upTo: Int64(Int32.max)))))
    }
  }
}

/// The newest documents of a partition, which are not among its postings yet.
enum TextTail {
  /// How many there are at most: a query looks at each of them.
  static let capacity = 256

  private static let insertion = SQL(
    "INSERT INTO text_tail (key, session, length, terms) VALUES (?, ?, ?, ?)")
  private static let selection = SQL(
    "SELECT key, session, length, terms FROM text_tail WHERE key BETWEEN ? AND ? ORDER BY key")
  private static let removal = SQL("DELETE FROM text_tail WHERE key = ?")
  private static let clearing = SQL("DELETE FROM text_tail WHERE key BETWEEN ? AND ?")

  static func insert(_ entry: TextEntry, _ partition: TextPartition, _ file: Connection) throws(StoreFailure)
  {
    try file.run(
      insertion,
      [
        .integer(partition.key(of: entry.number)), .integer(entry.session), .integer(Int64(entry.length)),
        .blob(entry.encodedTerms),
      ])
  }

  /// Looks at the documents one by one, in the order of their numbers.
  static func forEach(
    of partition: TextPartition, _ file: Connection,
    _ body: (_ number: Int32, _ session: Int64, _ length: Int32, _ terms: [UInt8]) throws(StoreFailure) ->
      Void
  ) throws(StoreFailure) {
    guard partition.tail > 0 else { return }
    try file.forEachRow(selection, partition.keys) { row throws(StoreFailure) in
      let length = try row.counter(2)
      guard length <= Int64(Int32.max) else { throw IndexReader.damage }
      try body(
        try partition.number(of: try row.integer(0)), try row.counter(1), Int32(length), try row.bytes(3))
      return true
    }
  }

  /// - Returns: whether it was there.
  static func remove(
    _ number: Int32, of partition: TextPartition, _ file: Connection
  ) throws(StoreFailure) -> Bool {
    try file.run(removal, [.integer(partition.key(of: number))]) == 1
  }

  static func clear(_ partition: TextPartition, _ file: Connection) throws(StoreFailure) {
    try file.run(clearing, partition.keys)
  }
}
