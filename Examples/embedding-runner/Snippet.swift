import CompanionKit

/// The part of a text that says most of what is searched for.
struct Snippet {
  let text: String

  private static let pieceLength = 120
  private static let length = 240

  /// - Parameter query: what is searched for; where the text has none of its words, it is the beginning.
  init(of text: String, for query: String) {
    let pieces = TextAnalysis.sentences(of: text).flatMap(Self.pieces)
    let best = SentenceRanking(pieces).matches(for: query).first?.position ?? 0
    var range = best..<min(best + 1, pieces.count)
    var length = pieces[range].reduce(0) { $0 + $1.count }
    // What follows says more of it than what comes before.
    while range.upperBound < pieces.count, length + pieces[range.upperBound].count <= Self.length {
      length += pieces[range.upperBound].count
      range = range.lowerBound..<range.upperBound + 1
    }
    while range.lowerBound > 0, length + pieces[range.lowerBound - 1].count <= Self.length {
      length += pieces[range.lowerBound - 1].count
      range = range.lowerBound - 1..<range.upperBound
    }
    let isBeginning = range.lowerBound == 0
    let isEnd = range.upperBound == pieces.count
    self.text = (isBeginning ? "" : "… ") + pieces[range].joined(separator: " ") + (isEnd ? "" : " …")
  }

  /// A sentence in pieces that can be shown: cut at spaces, and where there are none, wherever that is.
  private static func pieces(of sentence: String) -> [String] {
    var pieces: [String] = []
    var rest = sentence[...]
    // Not by its count, which is that of all the rest.
    while rest.index(rest.startIndex, offsetBy: pieceLength + 1, limitedBy: rest.endIndex) != nil {
      let head = rest.prefix(pieceLength)
      let cut = head.lastIndex { $0.isWhitespace } ?? head.endIndex
      let end = cut > rest.startIndex ? cut : head.endIndex
      pieces.append(String(rest[..<end]))
      rest = rest[end...].drop { $0.isWhitespace }
    }
    if !rest.isEmpty { pieces.append(String(rest)) }
    return pieces
  }
}
