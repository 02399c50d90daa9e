/// Chooses the documents of one index that a query's terms fit best: what every index has in common.
///
/// The terms are added in the order of how many documents have them, the rarest first. Once the postings so
/// far are more than a limit, the remaining terms, the commonest, only count in documents that rarer ones
/// have found.
package struct CandidateSelection: Sendable {
  private let limit: Int
  private let postings: Int
  private let average: Double
  private let bm25: BM25
  private var scores: ContiguousArray<Float>
  /// Nothing else is chosen than these; `nil` where any may be.
  private let given: [Int32]?
  /// The documents that have a score, in the order in which they were found.
  private var touched: ContiguousArray<Int32> = []
  private var followed = 0
  /// Whether a document may fit that has no score, because it has only the commonest terms.
  package private(set) var passesOver = false

  /// - Parameters:
  ///   - limit: how many documents are chosen; at least 1.
  ///   - capacity: all numbers of documents are below.
  ///   - averageLength: of all documents that are searched.
  ///   - postings: how many occurrences of terms are followed.
  package init(
    _ limit: Int, of capacity: Int, averageLength: Double, postings: Int, bm25: BM25 = BM25()
  ) {
    self.limit = max(1, limit)
    self.postings = postings
    self.bm25 = bm25
    average = max(averageLength, 1)
    scores = ContiguousArray(repeating: 0, count: capacity)
    given = nil
  }

  /// Chooses among documents that are given: all terms count in them, and the others are passed by.
  ///
  /// - Parameter documents: below the capacity, each once; they are few.
  package init(
    _ limit: Int, among documents: [Int32], of capacity: Int, averageLength: Double, bm25: BM25 = BM25()
  ) {
    self.limit = max(1, limit)
    self.bm25 = bm25
    postings = .max
    average = max(averageLength, 1)
    scores = ContiguousArray(repeating: 0, count: capacity)
    given = documents
  }

  /// Adds what a term says, in the documents that have it.
  ///
  /// Complexity: the documents that have it; where documents are given, a search in a list for each of them.
  ///
  /// - Parameters:
  ///   - weight: what the term says; see ``BM25/inverseDocumentFrequency(_:of:)``.
  ///   - lengths: of each document by its number; those of the list must be there.
  package mutating func add(
    _ list: PostingList, of term: TextQuery.Term, weight: Double, lengths: ContiguousArray<Int32>
  ) {
    let constants = bm25.score(of: term, averageLength: average, inverseDocumentFrequency: weight)
    let (gain, base, slope) = (Float(constants.gain), Float(constants.base), Float(constants.slope))
    func score(_ frequency: Int32, _ document: Int) -> Float {
      gain * Float(frequency) / (Float(frequency) + base + slope * Float(lengths[document]))
    }
    @discardableResult
    func count(in number: Int32) -> Bool {
      let frequency = list.frequency(in: number)
      guard frequency > 0 else { return false }
      scores[Int(number)] += score(Int32(clamping: frequency), Int(number))
      return true
    }
    if let given {
      for number in given {
        let isNew = scores[Int(number)] == 0
        if count(in: number), isNew { touched.append(number) }
      }
      return
    }
    let documents = list.documents
    let frequencies = list.frequencies
    followed += documents.count
    if followed <= postings || touched.count < limit {
      for place in documents.indices {
        let document = Int(documents[place])
        if scores[document] == 0 { touched.append(documents[place]) }
        scores[document] += score(frequencies[place], document)
      }
      return
    }
    passesOver = true
    if touched.count * 16 < documents.count {
      for number in touched { count(in: number) }
    } else {
      for place in documents.indices {
        let document = Int(documents[place])
        if scores[document] > 0 { scores[document] += score(frequencies[place], document) }
      }
    }
  }

  /// The best documents, best first; of the same score, by their numbers.
  ///
  /// - Parameter precedes: which of two documents with the same score is chosen where one has to go. It is asked only
  ///   then.
  package func best(precedes: (Int32, Int32) -> Bool) -> [ScoredDocument] {
    let threshold = threshold()
    var chosen = touched.filter { scores[Int($0)] > threshold }
    let room = limit - chosen.count
    let last = touched.filter { scores[Int($0)] == threshold }
    chosen += last.count > room ? Self.first(room, of: last, precedes) : last
    return chosen.map { ScoredDocument(document: $0, score: scores[Int($0)]) }
      .sorted { $0.score == $1.score ? $0.document < $1.document : $0.score > $1.score }
  }

  /// The best of the documents that may be chosen.
  ///
  /// Complexity: that of sorting all that have a score.
  ///
  /// - Parameter accepts: which those are. It is asked for the best first, until there are enough.
  package func best(
    where accepts: (Int32) -> Bool, precedes: (Int32, Int32) -> Bool
  ) -> [ScoredDocument] {
    let ordered = touched.sorted { left, right in
      let (first, second) = (scores[Int(left)], scores[Int(right)])
      return first == second ? left < right : first > second
    }
    var chosen: [ScoredDocument] = []
    var start = 0
    while start < ordered.count, chosen.count < limit {
      let score = scores[Int(ordered[start])]
      let end = ordered[start...].firstIndex { scores[Int($0)] != score } ?? ordered.count
      let (alike, room) = (ordered[start..<end].filter(accepts), limit - chosen.count)
      let kept = alike.count > room ? Self.first(room, of: alike, precedes).sorted() : alike
      chosen += kept.map { ScoredDocument(document: $0, score: score) }
      start = end
    }
    return chosen
  }

  /// The first documents in an order, of many that are mostly in it already.
  private static func first(
    _ count: Int, of documents: [Int32], _ precedes: (Int32, Int32) -> Bool
  ) -> [Int32] {
    var kept: [Int32] = []
    for document in documents {
      if let last = kept.last, kept.count == count {
        guard precedes(document, last) else { continue }
        kept.removeLast()
      }
      var (low, high) = (0, kept.count)
      if let last = kept.last, precedes(last, document) { low = high }
      while low < high {
        let middle = low + (high - low) / 2
        if precedes(kept[middle], document) { low = middle + 1 } else { high = middle }
      }
      kept.insert(document, at: low)
    }
    return kept
  }

  /// The lowest score that is among so many best; 0 where there are no more.
  private func threshold() -> Float {
    guard touched.count > limit else { return 0 }
    // The lowest of the best so far is on top of a heap, and gives way to what is better.
    var heap = ContiguousArray(touched.prefix(limit).map { scores[Int($0)] }.sorted())
    for document in touched.dropFirst(limit) {
      let score = scores[Int(document)]
      guard score > heap[0] else { continue }
      var place = 0
      while 2 * place + 1 < limit {
        var child = 2 * place + 1
        if child + 1 < limit, heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < score else { break }
        heap[place] = heap[child]
        place = child
      }
      heap[place] = score
    }
    return heap[0]
  }
}

/// A document by its number, and how well it fits.
package struct ScoredDocument: Sendable {
  package var document: Int32
  package var score: Float
}
