import CompanionDomain
import Testing

struct TokenFeaturesTests {
  private func visits(_ text: String) -> [TokenFeatures.State: Int] {
    let features = TokenFeatures(text)
    return TokenFeatures.State.allCases.reduce(into: [:]) { visits, state in
      if features[state] > 0 { visits[state] = features[state] }
    }
  }

  @Test func `words are told apart by how far their letters are from their start`() {
    #expect(visits("go") == [.word1: 1, .word2: 1])
    #expect(visits("go go") == [.word1: 2, .word2: 2, .space1: 1])
    let long = visits(String(repeating: "a", count: 50))
    #expect(long[.word10] == 1)
    #expect(long[.word11] == 40)
  }

  @Test func `capitals are those of a name, of a hump, or of an acronym`() {
    #expect(visits("Ann") == [.capital: 1, .word2: 1, .word3: 1])
    #expect(visits("iPad") == [.word1: 1, .hump: 1, .word2: 1, .word3: 1])
    #expect(visits("NATO") == [.capital: 1, .capitals: 3])
    #expect(visits("HTTPurl") == [.capital: 1, .capitals: 3, .word2: 1, .word3: 1, .word4: 1])
  }

  @Test func `digits are counted by threes, marks and white space by their runs`() {
    #expect(visits("12345") == [.digit1: 2, .digit2: 2, .digit3: 1])
    #expect(visits("-----") == [.mark1: 1, .mark2: 1, .mark3: 3])
    #expect(visits("    ") == [.space1: 1, .space2: 1, .space3: 2])
    #expect(visits("\n\n\n") == [.newline1: 1, .newline2: 2])
    #expect(visits("\u{0}\u{7f}") == [.symbol: 2])
  }

  @Test(
    arguments: [
      ("ひらがな", [.hiragana1: 1, .hiragana2: 1, .hiragana3: 2]),
      ("カタカナー", [.katakana1: 1, .katakana2: 4]), ("ｱｲ", [.katakana1: 1, .katakana2: 1]),
      ("漢字", [.han1: 1, .han2: 1]), ("𠮷", [.han1: 1]), ("々", [.han1: 1]),
      ("한국", [.hangul1: 1, .hangul2: 1]), ("。「", [.wideMark: 2]), ("！", [.wideMark: 1]),
      ("é", [.accented: 1]), ("привет", [.cyrillic1: 1, .cyrillic2: 5]),
      ("ไ", [.letter: 1]), ("ع", [.letter: 1]), ("—", [.symbol: 1]), ("→", [.symbol: 1]), ("£", [.symbol: 1]),
      ("🙂", [.pictograph: 1]),
      // The selector of a coloured picture costs nothing by itself.
      ("❤\u{fe0f}", [.symbol: 1, .start: 1]),
    ] as [(String, [TokenFeatures.State: Int])])
  func `other scripts have their own states`(text: String, expected: [TokenFeatures.State: Int]) {
    #expect(visits(text) == expected)
  }

  @Test func `every scalar comes to one state`() {
    for value in stride(from: UInt32(0), to: 0x110000, by: 7) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      #expect(TokenFeatures(String(scalar)).visits.reduce(0, +) == 1)
    }
  }

  @Test func `texts and messages add up`() {
    var sum = TokenFeatures("one 1")
    sum.add("二つ", messages: 1)
    sum.add("", messages: -3)
    #expect(sum.messages == 1)
    #expect(sum[.word1] == 1)
    #expect(sum[.han1] == 1)
    #expect(sum[.hiragana1] == 1)
    #expect(TokenFeatures(messages: .min).messages == 0)
    sum.add("", messages: .max)
    #expect(sum.messages == .max)
  }
}
