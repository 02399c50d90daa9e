import CompanionDomain

/// A direct answer, found in the conversation.
struct OfflineAnswer {
  let dialogue: [PromptMessage]

  /// How much of the question's weight a sentence must cover to count as an answer.
  private static let threshold = 0.3

  /// The most sentences, of the newest, in which an answer is looked for.
  private static let memory = 2000

  var text: String {
    let message = dialogue.last { $0.role == .user }?.text ?? ""
    let phrases = OfflinePhrases(WrittenLanguage(of: message))
    // The first answer says what it is talking to.
    let notice = dialogue.contains { $0.role == .assistant } ? "" : " " + phrases.notice
    let sentences = TextAnalysis.sentences(of: message)
    guard let question = sentences.last(where: Question.isAsked(in:)) else {
      return acknowledgement(of: sentences, phrases) + notice
    }
    guard let found = statement(answering: question) else { return phrases.unknown }
    return phrases.quote(found) + notice
  }

  private func acknowledgement(of sentences: [String], _ phrases: OfflinePhrases) -> String {
    let name = sentences.prefix(Self.memory).lazy.compactMap(Introduction.name(in:)).first
    let greeting = sentences.prefix(Self.memory).contains(where: Introduction.isGreeting) || name != nil
    return greeting ? phrases.greeting(name) : phrases.noted
  }

  /// The statement of the person, in this conversation, that answers a question best.
  private func statement(answering question: String) -> String? {
    let said = dialogue.filter { $0.role == .user }.map(\.text)
    let statements = said.flatMap(TextAnalysis.sentences(of:)).suffix(Self.memory)
      .filter { !Question.isAsked(in: $0) }
    if Introduction.isAskedFor(in: question),
      let introduction = statements.last(where: { Introduction.name(in: $0) != nil })
    {
      return introduction
    }
    let ranking = SentenceRanking(statements)
    guard let best = ranking.matches(for: question).first, best.coverage >= Self.threshold else { return nil }
    return statements[best.position]
  }
}
