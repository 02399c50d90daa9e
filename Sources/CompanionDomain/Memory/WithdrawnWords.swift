/// The words of messages that do not stand any more.
///
/// A fact quotes one message, and a model may put into it what another says: "She moved there" and "I love Kyoto"
/// become "Anna moved to Kyoto". Such a fact goes with whichever of the two goes.
package struct WithdrawnWords: Hashable, Sendable {
  private var terms: Set<String> = []

  package init() {}

  /// Takes in what a message said.
  ///
  /// - Parameter now: what it says now; its words stand.
  package mutating func add(_ old: String, now: String = "") {
    terms.formUnion(Self.terms(of: old).subtracting(Self.terms(of: now)))
  }

  /// Whether a fact says one of them that it has not of its own source.
  ///
  /// Rather too often than not, since what goes by mistake is found again in its source.
  ///
  /// - Parameter source: the message that it quotes.
  package func areSaid(by fact: Fact, quoting source: String) -> Bool {
    let own = Self.terms(of: source).union(Self.terms(of: fact.subject))
    return !Self.terms(of: fact.statement).subtracting(own).isDisjoint(with: terms)
  }

  /// Whether a text says what they say: more than half of them, or hardly anything else.
  package func makeUp(_ text: String) -> Bool {
    let said = Self.terms(of: text)
    let shared = said.intersection(terms).count
    return 2 * shared > min(said.count, terms.count)
  }

  /// The terms of a text that say something by themselves: no endings, and no single characters where words are not
  /// parted.
  private static func terms(of text: String) -> Set<String> {
    Set(
      TextAnalysis.terms(of: text).filter { term in
        let scalars = term.unicodeScalars
        let isUnparted = scalars.first.map(TextAnalysis.isUnparted) ?? true
        return isUnparted ? scalars.count > 1 && !TextAnalysis.isHiragana(term) : true
      })
  }
}
