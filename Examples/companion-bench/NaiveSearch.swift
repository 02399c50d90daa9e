import CompanionKit

/// What the text index is compared with: every document is looked at for every query, by the same BM25.
struct NaiveSearch {
  private var documents: [(terms: [Int32], frequencies: [Int32], length: Int)] = []
  private var numbers: [String: Int32] = [:]
  private var totalLength = 0

  mutating func insert(_ text: String) {
    let words = TextAnalysis.terms(of: text)
    var counts: [Int32: Int32] = [:]
    for word in words {
      let number = numbers[word] ?? Int32(numbers.count)
      numbers[word] = number
      counts[number, default: 0] += 1
    }
    let sorted = counts.sorted { $0.key < $1.key }
    documents.append((sorted.map(\.key), sorted.map(\.value), words.count))
    totalLength += words.count
  }

  /// The best score.
  func best(for query: TextQuery) -> Double {
    let terms = query.terms.map { numbers[$0.text] ?? -1 }
    var statistics = TermStatistics(
      documents: documents.count, totalLength: totalLength, documentFrequencies: terms.map { _ in 0 })
    var found: [(document: Int, counts: [Int])] = []
    for (index, document) in documents.enumerated() {
      var counts = [Int](repeating: 0, count: terms.count)
      var hasAny = false
      for place in document.terms.indices {
        for (position, term) in terms.enumerated() where term == document.terms[place] {
          counts[position] = Int(document.frequencies[place])
          statistics.documentFrequencies[position] += 1
          hasAny = true
        }
      }
      if hasAny { found.append((index, counts)) }
    }
    let scores = zip(query.terms, statistics.inverseDocumentFrequencies).map { term, weight in
      BM25().score(of: term, averageLength: statistics.averageLength, inverseDocumentFrequency: weight)
    }
    return found.reduce(0) { best, candidate in
      var score = 0.0
      for (position, frequency) in candidate.counts.enumerated() where frequency > 0 {
        score += scores[position](frequency: frequency, length: documents[candidate.document].length)
      }
      return max(best, score)
    }
  }
}
