import CompanionDomain

/// The documents of one scope by their terms, under numbers that it gives them.
///
/// It is not generic, because that would be many times slower: no other module specialises it.
struct IndexPartition: Sendable {
  private struct Document: Sendable {
    /// Its terms, and how often each occurs.
    var terms: ContiguousArray<(number: Int32, frequency: Int32)>
    var length: Int
    var session: Int32?
    var before: Int32?
    var after: Int32?
  }

  private struct Session: Sendable {
    var name: String
    /// In their order.
    var members: [(position: Int, document: Int32)]
    var length: Int
  }

  private struct Term: Sendable {
    var text: String
    var documents = PostingList()
    var sessions = PostingList()
  }

  private var documents = Numbered<Document>()
  private var sessions = Numbered<Session>()
  private var terms = Numbered<Term>()
  private var sessionNumbers: [String: Int32] = [:]
  private var termNumbers: [String: Int32] = [:]
  /// How many documents there are.
  private(set) var count = 0
  private var totalLength = 0
  private var totalLengthOfSessions = 0
  /// The length of each document by its number, beside the documents, because every posting asks for it.
  private var lengths: ContiguousArray<Int32> = []

  var isEmpty: Bool { count == 0 }

  func contains(term: String) -> Bool { termNumbers[term] != nil }
}

extension IndexPartition {
  /// Adds a document.
  ///
  /// - Parameter precedes: whether the new document comes before one of the same session and position.
  /// - Returns: its number, which is used again once it is removed.
  mutating func insert(
    terms words: [String], session name: String?, position: Int, precedes: (Int32) -> Bool
  ) -> Int32 {
    var sorted: ContiguousArray<(number: Int32, frequency: Int32)> = []
    for number in words.map({ self.number(of: $0) }).sorted() {
      if let last = sorted.indices.last, sorted[last].number == number {
        sorted[last].frequency += 1
      } else {
        sorted.append((number, 1))
      }
    }
    let session = name.map { self.number(ofSession: $0) }
    let number = documents.insert(
      Document(terms: sorted, length: words.count, session: session))
    count += 1
    if Int(number) == lengths.count { lengths.append(0) }
    lengths[Int(number)] = Int32(clamping: words.count)
    totalLength += words.count
    for entry in sorted {
      terms[entry.number].documents.add(Int(entry.frequency), to: number)
      if let session { terms[entry.number].sessions.add(Int(entry.frequency), to: session) }
    }
    if let session { join(session, number, at: position, precedes: precedes) }
    return number
  }

  /// Removes a document, and the terms that only it had.
  mutating func remove(_ number: Int32) {
    guard let document = documents.remove(number) else { return }
    count -= 1
    lengths[Int(number)] = 0
    totalLength -= document.length
    for entry in document.terms {
      terms[entry.number].documents.add(-Int(entry.frequency), to: number)
      if let session = document.session {
        terms[entry.number].sessions.add(-Int(entry.frequency), to: session)
      }
      if terms[entry.number].documents.isEmpty, let term = terms.remove(entry.number) {
        termNumbers[term.text] = nil
      }
    }
    if let session = document.session { leave(session, number, document) }
  }

  private mutating func number(of word: String) -> Int32 {
    if let number = termNumbers[word] { return number }
    let number = terms.insert(Term(text: word))
    termNumbers[word] = number
    return number
  }

  private mutating func number(ofSession name: String) -> Int32 {
    if let number = sessionNumbers[name] { return number }
    let number = sessions.insert(Session(name: name, members: [], length: 0))
    sessionNumbers[name] = number
    return number
  }

  private mutating func join(
    _ session: Int32, _ number: Int32, at position: Int, precedes: (Int32) -> Bool
  ) {
    func isBefore(_ member: (position: Int, document: Int32)) -> Bool {
      member.position == position ? !precedes(member.document) : member.position < position
    }
    var low = 0
    var high = sessions[session].members.count
    // Mostly behind all others.
    if let last = sessions[session].members.last, isBefore(last) { low = high }
    while low < high {
      let middle = low + (high - low) / 2
      if isBefore(sessions[session].members[middle]) { low = middle + 1 } else { high = middle }
    }
    let before = low > 0 ? sessions[session].members[low - 1].document : nil
    let after = low < sessions[session].members.count ? sessions[session].members[low].document : nil
    sessions[session].members.insert((position, number), at: low)
    link(before, number)
    link(number, after)
    sessions[session].length += documents[number].length
    totalLengthOfSessions += documents[number].length
  }

  private mutating func leave(_ session: Int32, _ number: Int32, _ document: Document) {
    link(document.before, document.after)
    // Mostly among the last.
    if let place = sessions[session].members.lastIndex(where: { $0.document == number }) {
      sessions[session].members.remove(at: place)
    }
    sessions[session].length -= document.length
    totalLengthOfSessions -= document.length
    if sessions[session].members.isEmpty, let session = sessions.remove(session) {
      sessionNumbers[session.name] = nil
    }
  }

