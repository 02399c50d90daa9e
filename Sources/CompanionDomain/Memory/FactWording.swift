/// The words of a statement, as far as statements can be compared by rule: in English, Japanese and Chinese.
///
/// Two statements say nearly the same only when all that carries meaning in them is the same, in the same
/// order: names, numbers, negations, tenses and all. What may differ is how it is put: pronouns, particles,
/// forms of politeness, words such as "now" or "actually". To keep one statement twice costs a line; to take
/// two for one loses what a person has said.
package struct FactWording: Hashable, Sendable {
  /// Of whom or what it speaks, in comparable form.
  let subject: [String]
  /// All words, in comparable form: without case, width, punctuation.
  let words: [String]
  /// The words that carry meaning, in order.
  let content: [String]
  /// Whether it puts first what others put last: "Kyoto is where I live".
  private let isInverted: Bool
  /// What it tells of the subject.
  package var kind: FactKind? { FactKind(words: words) }
  /// By what it can be found to be about the same.
  private let terms: Set<String>

  /// Reads a statement. Complexity: linear in the length.
  package init(subject: String, statement: String) {
    let words = WordReader.words(of: statement)
    self.subject = WordReader.words(of: subject)
    self.words = words
    var content = ContentWords(words, subject: self.subject)
    content.read()
    self.content = content.content
    isInverted = content.isInverted
    terms = Set(TextAnalysis.terms(of: statement).filter { !TextAnalysis.isHiragana($0) })
      .subtracting(TextAnalysis.terms(of: subject))
  }

  /// Whether two statements differ in case, width, punctuation and white space at most.
  package func isSame(as other: FactWording) -> Bool {
    subject == other.subject && words == other.words
  }

  /// Whether two statements say the same, as far as can be told by their words.
  ///
  /// Of two subjects they do only with the same words, where these name both.
  package func saysTheSame(as other: FactWording) -> Bool {
    if words == other.words, subject == other.subject || names(subject) && names(other.subject) {
      return true
    }
    guard subject == other.subject, !content.isEmpty else { return false }
    if content == other.content { return true }
    guard isInverted != other.isInverted, content.count == other.content.count else { return false }
    return content.indices.dropFirst().contains { content[$0...] + content[..<$0] == other.content[...] }
  }

  private func names(_ subject: [String]) -> Bool {
    !subject.isEmpty && words.indices.contains { words[$0...].starts(with: subject) }
  }

  /// Whether one may end what the other says, so that it is worth asking a model: they are about the same,
  /// and do not say the same.
  ///
  /// Rather too often than not.
  package func mayContradict(_ other: FactWording) -> Bool {
    guard
      subject == other.subject || subject.starts(with: other.subject) || other.subject.starts(with: subject),
      !isSame(as: other)
    else { return false }
    if let kind, kind == other.kind, kind.hasOneValue { return true }
    let shared = terms.intersection(other.terms).count
    return shared > 0 && 2 * shared >= min(terms.count, other.terms.count)
  }
}
