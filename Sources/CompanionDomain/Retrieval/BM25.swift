import Foundation

/// How well a document answers a term: Okapi BM25.
///
/// The formula is that of S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and
/// Beyond" (2009), with one added inside the logarithm, as Lucene has it, so that no term counts against a
/// document.
package struct BM25: Hashable, Sendable {
  /// How long repetitions of a word go on to count: 0 for not at all.
  package var k1: Double
  /// The same for characters, and their pairs, of scripts that part no words. It is lower, because one word
  /// that is repeated repeats several of them.
  package var k1OfCharacters: Double
  /// How much long documents are held back, 0 to 1.
  package var b: Double
  /// The same for characters. It is higher, because those of a long document meet by chance in many words.
  package var bOfCharacters: Double

  /// The defaults suit passages and messages.
  package init(
    k1: Double = 0.9, k1OfCharacters: Double = 0.5, b: Double = 0.4, bOfCharacters: Double = 0.75
  ) {
    self.k1 = max(0, k1)
    self.k1OfCharacters = max(0, k1OfCharacters)
    self.b = min(1, max(0, b))
    self.bOfCharacters = min(1, max(0, bOfCharacters))
  }

  /// What a term says that is in so many of the documents: ln(1 + (N - n + 0.5) / (n + 0.5)).
  package static func inverseDocumentFrequency(_ frequency: Int, of documents: Int) -> Double {
    let frequency = Double(max(0, min(frequency, documents)))
    return log(1 + (Double(documents) - frequency + 0.5) / (frequency + 0.5))
  }

  /// What is the same in all documents of what a term scores: ``TermScore/callAsFunction(frequency:length:)``.
  ///
  /// - Parameter averageLength: of the documents; with 0, no document is held back for its length.
  package func score(
    of term: TextQuery.Term, averageLength: Double, inverseDocumentFrequency: Double
  ) -> TermScore {
    let isWord = term.saturation == .word
    let (k1, b) = isWord ? (k1, b) : (k1OfCharacters, bOfCharacters)
    return TermScore(
      gain: term.weight * inverseDocumentFrequency * (k1 + 1), base: averageLength > 0 ? k1 * (1 - b) : k1,
      slope: averageLength > 0 ? k1 * b / averageLength : 0)
  }
}

/// What a term of a query scores, by how often it occurs in a document: f (k1 + 1) / (f + k1 (1 - b + b length /
/// average)), times what the term says and weighs.
package struct TermScore: Hashable, Sendable {
  let gain: Double
  let base: Double
  let slope: Double

  /// The score of a document that has the term so often, and so many terms in all.
  package func callAsFunction(frequency: Int, length: Int) -> Double {
    guard frequency > 0 else { return 0 }
    let frequency = Double(frequency)
    return gain * frequency / (frequency + base + slope * Double(length))
  }
}

/// What is known of the terms of a query in all documents that are searched.
public struct TermStatistics: Hashable, Sendable {
  /// How many documents there are.
  public var documents: Int
  /// How many terms all of them have together.
  public var totalLength: Int
  /// In how many documents each term of the query occurs, in the query's order.
  public var documentFrequencies: [Int]

  /// Statistics of these numbers.
  public init(documents: Int = 0, totalLength: Int = 0, documentFrequencies: [Int]) {
    self.documents = documents
    self.totalLength = totalLength
    self.documentFrequencies = documentFrequencies
  }

  /// 0 without documents.
  public var averageLength: Double { documents > 0 ? Double(totalLength) / Double(documents) : 0 }

  /// What each term of the query says.
  public var inverseDocumentFrequencies: [Double] {
    documentFrequencies.map { BM25.inverseDocumentFrequency($0, of: documents) }
  }
}

/// What a document, or several taken together, have of a query's terms.
public struct TermCounts: Hashable, Sendable {
  /// How often each term of the query occurs, in the query's order.
  public var frequencies: [Int]
  /// How many terms there are.
  public var length: Int

  /// Counts of these numbers.
  public init(frequencies: [Int], length: Int) {
    self.frequencies = frequencies
    self.length = length
  }

  /// Both together.
  public static func + (left: Self, right: Self) -> Self {
    Self(
      frequencies: zip(left.frequencies, right.frequencies).map { $0 + $1 },
      length: left.length + right.length)
  }
}