  private mutating func link(_ before: Int32?, _ after: Int32?) {
    if let before { documents[before].after = after }
    if let after { documents[after].before = before }
  }
}

extension IndexPartition {
  /// Adds what is known of a query's terms here.
  func addStatistics(
    of query: TextQuery, documents: inout TermStatistics, sessions: inout TermStatistics
  ) {
    documents.documents += count
    documents.totalLength += totalLength
    sessions.documents += sessionNumbers.count
    sessions.totalLength += totalLengthOfSessions
    for (position, term) in query.terms.enumerated() {
      guard let number = termNumbers[term.text] else { continue }
      documents.documentFrequencies[position] += terms[number].documents.count
      sessions.documentFrequencies[position] += terms[number].sessions.count
    }
  }

  /// The documents that a query's terms fit best, best first.
  ///
  /// - Parameters:
  ///   - accepts: which documents may be chosen; `nil` for all. Where they are few, all postings are followed.
  ///   - precedes: which of two documents with the same score comes first.
  func best(
    _ limit: Int, for query: TextQuery, statistics: TermStatistics, postings: Int, bm25: BM25 = BM25(),
    where accepts: ((Int32) -> Bool)? = nil, precedes: (Int32, Int32) -> Bool
  ) -> [ScoredDocument] {
    var selection = CandidateSelection(
      limit, of: lengths.count, averageLength: statistics.averageLength, postings: postings, bm25: bm25)
    let weights = statistics.inverseDocumentFrequencies
    let present = query.terms.indices
      .compactMap { position in termNumbers[query.terms[position].text].map { (position, $0) } }
      .sorted { (terms[$0.1].documents.count, $0.0) < (terms[$1.1].documents.count, $1.0) }
    for (position, number) in present {
      selection.add(
        terms[number].documents, of: query.terms[position], weight: weights[position], lengths: lengths)
    }
    guard let accepts else { return selection.best(precedes: precedes) }
    let best = selection.best(where: accepts, precedes: precedes)
    guard best.count < limit, selection.passesOver else { return best }
    return self.best(
      limit, for: query, statistics: statistics, postings: .max, bm25: bm25, where: accepts,
      precedes: precedes)
  }

  /// Adds documents and their neighbours as candidates, with what they, their windows and sessions have of a
  /// query's terms.
  ///
  /// - Parameter accepts: which neighbours are candidates; `nil` for all.
  /// - Returns: which documents they are.
  func gather(
    _ chosen: [Int32], for query: TextQuery, where accepts: ((Int32) -> Bool)? = nil,
    into found: inout TextMatches
  ) -> [Int32] {
    var positions = ContiguousArray<Int32>(repeating: -1, count: terms.capacity)
    for (position, term) in query.terms.enumerated() {
      if let number = termNumbers[term.text] { positions[Int(number)] = Int32(position) }
    }
    var counts: [Int32: TermCounts] = [:]
    func countsOf(_ number: Int32) -> TermCounts {
      if let known = counts[number] { return known }
      var frequencies = [Int](repeating: 0, count: query.terms.count)
      for entry in documents[number].terms where positions[Int(entry.number)] >= 0 {
        frequencies[Int(positions[Int(entry.number)])] = Int(entry.frequency)
      }
      let counted = TermCounts(frequencies: frequencies, length: documents[number].length)
      counts[number] = counted
      return counted
    }

    var gathered: [Int32] = []
    var places: [Int32: Int] = [:]
    var seen: Set<Int32> = []
    for number in chosen.flatMap({ [$0, documents[$0].before, documents[$0].after] }) {
      guard let number, seen.insert(number).inserted, accepts?(number) ?? true else { continue }
      let document = documents[number]
      var candidate = TextCandidate(document: countsOf(number))
      if let session = document.session {
        candidate.window = [document.before, document.after].compactMap(\.self)
          .reduce(candidate.document) { $0 + countsOf($1) }
        candidate.session = place(of: session)
      }
      found.candidates.append(candidate)
      gathered.append(number)
    }
    for (position, term) in query.terms.enumerated() {
      guard let number = termNumbers[term.text], !places.isEmpty else { continue }
      let list = terms[number].sessions
      if places.count * 8 < list.count {
        for (session, place) in places {
          found.sessions[place].frequencies[position] = list.frequency(in: session)
        }
      } else {
        for index in list.documents.indices {
          guard let place = places[list.documents[index]] else { continue }
          found.sessions[place].frequencies[position] = Int(list.frequencies[index])
        }
      }
    }
    return gathered

    func place(of session: Int32) -> Int {
      if let place = places[session] { return place }
      let none = [Int](repeating: 0, count: query.terms.count)
      found.sessions.append(TermCounts(frequencies: none, length: sessions[session].length))
      places[session] = found.sessions.count - 1
      return found.sessions.count - 1
    }
  }
}
