import CompanionDomain

/// The documents of one scope by their terms.
struct IndexPartition<ID: Hashable & Comparable & Sendable>: Sendable {
  /// A document, by its number; numbers are used again.
  private struct Document: Sendable {
    var id: ID
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
  private var documentNumbers: [ID: Int32] = [:]
  private var sessionNumbers: [String: Int32] = [:]
  private var termNumbers: [String: Int32] = [:]
  private var totalLength = 0
  private var totalLengthOfSessions = 0
  /// The length of each document by its number, beside the documents, because every posting asks for it.
  private var lengths: ContiguousArray<Int32> = []

  var isEmpty: Bool { documentNumbers.isEmpty }

  func contains(term: String) -> Bool { termNumbers[term] != nil }
}

extension IndexPartition {
  /// Adds a document that is not there.
  mutating func insert(_ document: TextDocument<ID>) {
    let words = document.terms
    var counts: [Int32: Int32] = [:]
    counts.reserveCapacity(words.count)
    for word in words { counts[self.number(of: word), default: 0] += 1 }
    // In order, since the order of a dictionary is chance.
    let sorted = ContiguousArray(counts.map { (number: $0.key, frequency: $0.value) }.sorted { $0.number < $1.number })
    let session = document.session.map { self.number(ofSession: $0) }
    let number = documents.insert(
      Document(id: document.id, terms: sorted, length: words.count, session: session))
    documentNumbers[document.id] = number
    if Int(number) == lengths.count { lengths.append(0) }
    lengths[Int(number)] = Int32(clamping: words.count)
    totalLength += words.count
    for entry in sorted {
      terms[entry.number].documents.add(Int(entry.frequency), to: number)
      if let session { terms[entry.number].sessions.add(Int(entry.frequency), to: session) }
    }
    if let session { join(session, number, at: document.position) }
  }

  /// Removes a document, and the terms that only it had.
  mutating func remove(_ id: ID) {
    guard let number = documentNumbers.removeValue(forKey: id), let document = documents.remove(number) else { return }
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

  private mutating func join(_ session: Int32, _ number: Int32, at position: Int) {
    let id = documents[number].id
    var low = 0
    var high = sessions[session].members.count
    // Mostly behind all others.
    if let last = sessions[session].members.last, isBefore(last, position, id) { low = high }
    while low < high {
      let middle = low + (high - low) / 2
      if isBefore(sessions[session].members[middle], position, id) { low = middle + 1 } else { high = middle }
    }
    let before = low > 0 ? sessions[session].members[low - 1].document : nil
    let after = low < sessions[session].members.count ? sessions[session].members[low].document : nil
    sessions[session].members.insert((position, number), at: low)
    link(before, number)
    link(number, after)
    sessions[session].length += documents[number].length
    totalLengthOfSessions += documents[number].length
  }

  private func isBefore(_ member: (position: Int, document: Int32), _ position: Int, _ id: ID) -> Bool {
    (member.position, documents[member.document].id) < (position, id)
  }

  private mutating func leave(_ session: Int32, _ number: Int32, _ document: Document) {
    link(document.before, document.after)
    sessions[session].members.removeAll { $0.document == number }
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
    documents.documents += documentNumbers.count
    documents.totalLength += totalLength
    sessions.documents += sessionNumbers.count
    sessions.totalLength += totalLengthOfSessions
    for (position, term) in query.terms.enumerated() {
      guard let number = termNumbers[term.text] else { continue }
      documents.documentFrequencies[position] += terms[number].documents.count
      sessions.documentFrequencies[position] += terms[number].sessions.count
    }
  }

  /// The documents that a query's terms fit best, in no order.
  func best(
    _ limit: Int, for query: TextQuery, statistics: TermStatistics, postings: Int,
    bm25: BM25 = BM25()
  ) -> [(item: RankedItem<ID>, document: Int32)] {
    let weights = statistics.inverseDocumentFrequencies
    let average = max(statistics.averageLength, 1)
    let present = query.terms.indices
      .compactMap { position in termNumbers[query.terms[position].text].map { (position, $0) } }
      .sorted { (terms[$0.1].documents.count, $0.0) < (terms[$1.1].documents.count, $1.0) }
    var scores = ContiguousArray<Float>(repeating: 0, count: lengths.count)
    var touched: ContiguousArray<Int32> = []
    var followed = 0
    for (position, number) in present {
      let term = query.terms[position]
      let k1 = Float(bm25.k1(of: term))
      let gain = Float(term.weight * weights[position]) * (k1 + 1)
      let base = k1 * Float(1 - bm25.b)
      let slope = k1 * Float(bm25.b / average)
      let list = terms[number].documents
      func score(_ frequency: Int32, _ document: Int32) -> Float {
        gain * Float(frequency) / (Float(frequency) + base + slope * Float(lengths[Int(document)]))
      }
      followed += list.count
      if followed <= postings || touched.count < limit {
        for place in list.documents.indices {
          let document = list.documents[place]
          if scores[Int(document)] == 0 { touched.append(document) }
          scores[Int(document)] += score(list.frequencies[place], document)
        }
      } else if touched.count * 16 < list.count {
        for document in touched {
          let frequency = list.frequency(in: document)
          if frequency > 0 { scores[Int(document)] += score(Int32(clamping: frequency), document) }
        }
      } else {
        for place in list.documents.indices where scores[Int(list.documents[place])] > 0 {
          scores[Int(list.documents[place])] += score(list.frequencies[place], list.documents[place])
        }
      }
    }
    return top(limit, of: touched, by: scores)
  }

  private func top(
    _ limit: Int, of touched: ContiguousArray<Int32>, by scores: ContiguousArray<Float>
  ) -> [(item: RankedItem<ID>, document: Int32)] {
    var threshold: Float = 0
    if touched.count > limit {
      var sorted = touched.map { scores[Int($0)] }
      sorted.sort(by: >)
      threshold = sorted[limit - 1]
    }
    let chosen = touched.lazy.filter { scores[Int($0)] >= threshold }
      .map { (item: RankedItem(id: documents[$0].id, score: Double(scores[Int($0)])), document: $0) }
    guard touched.count > limit else { return Array(chosen) }
    return Array(chosen.sorted { $0.item.comes(before: $1.item) }.prefix(limit))
  }

  /// Adds documents and their neighbours as candidates, with what they, their windows and sessions have of a
  /// query's terms.
  func gather(_ chosen: [Int32], for query: TextQuery, into found: inout TextCandidates<ID>) {
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

    var places: [Int32: Int] = [:]
    var seen: Set<Int32> = []
    for number in chosen.flatMap({ [$0, documents[$0].before, documents[$0].after] }) {
      guard let number, seen.insert(number).inserted else { continue }
      let document = documents[number]
      var candidate = TextCandidate(id: document.id, document: countsOf(number))
      if let session = document.session {
        candidate.window = [document.before, document.after].compactMap(\.self)
          .reduce(candidate.document) { $0 + countsOf($1) }
        candidate.session = place(of: session)
      }
      found.candidates.append(candidate)
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

    func place(of session: Int32) -> Int {
      if let place = places[session] { return place }
      let none = [Int](repeating: 0, count: query.terms.count)
      found.sessions.append(TermCounts(frequencies: none, length: sessions[session].length))
      places[session] = found.sessions.count - 1
      return found.sessions.count - 1
    }
  }
}
