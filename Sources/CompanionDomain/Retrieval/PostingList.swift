/// In which documents a term occurs, and how often: sorted by the documents' numbers.
package struct PostingList: Sendable {
  package private(set) var documents: ContiguousArray<Int32> = []
  package private(set) var frequencies: ContiguousArray<Int32> = []

  package init() {}

  /// A list of documents that are sorted by their numbers, each once, with as many frequencies.
  package init(documents: ContiguousArray<Int32>, frequencies: ContiguousArray<Int32>) {
    self.documents = documents
    self.frequencies = frequencies
  }

  package var count: Int { documents.count }
  package var isEmpty: Bool { documents.isEmpty }

  /// Adds to how often a document has the term; where nothing remains, the document goes.
  ///
  /// Complexity: constant behind all others, else a binary search and a move of what is behind.
  package mutating func add(_ frequency: Int, to document: Int32) {
    if let last = documents.last, last < document {
      append(document, frequency)
    } else if documents.isEmpty {
      append(document, frequency)
    } else {
      let place = lowerBound(document)
      if place < documents.count, documents[place] == document {
        frequencies[place] += Int32(clamping: frequency)
        guard frequencies[place] <= 0 else { return }
        documents.remove(at: place)
        frequencies.remove(at: place)
      } else {
        documents.insert(document, at: place)
        frequencies.insert(Int32(clamping: frequency), at: place)
      }
    }
  }

  private mutating func append(_ document: Int32, _ frequency: Int) {
    documents.append(document)
    frequencies.append(Int32(clamping: frequency))
  }

  /// How often a document has the term. Complexity: a binary search.
  package func frequency(in document: Int32) -> Int {
    let place = lowerBound(document)
    return place < documents.count && documents[place] == document ? Int(frequencies[place]) : 0
  }

  private func lowerBound(_ document: Int32) -> Int {
    var low = 0
    var high = documents.count
    while low < high {
      let middle = low + (high - low) / 2
      if documents[middle] < document { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
