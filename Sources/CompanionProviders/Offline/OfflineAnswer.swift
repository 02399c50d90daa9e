import CompanionDomain

/// A direct answer, found in the conversation, and in what the prompt reminds of.
struct OfflineAnswer {
  private let message: String
  private let history: [PromptMessage]
  private let knowledge: OfflineKnowledge

  init(_ prompt: PromptReading) {
    message = prompt.message
    history = prompt.history
    knowledge = OfflineKnowledge(prompt.blocks)
  }

  /// How much of the question's weight a sentence must cover to count as an answer.
  private static let threshold = 0.3

  /// The most sentences, of the newest, in which an answer is looked for.
  private static let memory = 2000

  /// The most statements in a list of what is known.
  private static let listed = 12

  var text: String {
    let phrases = OfflinePhrases(WrittenLanguage(of: message))
    // The first answer says what it is talking to.
    let notice = history.contains { $0.role == .assistant } ? "" : " " + phrases.notice
    let sentences = TextAnalysis.sentences(of: message)
    guard let question = sentences.last(where: Question.isAsked(in:)) else {
      return acknowledgement(of: sentences, phrases) + notice
    }
    if WhatIsKnown.isAsked(in: question) {
      return (known.isEmpty ? phrases.unknown : phrases.known(known)) + notice
    }
    guard let found = statement(answering: question) else { return phrases.unknown }
    return phrases.quote(found) + notice
  }

  private func acknowledgement(of sentences: [String], _ phrases: OfflinePhrases) -> String {
    let name = sentences.prefix(Self.memory).lazy.compactMap(Introduction.name(in:)).first
    let greeting = sentences.prefix(Self.memory).contains(where: Introduction.isGreeting) || name != nil
    return greeting ? phrases.greeting(name) : phrases.noted
  }

  /// The newest of what people have said, and of what is known of it, each once.
  private var known: [String] {
    var seen: Set<String> = []
    var known: [String] = []
    for statement in statements.reversed()
    where known.count < Self.listed && seen.insert(statement).inserted {
      known.append(statement)
    }
    return known.reversed()
  }

  /// What is said without asking, the oldest first.
  private var statements: [String] {
    let said = knowledge.texts + history.filter { $0.role == .user }.map(\.text) + [message]
    return said.flatMap(TextAnalysis.sentences(of:)).suffix(Self.memory).filter { !Question.isAsked(in: $0) }
  }

  /// The statement that answers a question best: of equals, the one that was made last.
  private func statement(answering question: String) -> String? {
    let statements = statements
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
