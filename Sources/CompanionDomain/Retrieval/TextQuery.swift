/// What is searched for: terms, and how much each of them says.
public struct TextQuery: Hashable, Sendable {
  /// One of its terms.
  public struct Term: Hashable, Sendable {
    /// The term, as ``TextAnalysis`` makes it.
    public let text: String
    /// By which its score is multiplied.
    public let weight: Double
    /// How fast its repetitions stop to count.
    public let saturation: Saturation
    /// Which stretch of characters of one script it is in, the first one, in the order of the text. The terms of a
    /// stretch follow one another, and are mostly parts of one word. `nil` for a word.
    public let stretch: Int?
  }

  /// What a term is made of, which decides how fast its repetitions stop to count.
  public enum Saturation: Hashable, Sendable { case word, characters }

  /// The terms, each once, in the order of the text.
  public let terms: [Term]

  /// Analyses a text. Complexity: linear in its length.
  public init(_ text: String) {
    var reader = TermReader()
    reader.read(text)
    var seen: Set<String> = []
    var found: [(text: String, stretch: Int)] = []
    var words: Set<String> = []
    var stretch = -1
    // The only single character of the stretch so far; `nil` where there are none or several.
    var single: String?
    var singles = 0
    for (place, term) in reader.terms.enumerated() {
      while stretch + 1 < reader.stretches.count, reader.stretches[stretch + 1] <= place {
        if singles == 1, let single { words.insert(single) }
        stretch += 1
        (single, singles) = (nil, 0)
      }
      if term.unicodeScalars.count == 1, Term.isOfCharacters(term) {
        single = term
        singles += 1
      }
      if seen.insert(term).inserted { found.append((term, stretch)) }
    }
    if singles == 1, let single { words.insert(single) }
    terms = found.enumerated().map { place, term in
      Term(
        term.text, stretch: term.stretch, isAlone: words.contains(term.text),
        place: Double(place) / Double(found.count))
    }
  }
}

extension TextQuery.Term {
  /// What a word of a script that parts words weighs: it is one term, and a word of another is several.
  static let weightOfWord = 4.0

  /// Pairs with hiragana mostly stand where words meet, or are particles. A character alone between them is a
  /// word. In Japanese, Chinese and Korean a question mostly begins with what it is about, and ends with what
  /// kind of answer it wants, which many texts have that are about something else.
  ///
  /// - Parameters:
  ///   - isAlone: whether it is the only one of its script, somewhere in the query.
  ///   - place: how far behind the query's beginning, 0 to 1.
  fileprivate init(_ text: String, stretch: Int, isAlone: Bool, place: Double) {
    self.text = text
    guard Self.isOfCharacters(text) else {
      weight = Self.weightOfWord
      saturation = .word
      self.stretch = nil
      return
    }
    let hasHiragana = text.unicodeScalars.contains { TextAnalysis.isHiragana($0) }
    weight = (hasHiragana ? 0.6 : isAlone ? 1.5 : 1) * (1 - 0.3 * place)
    saturation = .characters
    self.stretch = stretch
  }

  fileprivate static func isOfCharacters(_ text: String) -> Bool {
    text.unicodeScalars.first.map(TextAnalysis.isUnparted) ?? false
  }
}
