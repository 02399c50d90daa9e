/// Cuts long texts into pieces that an embedding model takes.
///
/// A piece ends with a paragraph, else with a line, else with a sentence, else with a word, else behind a
/// character, never inside one. What is finer is preferred where the coarser end would leave too much of what
/// fits unused: half of it for paragraphs and lines, three quarters for sentences and words. A piece begins with
/// the last sentences of the one before, as many as the overlap has room for, so that what is said across a cut
/// is whole in one of them.
public struct TextChunker: Hashable, Sendable {
  /// The most tokens of a piece, at least 1.
  public let limit: Int
  /// The share of the limit that a piece repeats at most of the one before, 0 to 0.5.
  public let overlap: Double

  /// - Parameters:
  ///   - limit: the most tokens of a piece; less than 1 counts as 1.
  ///   - overlap: the share of it that is repeated at most; what is beyond 0 to 0.5 counts as the nearest.
  public init(limit: Int, overlap: Double = 0.15) {
    self.limit = max(1, limit)
    self.overlap = overlap > 0 ? min(overlap, 0.5) : 0
  }

  /// The pieces of a text in their order, each a part of it, so that its indices tell where it stands.
  ///
  /// What is within the limit is one piece, unchanged. Elsewhere nothing is left out between pieces, at the
  /// beginning and at the end but white space. A text of nothing but white space has no pieces.
  ///
  /// - Parameter tokens: counts the tokens of a text. One that counts less for more text costs no more than
  ///   pieces that are shorter than they could be.
  /// - Returns: pieces within the limit, but for a character that is over it alone: that is a piece by itself.
  ///
  /// Complexity: linear in the length of the text, and for each piece a number of counts that is logarithmic in
  /// its length, each of at most twice what fits, or of what the piece before had.
  public func pieces(of text: String, tokens: (String) -> Int) -> [Substring] {
    let cuts = TextCuts(text)
    guard cuts.count > 0 else { return [] }
    let total = tokens(text)
    if total <= limit { return [text[...]] }

    var pieces: [Substring] = []
    // Of equally dense text so much would fit.
    var guess = max(1, Int(Double(cuts.count) * (Double(limit) / Double(total))))
    var start = 0
    var end = 0
    while end < cuts.count {
      var reach = reach(of: cuts, from: start, guess: guess, tokens)
      // Whatever is repeated leaves most of a piece to what is new, unless that is the rest of the text.
      if start < end, reach < cuts.count, reach - end < end - start {
        start = end
        reach = self.reach(of: cuts, from: start, guess: guess, tokens)
      }
      guess = reach - start
      end = cutEnd(of: cuts, from: start, beyond: end, reach: reach, tokens)
      pieces.append(cuts.text(from: start, to: end))
      start = overlapStart(of: cuts, from: start, to: end, tokens)
    }
    return pieces
  }

  /// The last cut that what begins at a cut may reach to; the next one, where not even that is within the limit.
  private func reach(of cuts: TextCuts, from start: Int, guess: Int, _ tokens: (String) -> Int) -> Int {
    func fits(_ end: Int) -> Bool { tokens(String(cuts.text(from: start, to: end))) <= limit }

    // Twice as far each time, so that what is far beyond the limit is never counted.
    var fitting = start
    var step = guess
    var beyond = min(start + step, cuts.count)
    while fits(beyond) {
      fitting = beyond
      if fitting == cuts.count { return fitting }
      step = step.saturatingSum(step)
      beyond = min(start.saturatingSum(step), cuts.count)
    }
    while beyond - fitting > 1 {
      let middle = fitting + (beyond - fitting) / 2
      if fits(middle) { fitting = middle } else { beyond = middle }
    }
    return max(fitting, start + 1)
  }

  /// Where a piece ends best: behind a cut, so that it has something new, and within its reach.
  private func cutEnd(
    of cuts: TextCuts, from start: Int, beyond last: Int, reach: Int, _ tokens: (String) -> Int
  ) -> Int {
    guard reach < cuts.count else { return reach }
    for (level, unused) in [(TextCuts.Level.paragraph, 2), (.line, 2), (.sentence, 4), (.word, 4)] {
      let least = max(last + 1, start + (reach - start + unused - 1) / unused)
      guard least <= reach, let end = (least...reach).last(where: { cuts.level(of: $0) >= level }) else {
        continue
      }
      // Only with a counter that counts less for more is it over.
      return end == reach || tokens(String(cuts.text(from: start, to: end))) <= limit ? end : reach
    }
    return reach
  }

  /// Where the next piece begins: at the first of the last sentences that have room in the overlap.
  private func overlapStart(
    of cuts: TextCuts, from start: Int, to end: Int, _ tokens: (String) -> Int
  ) -> Int {
    let room = Int(Double(limit) * overlap)
    guard room > 0, end < cuts.count else { return end }
    let sentences = (start + 1..<max(end, start + 1)).filter { cuts.level(of: $0) >= .sentence }
    var (low, high) = (0, sentences.count)
    while low < high {
      let middle = low + (high - low) / 2
      if tokens(String(cuts.text(from: sentences[middle], to: end))) <= room {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low < sentences.count ? sentences[low] : end
  }
}
