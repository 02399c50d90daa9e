import CompanionDomain
import Testing

struct TextCutTests {
  private let estimator = TokenEstimator()

  private func cut(_ text: String, _ limit: Int) -> String {
    TextCut.beginning(of: text, toTokens: limit) { estimator.tokens(in: $0) }
  }

  /// Cuts with a counter for which each character is a token.
  private func cutCharacters(_ text: String, _ limit: Int) -> String {
    TextCut.beginning(of: text, toTokens: limit) { $0.count }
  }

  @Test func `what fits is left as it is`() {
    #expect(cut("  Nothing to cut. \n", 100) == "  Nothing to cut. \n")
    #expect(cut("", 10) == "")
    #expect(cutCharacters("abc", 3) == "abc")
  }

  @Test func `nothing fits into nothing`() {
    #expect(cut("Some text.", 0) == "")
    #expect(cut("Some text.", .min) == "")
  }

  @Test(
    arguments: [
      ("One sentence. Two sentences. Three sentences.", 30, "One sentence. Two sentences."),
      ("One sentence? Two sentences! Three sentences.", 29, "One sentence? Two sentences!"),
      ("He said \"no.\" Then he left the room.", 20, "He said \"no.\""),
      ("今日は晴れ。明日は雨。明後日は雪になる。", 13, "今日は晴れ。明日は雨。"),
      ("「はい。」「いいえ。」そう言った。", 12, "「はい。」「いいえ。」"),
      ("- one item\n- another item\n- a third", 28, "- one item\n- another item"),
      // A number is no end of a sentence.
      ("Pi is about 3.14159 and goes on", 15, "Pi is about"),
      // Half of what fits would be lost.
      ("Yes. The rest of it is one long sentence", 20, "Yes. The rest of it"),
      ("A verylongwordindeedwithoutanyspaces", 20, "A verylongwordindeed"),
    ])
  func `it cuts behind a sentence, else behind a word, else behind a character`(
    text: String, limit: Int, expected: String
  ) {
    #expect(cutCharacters(text, limit) == expected)
  }

  @Test func `a character is never cut`() {
    let family = "👨‍👩‍👧"
    let text = String(repeating: family, count: 10)
    for limit in 0..<60 {
      let kept = TextCut.beginning(of: text, toTokens: limit) { $0.unicodeScalars.count }
      #expect(kept == String(repeating: family, count: min(limit / 5, 10)))
    }
  }

  @Test(arguments: 1...8)
  func `it is never over, and leaves at most half of what would fit`(seed: Int) {
    var numbers = SplitMix64(seed: UInt64(seed))
    for _ in 0..<60 {
      let text = SeededTexts.text(.random(in: 0...120, using: &numbers), &numbers)
      let limit = Int.random(in: 0...200, using: &numbers)
      let kept = cut(text, limit)
      #expect(estimator.tokens(in: kept) <= limit)
      #expect(text.hasPrefix(kept) || kept.isEmpty)
      guard kept != text else { continue }
      // A beginning, at the end of one of its characters.
      let ends = text.indices.filter { text.utf8.distance(from: text.startIndex, to: $0) == kept.utf8.count }
      #expect(ends.count == 1)
      let longest = text.indices.last { estimator.tokens(in: String(text[..<$0])) <= limit }
      let fitting = longest.map { text[..<$0].count } ?? 0
      let trimmed = longest.map { text[..<$0].reversed().drop(while: \.isWhitespace).count } ?? 0
      #expect(kept.count <= fitting)
      // White space at the end may go beside.
      #expect(kept.count + 8 >= min(fitting / 2, trimmed))
    }
  }

  @Test func `a counter that counts less for more is not believed`() {
    // An even number of characters is free.
    let text = "abcdefg hijklmn. opqrst uvwxyz"
    for limit in 0..<12 {
      func tokens(_ text: String) -> Int { text.count.isMultiple(of: 2) ? text.count / 2 : text.count }
      let kept = TextCut.beginning(of: text, toTokens: limit, tokens: tokens)
      #expect(tokens(kept) <= limit)
    }
  }

  @Test func `what is far beyond the limit is not counted`() {
    let text = String(repeating: "A sentence of some words. ", count: 100_000)
    var counted = 0
    let kept = TextCut.beginning(of: text, toTokens: 300) { text in
      counted += text.utf8.count
      return estimator.tokens(in: text)
    }
    #expect(kept.hasSuffix("words."))
    #expect((290...300).contains(estimator.tokens(in: kept)))
    #expect(counted < 100_000)
  }
}
