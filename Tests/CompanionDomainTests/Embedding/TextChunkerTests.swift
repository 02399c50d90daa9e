import CompanionDomain
import Testing

struct TextChunkerTests {
  private func pieces(
    _ text: String, _ limit: Int, overlap: Double = 0, tokens: (String) -> Int = { $0.count }
  ) -> [String] {
    TextChunker(limit: limit, overlap: overlap).pieces(of: text, tokens: tokens).map(String.init)
  }

  @Test(arguments: ["One sentence.", "  Two lines\r\n of it. \n", "梅雨。", "👨‍👩‍👧", "a"])
  func `what is within the limit is one piece, unchanged`(text: String) {
    #expect(pieces(text, text.count) == [text])
    #expect(pieces(text, .max, overlap: 1) == [text])
  }

  @Test(arguments: ["", " ", "\n\n\n\n\r\n\n", " \u{3000}\t"])
  func `a text of nothing but white space has no pieces`(text: String) {
    #expect(pieces(text, 1).isEmpty)
    #expect(pieces(text, 100).isEmpty)
  }

  @Test(
    arguments: [
      // Paragraphs before lines and sentences.
      (
        "First one. Its end.\n\nSecond one. More of it.", 30,
        ["First one. Its end.", "Second one. More of it."]
      ),
      ("First line. Its end.\nSecond line. More.", 34, ["First line. Its end.", "Second line. More."]),
      // Half of what fits would be lost.
      (
        "Yes.\n\nIt rains today. It will snow tomorrow.", 24,
        ["Yes.\n\nIt rains today.", "It will snow tomorrow."]
      ),
      ("One is one? Two is two! Three.", 24, ["One is one? Two is two!", "Three."]),
      ("He said \"no.\" Then he left the room.", 24, ["He said \"no.\"", "Then he left the room."]),
      ("今日は晴れ。明日は雨？明後日は雪！", 8, ["今日は晴れ。", "明日は雨？", "明後日は雪！"]),
      ("「はい。」「いいえ。」そう言った。", 11, ["「はい。」「いいえ。」", "そう言った。"]),
      ("真的吗？！我不知道……也许吧。", 11, ["真的吗？！", "我不知道……也许吧。"]),
      ("Pi is 3.14159 and e is 2.71828 as I know", 16, ["Pi is 3.14159", "and e is 2.71828", "as I know"]),
      ("朝ご飯を食べて、駅まで歩き、電車に乗った", 10, ["朝ご飯を食べて、", "駅まで歩き、", "電車に乗った"]),
      ("A verylongwordindeedwithoutanyspaces", 12, ["A verylongwo", "rdindeedwith", "outanyspaces"]),
      ("A quiet word", 7, ["A quiet", "word"]),
      ("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 2, ["👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧"]),
    ])
  func `it cuts behind a paragraph, a line, a sentence, a word, or else a character`(
    text: String, limit: Int, expected: [String]
  ) {
    #expect(pieces(text, limit) == expected)
  }

  @Test func `whole sentences are repeated, up to a share of the limit`() {
    let text = "I am A. I am B. I am C. I am D. I am E. I am F. I am G."
    #expect(pieces(text, 23) == ["I am A. I am B. I am C.", "I am D. I am E. I am F.", "I am G."])
    let repeated = [
      "I am A. I am B. I am C.", "I am C. I am D. I am E.", "I am E. I am F. I am G.",
    ]
    #expect(pieces(text, 23, overlap: 0.4) == repeated)
    // A sentence has no room.
    #expect(pieces(text, 23, overlap: 0.3) == pieces(text, 23))
    let japanese = "梅雨は雨。夏は暑い。秋は涼しい。冬は寒い。"
    #expect(pieces(japanese, 15, overlap: 0.4) == ["梅雨は雨。夏は暑い。", "夏は暑い。秋は涼しい。", "秋は涼しい。冬は寒い。"])
  }

  @Test func `nothing is repeated of a sentence that is longer than a piece`() {
    let text = "It is so. " + String(repeating: "word ", count: 20)
    let found = pieces(text, 40, overlap: 0.5)
    #expect(found == pieces(text, 40))
    #expect(found.first == "It is so. word word word word word word")
  }

  @Test func `a character that is over the limit alone is a piece by itself`() {
    let family = "👨‍👩‍👧"
    let found = pieces("ab\(family)cd", 2, overlap: 0.5) { $0.unicodeScalars.count }
    #expect(found == ["ab", family, "cd"])
  }

  @Test(arguments: [(0, -1.0), (-5, .nan), (.min, .infinity), (1, 9)] as [(Int, Double)])
  func `a limit or a share that makes no sense counts as the nearest one`(limit: Int, overlap: Double) {
    let chunker = TextChunker(limit: limit, overlap: overlap)
    #expect(chunker.limit == 1)
    #expect((0...0.5).contains(chunker.overlap))
    #expect(chunker.pieces(of: "a b") { $0.count } == ["a", "b"])
  }

  // MARK: What holds for every text

  private static let counters: [@Sendable (String) -> Int] = [
    { $0.count }, { $0.unicodeScalars.count }, { $0.utf8.count }, { TokenEstimator().tokens(in: $0) },
    { $0.split(whereSeparator: \.isWhitespace).count },
    // No tokenizer is as bad: it counts less for more, now and then.
    { $0.utf8.count - $0.utf8.count % 7 * 3 },
  ]

  private static func text(_ seed: Int, _ numbers: inout SplitMix64) -> String {
    let count = Int.random(in: 1...300, using: &numbers)
    switch seed % 6 {
    case 0:
      let word = ["a", "梅", "👨‍👩‍👧", "e\u{301}\u{323}", "🇯🇵", "क्षि"].randomElement(using: &numbers) ?? "b"
      return String(repeating: word, count: count)
    case 1:
      return String(
        repeating: ["\n", "\r\n", " ", "\u{3000}"].randomElement(using: &numbers) ?? "", count: count)
    case 2:
      let whole = "これは一つの文です。次の文はもっと長くて、読点もあります！「本当ですか？」はい。"
      return String(repeating: whole, count: count / 10 + 1)
    case 3:
      let whole = "A sentence. Another one, longer than that!\r\nIs it (really)? \"Yes.\"\n\n"
      return String(repeating: whole, count: count / 10 + 1)
    default: return SeededTexts.text(count, &numbers)
    }
  }

  @Test(arguments: 1...48)
  func `pieces are within the limit, in order, and leave nothing out`(seed: Int) {
    var numbers = SplitMix64(seed: UInt64(seed))
    for round in 0..<12 {
      let text = Self.text(seed + round, &numbers)
      let tokens = Self.counters[round % Self.counters.count]
      let limit = Int.random(in: 1...[3, 20, 200][seed % 3], using: &numbers)
      let overlap = [0, 0.15, 0.5][round / 2 % 3]
      let found = TextChunker(limit: limit, overlap: overlap).pieces(of: text, tokens: tokens)
      #expect(TextChunker(limit: limit, overlap: overlap).pieces(of: text, tokens: tokens) == found)

      let boundaries = Set(text.indices).union([text.endIndex])
      var (covered, last) = (text.startIndex, text.startIndex)
      for piece in found {
        #expect(tokens(String(piece)) <= limit || piece.count == 1)
        #expect(
          !piece.isEmpty && boundaries.contains(piece.startIndex) && boundaries.contains(piece.endIndex))
        #expect(piece == text[piece.startIndex..<piece.endIndex])
        // It begins behind the one before, and has something new.
        #expect(piece.startIndex > last || piece.startIndex == found.first?.startIndex)
        #expect(piece.endIndex > covered)
        if piece.startIndex > covered {
          #expect(text[covered..<piece.startIndex].allSatisfy { $0.isWhitespace })
        } else if overlap == 0 {
          #expect(piece.startIndex == covered)
        } else if piece.startIndex < covered {
          #expect(tokens(String(text[piece.startIndex..<covered])) <= Int(Double(limit) * overlap))
        }
        (covered, last) = (piece.endIndex, piece.startIndex)
      }
      #expect(text[covered...].allSatisfy { $0.isWhitespace })
    }
  }

