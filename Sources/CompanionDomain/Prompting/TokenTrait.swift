/// What tokenizers charge differently, and ``TokenEstimator`` learns.
enum TokenTrait: String, CaseIterable, Sendable {
  case word, letters, longWord, capital, hump, digit, mark, marks, space, newline
  case hiragana, moreHiragana, katakana, han, moreHan, hangul, moreHangul, wideMark
  case accented, cyrillic, moreCyrillic, letter, symbol, pictograph
  case message

  /// Traits of a kind: what is learnt of one says something about the others.
  var kind: Int {
    switch self {
    case .word, .letters, .longWord: 0
    case .capital, .hump: 1
    case .digit: 2
    case .mark, .marks: 3
    case .space: 4
    case .newline: 5
    case .hiragana, .moreHiragana, .katakana: 6
    case .han, .moreHan: 7
    case .hangul, .moreHangul: 8
    case .wideMark: 9
    case .accented: 10
    case .cyrillic, .moreCyrillic: 11
    case .letter: 12
    case .symbol: 13
    case .pictograph: 14
    case .message: 15
    }
  }

  /// By what the tokens of a trait may differ from those of a common tokenizer, as a factor.
  ///
  /// Tokens of a message are what its format adds; some providers count none.
  var range: ClosedRange<Double> { self == .message ? 0...6 : 0.35...2.2 }
}

extension TokenFeatures.State {
  /// What is learnt from it.
  var trait: TokenTrait {
    switch self {
    case .start, .word1: .word
    case .word2, .word3, .word4, .word5, .word6, .word7, .word8, .word9, .word10: .letters
    case .word11: .longWord
    case .capital: .capital
    case .hump, .capitals: .hump
    case .digit1, .digit2, .digit3: .digit
    case .mark1: .mark
    case .mark2, .mark3: .marks
    case .space1, .space2, .space3: .space
    case .newline1, .newline2: .newline
    case .hiragana1: .hiragana
    case .hiragana2, .hiragana3: .moreHiragana
    case .katakana1, .katakana2: .katakana
    case .han1: .han
    case .han2: .moreHan
    case .hangul1: .hangul
    case .hangul2: .moreHangul
    case .wideMark: .wideMark
    case .accented: .accented
    case .cyrillic1: .cyrillic
    case .cyrillic2: .moreCyrillic
    case .letter: .letter
    case .symbol: .symbol
    case .pictograph: .pictograph
    }
  }

  /// The tokens of a visit with a common tokenizer: fitted by us to seven tokenizers of different makers, over
  /// chat, prose, manuals and code in English, and prose in ten other languages, and smoothed.
  var commonTokens: Double {
    switch self {
    case .start: 0
    case .word1: 0.95
    case .word2, .word3, .word4: 0.02
    case .word5, .word6, .word7, .word8, .word9, .word10: 0.06
    case .word11: 0.3
    case .capital: 1.1
    case .hump: 0.95
    case .capitals: 0.2
    case .digit1: 1
    case .digit2, .digit3: 0.4
    case .mark1: 0.7
    case .mark2: 0.6
    case .mark3: 0.06
    case .space1: 0.01
    case .space2: 0.45
    case .space3: 0.035
    case .newline1: 0.9
    case .newline2: 0.1
    case .hiragana1: 0.7
    case .hiragana2: 0.55
    case .hiragana3: 0.65
    case .katakana1: 0.85
    case .katakana2: 0.75
    case .han1: 1.25
    case .han2: 0.85
    case .hangul1: 1.8
    case .hangul2: 0.55
    case .wideMark: 0.8
    case .accented: 1.6
    case .cyrillic1: 0.8
    case .cyrillic2: 0.28
    case .letter: 1
    case .symbol: 0.9
    case .pictograph: 2.2
    }
  }
}
