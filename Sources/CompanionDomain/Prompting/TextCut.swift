/// Cuts texts to a number of tokens.
package enum TextCut {
  /// The beginning of a text that is within a limit: as much as fits, up to the end of a sentence, of a word,
  /// or else of a character.
  ///
  /// What is finer is preferred where the coarser end would leave half of what fits unused.
  ///
  /// - Parameters:
  ///   - limit: the tokens that what is returned has at most.
  ///   - tokens: counts them. The longest beginning that fits is returned if it never counts less for more text.
  ///
  /// Complexity: that of counting what is returned, times the logarithm of its length.
  package static func beginning(of text: String, toTokens limit: Int, tokens: (String) -> Int) -> String {
    guard limit > 0 else { return "" }
    // Looks at twice as much each time, so that what is far beyond the limit is never counted.
    var size = 64
    var end = text.startIndex
    repeat {
      size = size.saturatingSum(size)
      end = text.index(text.startIndex, offsetBy: size, limitedBy: text.endIndex) ?? text.endIndex
    } while end < text.endIndex && tokens(String(text[..<end])) <= limit
    if end == text.endIndex, tokens(text) <= limit { return text }

    let ends = Array(text[..<end].indices.dropFirst())
    var fitting = 0
    var beyond = ends.count
    while fitting < beyond {
      let middle = fitting + (beyond - fitting) / 2
      if tokens(String(text[..<ends[middle]])) <= limit { fitting = middle + 1 } else { beyond = middle }
    }
    while fitting > 0 {
      let kept = best(text, ends.prefix(fitting))
      if tokens(kept) <= limit { return kept }
      // Only with a counter that counts less for more.
      fitting -= 1
    }
    return ""
  }

  /// A text without its middle: two thirds of a limit for its beginning and a third for its end, with a note between
  /// them of how many bytes are left out; all of it where it is within the limit, which the note does not count for.
  package static func withoutMiddle(
    _ text: String, toTokens limit: Int, note: (Int) -> String, tokens: (String) -> Int
  ) -> String {
    guard tokens(text) > limit else { return text }
    let head = beginning(of: text, toTokens: limit - limit / 3, tokens: tokens)
    let tail = end(of: text.dropFirst(head.count), toTokens: limit / 3, tokens: tokens)
    let leftOut = text.utf8.count - head.utf8.count - tail.utf8.count
    return [head, note(leftOut), tail].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The end of a text that is within a limit, from the beginning of a line or a word on where there is one in the first
  /// half of what fits.
  private static func end(of text: Substring, toTokens limit: Int, tokens: (String) -> Int) -> String {
    guard limit > 0 else { return "" }
    var (fitting, beyond) = (0, 64)
    while beyond < text.utf8.count, tokens(String(text.suffix(beyond))) <= limit {
      fitting = beyond
      beyond = beyond.saturatingSum(beyond)
    }
    while fitting + 1 < beyond {
      let middle = fitting + (beyond - fitting) / 2
      if tokens(String(text.suffix(middle))) <= limit { fitting = middle } else { beyond = middle }
    }
    let end = text.suffix(fitting)
    let half = end.prefix(fitting / 2)
    let boundary = half.firstIndex { $0.isNewline } ?? half.firstIndex { $0.isWhitespace }
    let kept = boundary.map { end[$0...].drop { $0.isWhitespace } } ?? end
    return tokens(String(kept)) <= limit ? String(kept) : ""
  }

  /// The text up to the best of some ends, the last of which is as far as it goes.
  private static func best(_ text: String, _ ends: ArraySlice<String.Index>) -> String {
    let enough = ends.count / 2
    let coarse = ends.dropFirst(max(enough - 1, 0))
    let end =
      coarse.last { isEndOfSentence(text, $0) } ?? coarse.last { isEndOfWord(text, $0) } ?? ends.last
    var kept = text[..<(end ?? text.startIndex)]
    while kept.last?.isWhitespace == true { kept.removeLast() }
    return String(kept)
  }

  /// Whether a sentence ends before a place: at the end of a line, behind a full-width mark, or behind another
  /// mark that white space follows.
  private static func isEndOfSentence(_ text: String, _ end: String.Index) -> Bool {
    let next = text[end]
    if next.isNewline { return true }
    // Quotation marks and brackets that close behind the mark belong to the sentence.
    guard !closingMarks.contains(next) else { return false }
    guard let last = text[..<end].suffix(4).last(where: { !closingMarks.contains($0) }) else { return false }
    return "。！？｡".contains(last) || next.isWhitespace && ".!?…".contains(last)
  }

  private static let closingMarks: Set<Character> = [
    "\"", "'", "”", "’", "»", ")", "]", "」", "』", "）", "】", "*", "_",
  ]

  private static func isEndOfWord(_ text: String, _ end: String.Index) -> Bool {
    text[end].isWhitespace && text[..<end].last?.isWhitespace == false
  }
}