  @Test(arguments: [0, 0.15, 0.5])
  func `counting takes little more than the text`(overlap: Double) {
    let sentence = "この文は長くないが、短くもない。 It has two languages, and a family: 👨‍👩‍👧!\n"
    for text in [String(repeating: sentence, count: 400), String(repeating: "x", count: 20_000)] {
      for limit in [1, 16, 512, 8_192] {
        var (calls, characters) = (0, 0)
        let found = TextChunker(limit: limit, overlap: overlap).pieces(of: text) { part in
          let count = part.count
          calls += 1
          characters += count
          return count
        }
        let logarithm = Int.bitWidth - min(limit, text.count).leadingZeroBitCount
        // Two searches for a piece at most, and one for its overlap.
        #expect(calls <= 3 + found.count * (3 * logarithm + 6), "\(limit)")
        #expect(characters <= text.count * (4 * logarithm + 8), "\(limit)")
      }
    }
  }

  @Test func `pieces that differ in density cost no more`() {
    // Most of it costs nothing, and then each character is a whole piece.
    let text = String(repeating: "i", count: 5_000) + String(repeating: "W", count: 300)
    var characters = 0
    let found = TextChunker(limit: 10).pieces(of: text) { part in
      characters += part.count
      return part.utf8.reduce(1) { $0 + ($1 == UInt8(ascii: "W") ? 9 : 0) }
    }
    #expect(found.count == 300)
    #expect(characters < text.count * 20)
  }
}
