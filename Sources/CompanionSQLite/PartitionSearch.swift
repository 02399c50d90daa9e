import CompanionDomain
import CompanionPorts

/// A search in one partition of the text index, all of one moment.
struct PartitionSearch {
  private let file: Connection
  private let query: TextQuery
  private let partition: TextPartition
  private let postings: QueryPostings
  private var names: SourceNames

  /// How many occurrences of terms are followed.
  private static let followedPostings = 50_000

  /// - Parameter kind: of what is in the partition.
  init(
    _ partition: TextPartition, of kind: RecallSource.Kind, for query: TextQuery, _ file: Connection
  ) throws(StoreFailure) {
    self.file = file
    self.query = query
    self.partition = partition
    postings = try QueryPostings(of: query, in: partition, file)
    names = SourceNames(of: kind, DocumentBlocks(of: partition, file), file)
  }

  /// Adds what is known of the query's terms here.
  func addStatistics(to found: inout TextMatches) {
    found.documentStatistics.documents += partition.documents
    found.documentStatistics.totalLength += partition.length
    found.sessionStatistics.documents += partition.sessions
    found.sessionStatistics.totalLength += partition.lengthOfSessions
    for position in query.terms.indices {
      found.documentStatistics.documentFrequencies[position] += postings.documents[position].count
      found.sessionStatistics.documentFrequencies[position] += postings.sessions[position].count
    }
  }

  /// The documents that the query's terms fit best, best first.
  mutating func best(
    _ limit: Int, statistics: TermStatistics
  ) throws(StoreFailure) -> [ScoredDocument] {
    var selection = CandidateSelection(
      limit, of: postings.lengths.count, averageLength: statistics.averageLength,
      postings: Self.followedPostings)
    let weights = statistics.inverseDocumentFrequencies
    let present = query.terms.indices
      .filter { !postings.documents[$0].isEmpty }
      .sorted { (postings.documents[$0].count, $0) < (postings.documents[$1].count, $1) }
    for position in present {
      selection.add(
        postings.documents[position], of: query.terms[position], weight: weights[position],
        lengths: postings.lengths)
    }
    var failure: StoreFailure?
    let best = selection.best { left, right in
      do throws(StoreFailure) {
        return try names.source(of: left) < names.source(of: right)
      } catch {
        failure = error
        return left < right
      }
    }
    if let failure { throw failure }
    return best
  }

  /// Adds documents and their neighbours as candidates, with what they, their windows and sessions have of the
  /// query's terms.
  mutating func gather(
    _ chosen: [Int32], into found: inout TextCandidates<RecallSource>
  ) throws(StoreFailure) {
    var gathered: [Int32] = []
    var entries: [Int32: DocumentBlocks.Entry] = [:]
    for number in chosen {
      let entry = try names.entry(number)
      for number in [number, entry.before, entry.after] {
        guard let number, entries[number] == nil else { continue }
        entries[number] = try names.entry(number)
        gathered.append(number)
      }
    }
    // Neighbours of neighbours are counted, and are no candidates.
    var around = entries
    for number in gathered {
      guard let entry = entries[number] else { continue }
      for number in [entry.before, entry.after] {
        guard let number, around[number] == nil else { continue }
        around[number] = try names.entry(number)
      }
    }
    let counts = counts(of: around)
    var places: [Int64: Int] = [:]
    for number in gathered {
      guard let entry = entries[number], let own = counts[number] else { continue }
      var candidate = TextCandidate(document: own)
      if entry.session != 0 {
        candidate.window = [entry.before, entry.after].compactMap { $0.flatMap { counts[$0] } }
          .reduce(own, +)
        candidate.session = try place(of: entry.session, in: &places, &found.matches)
      }
      found.ids.append(try names.source(of: number))
      found.matches.candidates.append(candidate)
    }
    countSessions(places, into: &found.matches)
  }

  /// What documents have of the query's terms.
  private func counts(of entries: [Int32: DocumentBlocks.Entry]) -> [Int32: TermCounts] {
    let numbers = entries.keys.sorted()
    var frequencies = [Int](repeating: 0, count: numbers.count * query.terms.count)
    for position in query.terms.indices {
      Self.forEachCommon(postings.documents[position], numbers) { place, frequency in
        frequencies[place * query.terms.count + position] = frequency
      }
    }
    var counts: [Int32: TermCounts] = [:]
    counts.reserveCapacity(numbers.count)
    for (place, number) in numbers.enumerated() {
      let own = frequencies[place * query.terms.count..<(place + 1) * query.terms.count]
      counts[number] = TermCounts(frequencies: Array(own), length: Int(entries[number]?.length ?? 0))
    }
    return counts
  }

