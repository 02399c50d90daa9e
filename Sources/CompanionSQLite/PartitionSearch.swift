import CompanionDomain
import CompanionPorts

/// A search in one partition of the text index, all of one moment.
struct PartitionSearch {
  private let file: Connection
  private let query: TextQuery
  private let partition: TextPartition
  private let postings: QueryPostings
  private var names: SourceNames
  private var filter: TextFilter

  /// How many occurrences of terms are followed.
  private static let followedPostings = 50_000

  /// - Parameters:
  ///   - kind: of what is in the partition.
  ///   - name: the partition's.
  init(
    _ partition: TextPartition, named name: String, of kind: RecallSource.Kind, for query: TextQuery,
    matching filter: RecallFilter, _ file: Connection
  ) throws(StoreFailure) {
    self.file = file
    self.query = query
    self.partition = partition
    postings = try QueryPostings(of: query, in: partition, file)
    names = SourceNames(of: kind, DocumentBlocks(of: partition, file), file)
    self.filter = TextFilter(filter, of: kind, in: name, file)
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

  /// The documents that the query's terms fit best, of those that the filter accepts, best first.
  mutating func best(
    _ limit: Int, statistics: TermStatistics
  ) throws(StoreFailure) -> [ScoredDocument] {
    // One by one as many are asked for as are wanted, divided by the share that is accepted, and at most all that
    // have a term: to look up the accepted ones is worth it where they are fewer than either.
    let found = postings.documents.reduce(0) { $0 + $1.count }
    let wanted = Int((Double(limit) * Double(partition.documents)).squareRoot())
    try filter.lookUpFew(limit: min(found, wanted))
    let selection = selection(limit, statistics: statistics)
    let best = try best(of: selection)
    guard !filter.acceptsAll, best.count < limit, selection.passesOver else { return best }
    // Of what only the commonest terms find, more may be accepted.
    return try self.best(of: self.selection(limit, statistics: statistics, following: .max))
  }

  private func selection(
    _ limit: Int, statistics: TermStatistics, following count: Int = followedPostings
  ) -> CandidateSelection {
    let (capacity, length) = (postings.lengths.count, statistics.averageLength)
    var selection =
      if let few = filter.few {
        CandidateSelection(
          limit, among: few.filter { $0 < capacity }.sorted(), of: capacity, averageLength: length)
      } else {
        CandidateSelection(limit, of: capacity, averageLength: length, postings: count)
      }
    let weights = statistics.inverseDocumentFrequencies
    let present = query.terms.indices
      .filter { !postings.documents[$0].isEmpty }
      .sorted { (postings.documents[$0].count, $0) < (postings.documents[$1].count, $1) }
    for position in present {
      selection.add(
        postings.documents[position], of: query.terms[position], weight: weights[position],
        lengths: postings.lengths)
    }
    return selection
  }

  private mutating func best(of selection: CandidateSelection) throws(StoreFailure) -> [ScoredDocument] {
    var failure: StoreFailure?
    func precedes(_ left: Int32, _ right: Int32) -> Bool {
      do throws(StoreFailure) {
        return try names.source(of: left) < names.source(of: right)
      } catch {
        failure = error
        return left < right
      }
    }
    func accepts(_ number: Int32) -> Bool {
      guard failure == nil else { return false }
      do throws(StoreFailure) {
        return try filter.accepts(number, &names)
      } catch {
        failure = error
        return false
      }
    }
    let best =
      filter.acceptsAll
      ? selection.best(precedes: precedes) : selection.best(where: accepts, precedes: precedes)
    if let failure { throw failure }
    return best
  }

  /// Adds documents and those of their neighbours that the filter accepts as candidates, with what they, their windows
  /// and sessions have of the query's terms.
  mutating func gather(
    _ chosen: [Int32], into found: inout TextCandidates<RecallSource>
  ) throws(StoreFailure) {
    var gathered = GatheredDocuments(limit: partition.capacity)
    for number in chosen { try gathered.addNeighbours(of: gathered.add(number, &names), &names) }
    let count = gathered.entries.count
    // Neighbours of neighbours are counted, and are no candidates.
    for place in 0..<count { try gathered.addNeighbours(of: gathered.entries[place], &names) }
    gathered.count(postings.documents)
    var places: [Int64: Int] = [:]
    var candidates: [TextCandidate] = []
    var ids: [RecallSource] = []
    candidates.reserveCapacity(count)
    ids.reserveCapacity(count)
    for place in 0..<count where try filter.accepts(gathered.numbers[place], &names) {
      let entry = gathered.entries[place]
      var candidate = TextCandidate(document: gathered.counts(at: place))
      if entry.session != 0 {
        candidate.window = gathered.windowCounts(at: place)
        candidate.session = try self.place(of: entry.session, in: &places, &found.matches)
      }
      candidates.append(candidate)
      ids.append(try names.source(of: entry))
    }
    found.ids += ids
    found.matches.candidates += candidates
    countSessions(places, into: &found.matches)
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
    let numbers = places.sorted { $0.key < $1.key }
    for position in query.terms.indices {
      let list = postings.sessions[position]
      if numbers.count * 16 < list.count {
        for (number, place) in numbers {
          found.sessions[place].frequencies[position] = list.frequency(in: Int32(clamping: number))
        }
        continue
      }
      let listed = list.documents
      let frequencies = list.frequencies
      var next = 0
      for index in listed.indices {
        while next < numbers.count, numbers[next].key < listed[index] { next += 1 }
        guard next < numbers.count else { break }
        guard numbers[next].key == listed[index] else { continue }
        found.sessions[numbers[next].value].frequencies[position] = Int(frequencies[index])
      }
    }
  }
}
