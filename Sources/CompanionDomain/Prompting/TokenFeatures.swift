/// What of a text decides how many tokens a model makes of it: how often an automaton that reads it comes to
/// each of its states.
///
/// Tokenizers differ in what they charge, but hardly in what they tell apart: the first letter of a word costs
/// about a token and the next ones little, a digit more than a letter, a Han character about as much as a word.
/// The states tell that apart; what each costs is for ``TokenEstimator`` to learn.
package struct TokenFeatures: Hashable, Sendable {
  /// Where the automaton can be: what has just been read, and at which place of a run of its kind.
  package enum State: UInt8, CaseIterable, Sendable {
    case start
    case word1, word2, word3, word4, word5, word6, word7, word8, word9, word10, word11
    case capital, hump, capitals
    case digit1, digit2, digit3
    case mark1, mark2, mark3
    case space1, space2, space3
    case newline1, newline2
    case hiragana1, hiragana2, hiragana3
    case katakana1, katakana2
    case han1, han2
    case hangul1, hangul2
    case wideMark
    case accented
    case cyrillic1, cyrillic2
    case letter
    case symbol
    case pictograph
  }

  /// How often the automaton came to each state, in the order of the states.
  private(set) package var visits = [Int](repeating: 0, count: State.allCases.count)
  /// How many messages these are, each of which costs something by itself.
  private(set) package var messages: Int

  /// Of nothing.
  ///
  /// - Parameter messages: less than 0 counts as 0.
  package init(messages: Int = 0) { self.messages = max(messages, 0) }

  /// Of a text.
  ///
  /// Complexity: linear in the length of the text; one look into a table for each character.
  package init(_ text: String, messages: Int = 0) {
    self.init()
    add(text, messages: messages)
  }

  /// How often the automaton came to a state.
  package subscript(state: State) -> Int { visits[Int(state.rawValue)] }

  /// Adds another text, which is read from its start.
  package mutating func add(_ text: String, messages: Int = 0) {
    self.messages = self.messages.saturatingSum(max(messages, 0))
    visits.withUnsafeMutableBufferPointer { Self.read(text, into: $0) }
  }

  /// Reads a text.
  ///
  /// - Parameter visits: as many as there are states; those of the text are added.
  static func read(_ text: String, into visits: UnsafeMutableBufferPointer<Int>) {
    let wasRead: Void? = text.utf8.withContiguousStorageIfAvailable { read($0, into: visits) }
    guard wasRead == nil else { return }
    // A string of Foundation's that is not kept as UTF-8.
    Array(text.utf8).withUnsafeBufferPointer { read($0, into: visits) }
  }

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>, into visits: UnsafeMutableBufferPointer<Int>)
  {
    TokenAutomaton.steps.withUnsafeBufferPointer { steps in
      var state = 0
      var index = 0
      while index < bytes.count {
        var column = Int(bytes[index])
        index += 1
        if column >= 0x80 {
          var scalar = UInt32(column & (column < 0xe0 ? 0x1f : column < 0xf0 ? 0x0f : 0x07))
          while index < bytes.count, bytes[index] & 0xc0 == 0x80 {
            scalar = scalar << 6 | UInt32(bytes[index] & 0x3f)
            index += 1
          }
          column = TokenAutomaton.column(of: scalar)
        }
        state = Int(steps[state << 8 | column])
        visits[state] += 1
      }
    }
  }
}

extension Int {
  /// The sum, or the largest or smallest number there is.
  package func saturatingSum(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The product, or the largest or smallest number there is.
  package func saturatingProduct(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}