  private mutating func place(
    of session: Int64, in places: inout [Int64: Int], _ found: inout TextMatches
  ) throws(StoreFailure) -> Int {
    if let place = places[session] { return place }
    let none = [Int](repeating: 0, count: query.terms.count)
    found.sessions.append(TermCounts(frequencies: none, length: try names.session(session).length))
    places[session] = found.sessions.count - 1
    return found.sessions.count - 1
  }

  private func countSessions(_ places: [Int64: Int], into found: inout TextMatches) {
    let numbers = places.keys.sorted()
    let inList = numbers.map { Int32(clamping: $0) }
    for position in query.terms.indices {
      Self.forEachCommon(postings.sessions[position], inList) { index, frequency in
        guard let place = places[numbers[index]] else { return }
        found.sessions[place].frequencies[position] = frequency
      }
    }
  }

  /// Looks at what a list and sorted numbers have in common.
  ///
  /// Complexity: the smaller of both, times the logarithm of the other, or both.
  private static func forEachCommon(
    _ list: PostingList, _ numbers: [Int32], _ body: (_ place: Int, _ frequency: Int) -> Void
  ) {
    let listed = list.documents
    let frequencies = list.frequencies
    if numbers.count * 16 < listed.count {
      for (place, number) in numbers.enumerated() {
        let frequency = list.frequency(in: number)
        if frequency > 0 { body(place, frequency) }
      }
      return
    }
    var place = 0
    for index in listed.indices {
      while place < numbers.count, numbers[place] < listed[index] { place += 1 }
      guard place < numbers.count else { return }
      if numbers[place] == listed[index] { body(place, Int(frequencies[index])) }
    }
  }
}

/// What the numbers of documents and sessions stand for, read when it is asked for.
struct SourceNames {
  private let kind: RecallSource.Kind
  private var blocks: DocumentBlocks
  private let file: Connection
  private var sessions: [Int64: (id: SessionID, length: Int)] = [:]
  private var sources: [Int32: RecallSource] = [:]

  init(of kind: RecallSource.Kind, _ blocks: DocumentBlocks, _ file: Connection) {
    self.kind = kind
    self.blocks = blocks
    self.file = file
  }

  private static let session = SQL("SELECT id, length FROM sessions WHERE key = ?")
  private static let memory = SQL("SELECT scope, kind FROM memories WHERE key = ?")
  private static let fact = SQL("SELECT id FROM facts WHERE key = ?")
  private static let document = SQL("SELECT id FROM documents WHERE key = ?")

  mutating func entry(_ number: Int32) throws(StoreFailure) -> DocumentBlocks.Entry {
    try blocks.entry(number)
  }

  /// A session by its key: its name, and how many terms it has.
  mutating func session(_ key: Int64) throws(StoreFailure) -> (id: SessionID, length: Int) {
    if let session = sessions[key] { return session }
    let session = try file.row(Self.session, [.integer(key)]) { row throws(StoreFailure) in
      (id: try row.value(0) as SessionID, length: Int(try row.counter(1)))
    }
    guard let session else { throw IndexReader.damage }
    sessions[key] = session
    return session
  }

  mutating func source(of number: Int32) throws(StoreFailure) -> RecallSource {
    if let source = sources[number] { return source }
    let entry = try blocks.entry(number)
    let key: [SQLiteValue] = [.integer(entry.position)]
    let source: RecallSource? =
      switch kind {
      case .message:
        .message(try session(entry.session).id, SequenceNumber(rawValue: entry.position))
      case .memory:
        try file.row(Self.memory, key) { row throws(StoreFailure) in
          .memory(try MemoryRow.key(from: row))
        }
      case .fact: try file.row(Self.fact, key) { row throws(StoreFailure) in .fact(try row.value(0)) }
      case .document:
        try file.row(Self.document, key) { row throws(StoreFailure) in .document(try row.value(0)) }
      }
    guard let source else { throw IndexReader.damage }
    sources[number] = source
    return source
  }
}
