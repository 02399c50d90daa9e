/// The automaton by which ``TokenFeatures`` reads: from where it is and what comes next to where it goes.
enum TokenAutomaton {
  private typealias State = TokenFeatures.State

  /// What comes next.
  private enum Kind: UInt8, CaseIterable {
    case lower, upper, digit, mark, space, newline, control
    case hiragana, katakana, han, hangul, wideMark, accented, cyrillic, letter, symbol, pictograph
    /// Belongs to the character before it, and costs nothing by itself.
    case silent
  }

  /// The next state, for a state times 256 plus a column: a byte of ASCII, or what ``column(of:)`` says.
  static let steps: [UInt8] = {
    var steps = [UInt8](repeating: 0, count: State.allCases.count << 8)
    for state in State.allCases {
      for byte in 0..<UInt8(0x80) {
        steps[Int(state.rawValue) << 8 | Int(byte)] = next(state, kind(ofASCII: byte)).rawValue
      }
      for kind in Kind.allCases {
        steps[Int(state.rawValue) << 8 | 0x80 | Int(kind.rawValue)] = next(state, kind).rawValue
      }
    }
    return steps
  }()

  /// The column of a scalar beyond ASCII.
  static func column(of scalar: UInt32) -> Int { 0x80 | Int(kind(of: scalar).rawValue) }

  private static func kind(ofASCII byte: UInt8) -> Kind {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): .lower
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): .upper
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
    case UInt8(ascii: " "), UInt8(ascii: "\t"): .space
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): .newline
    case 0x21...0x7e: .mark
    default: .control
    }
  }

  private static func kind(of scalar: UInt32) -> Kind {
    switch scalar {
    case 0x4e00...0x9fff: .han
    case 0x3040...0x309f: .hiragana
    case 0x30a0...0x30ff, 0x31f0...0x31ff, 0xff66...0xff9f: .katakana
    case 0x3000...0x3004, 0x3008...0x303f, 0xff00...0xff65: .wideMark
    case 0xac00...0xd7a3, 0x1100...0x11ff, 0x3130...0x318f: .hangul
    case 0xc0...0x24f, 0x300...0x36f, 0x1e00...0x1eff: .accented
    case 0x400...0x52f: .cyrillic
    case 0xfe00...0xfe0f, 0x200b...0x200c: .silent
    case 0x3005...0x3007, 0x3400...0x4dbf, 0xf900...0xfaff, 0x20000...0x3ffff: .han
    case 0x80...0xbf, 0x2000...0x2bff, 0x3200...0x33ff, 0xe000...0xf8ff, 0xfff0...0xffff: .symbol
    case 0x10000...: .pictograph
    default: .letter
    }
  }

  private static func next(_ state: State, _ kind: Kind) -> State {
    switch kind {
    case .lower:
      switch state {
      case .capital, .hump, .capitals: .word2
      case .accented: .word4
      default: step(state, from: .word1, to: .word11)
      }
    case .upper:
      switch state {
      case .capital, .capitals, .hump: .capitals
      case .word1, .word2, .word3, .word4, .word5, .word6, .word7, .word8, .word9, .word10, .word11: .hump
      default: .capital
      }
    // Tokenizers take a digit at a time, or three.
    case .digit: state == .digit3 ? .digit1 : step(state, from: .digit1, to: .digit3)
    case .mark: step(state, from: .mark1, to: .mark3)
    case .space: step(state, from: .space1, to: .space3)
    case .newline: step(state, from: .newline1, to: .newline2)
    case .hiragana: step(state, from: .hiragana1, to: .hiragana3)
    case .katakana: step(state, from: .katakana1, to: .katakana2)
    case .han: step(state, from: .han1, to: .han2)
    case .hangul: step(state, from: .hangul1, to: .hangul2)
    case .cyrillic: step(state, from: .cyrillic1, to: .cyrillic2)
    case .wideMark: .wideMark
    case .accented: .accented
    case .letter: .letter
    case .symbol, .control: .symbol
    case .pictograph: .pictograph
    case .silent: .start
    }
  }

  /// The next place in a run whose places are the states from one to another; the last is kept.
  private static func step(_ state: State, from first: State, to last: State) -> State {
    guard state.rawValue >= first.rawValue, state.rawValue <= last.rawValue else { return first }
    return State(rawValue: min(state.rawValue + 1, last.rawValue)) ?? last
  }
}
