import CompanionDomain
import CompanionPorts

/// Changes one partition of the text index, inside the open transaction.
///
/// New documents come into a short tail, which queries look through. The commit that fills it merges it into
/// the postings: that writes each of their terms once, instead of once for each document.
struct TextIndexWriter {
  private let file: Connection
  private var partition: TextPartition
  private var blocks: DocumentBlocks
  private var added: [TextEntry] = []
  /// Those that were among the postings.
  private var removed: [TextEntry] = []
  private var sessionChanges: [Int64: (documents: Int, length: Int)] = [:]

  private static let term = SQL("SELECT number FROM text_terms WHERE hash = ?")
  private static let insertTerm = SQL("INSERT INTO text_terms (hash) VALUES (?)")
  private static let removeTerm = SQL("DELETE FROM text_terms WHERE number = ?")
  private static let session = SQL("SELECT documents FROM sessions WHERE key = ?")
  private static let updateSession = SQL(
    "UPDATE sessions SET documents = documents + ?, length = length + ? WHERE key = ?")

  /// A writer for the partition of a name.
  init(_ name: String, _ file: Connection) throws(StoreFailure) {
    self.file = file
    partition = try TextPartition.findOrMake(name, file)
    blocks = DocumentBlocks(of: partition, file)
  }

  /// Adds a document.
  ///
  /// - Parameters:
  ///   - session: the key of its session; 0 for none.
  ///   - position: its place in its session; without one, the key of its row.
  ///   - before: its neighbours in its session, by their numbers.
  /// - Returns: its number.
  mutating func insert(
    _ words: [String], session: Int64 = 0, position: Int64, before: Int32? = nil, after: Int32? = nil
  ) throws(StoreFailure) -> Int32 {
    let number = try partition.takeNumber(file)
    let entry = TextEntry(number: number, session: session, words: words, partition: partition.key)
    try blocks.set(
      number,
      DocumentBlocks.Entry(session: session, position: position, length: entry.length))
    try blocks.link(before, number)
    try blocks.link(number, after)
    partition.length += Int(entry.length)
    count(entry, 1)
    added.append(entry)
    return number
  }

  /// Removes a document.
  ///
  /// - Parameters:
  ///   - number: its number, from before this writer was made.
  ///   - words: the terms that it has.
  mutating func remove(_ number: Int32, _ words: [String]) throws(StoreFailure) {
    guard Int(number) < partition.capacity else { throw IndexReader.damage }
    let old = try blocks.entry(number)
    let entry = TextEntry(number: number, session: old.session, words: words, partition: partition.key)
    guard entry.length == old.length else { throw IndexReader.damage }
    try blocks.link(old.before, old.after)
    try blocks.set(number, nil)
    if try TextTail.remove(number, of: partition, file) {
      partition.tail -= 1
    } else {
      removed.append(entry)
    }
    partition.length -= Int(entry.length)
    try partition.giveBack(number, file)
    count(entry, -1)
  }

  /// Writes what was changed; nothing is done after that.
  mutating func finish() throws(StoreFailure) {
    try merge(removed, adding: -1)
    if partition.tail + added.count > TextTail.capacity {
      var entries: [TextEntry] = []
      try TextTail.forEach(of: partition, file) { number, session, length, terms throws(StoreFailure) in
        entries.append(
          try TextEntry(number: number, session: session, length: length, encodedTerms: terms))
      }
      try TextTail.clear(partition, file)
      partition.tail = 0
      try merge(entries + added, adding: 1)
    } else {
      for entry in added { try TextTail.insert(entry, partition, file) }
      partition.tail += added.count
    }
    try blocks.store()
    try storeSessions()
    try partition.store(file)
  }

  private mutating func count(_ entry: TextEntry, _ sign: Int) {
    guard entry.session != 0 else { return }
    sessionChanges[entry.session, default: (0, 0)].documents += sign
    sessionChanges[entry.session, default: (0, 0)].length += sign * Int(entry.length)
  }

  private mutating func storeSessions() throws(StoreFailure) {
    for (session, change) in sessionChanges.sorted(by: { $0.key < $1.key }) {
      let before = try file.row(Self.session, [.integer(session)]) { row throws(StoreFailure) in
        Int(try row.counter(0))
      }
      guard let before, before + change.documents >= 0 else { throw IndexReader.damage }
      try file.run(
        Self.updateSession,
        [.integer(change.documents), .integer(change.length), .integer(session)])
      if before == 0, change.documents > 0 { partition.sessions += 1 }
      if before > 0, before + change.documents == 0 { partition.sessions -= 1 }
    }
  }
}

extension TextIndexWriter {
  /// What a document has of a term.
  private struct Occurrence {
    var hash: TermHash
    var document: Posting
    var session: Int64
  }

  /// Adds documents to the postings of their terms, or takes them out.
  private func merge(_ entries: [TextEntry], adding sign: Int32) throws(StoreFailure) {
    var occurrences: [Occurrence] = []
    occurrences.reserveCapacity(entries.reduce(0) { $0 + $1.terms.count })
    for entry in entries {
      for term in entry.terms {
        occurrences.append(
          Occurrence(
            hash: term.hash,
            document: Posting(
              number: Int64(entry.number), frequency: sign * term.frequency, length: entry.length),
            session: entry.session))
      }
    }
    occurrences.sort { ($0.hash, $0.document.number) < ($1.hash, $1.document.number) }
    var groups: [(term: Int64, isNew: Bool, range: Range<Int>)] = []
    var start = 0
    while start < occurrences.count {
      var end = start + 1
      while end < occurrences.count, occurrences[end].hash == occurrences[start].hash { end += 1 }
      let (term, isNew) = try number(of: occurrences[start].hash, mayBeNew: sign > 0)
      groups.append((term, isNew, start..<end))
      start = end
    }
    // Terms have numbers in the order in which they were first met: the common ones lie close together.
    groups.sort { $0.term < $1.term }
    for group in groups {
      var postings =
        group.isNew ? TermPostings(number: group.term) : try TermPostings.find(group.term, file)
      let (documents, sessions) = Self.postings(occurrences[group.range])
      if try !postings.add(documents: documents, sessions: sessions, file) {
        try file.run(Self.removeTerm, [.integer(group.term)])
      }
    }
  }

  /// What is to be added for the documents of a term, and for their sessions.
  private static func postings(_ occurrences: ArraySlice<Occurrence>) -> ([Posting], [Posting]) {
    var sessions: [Posting] = []
    let inSessions = occurrences.filter { $0.session != 0 }.map { ($0.session, $0.document.frequency) }
    for (session, frequency) in inSessions.sorted(by: { $0.0 < $1.0 }) {
      if let last = sessions.indices.last, sessions[last].number == session {
        let sum = Int64(sessions[last].frequency) + Int64(frequency)
        sessions[last].frequency = Int32(clamping: sum)
      } else {
        sessions.append(Posting(number: session, frequency: frequency))
      }
    }
    return (occurrences.map(\.document), sessions)
  }

  private func number(
    of hash: TermHash, mayBeNew: Bool
  ) throws(StoreFailure) -> (number: Int64, isNew: Bool) {
    let found = try file.row(Self.term, [.integer(hash.rawValue)]) { row throws(StoreFailure) in
      try row.counter(0)
    }
    if let found { return (found, false) }
    guard mayBeNew else { throw IndexReader.damage }
    try file.run(Self.insertTerm, [.integer(hash.rawValue)])
    return (file.lastInsertedKey, true)
  }
}
