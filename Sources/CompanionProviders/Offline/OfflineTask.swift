import CompanionDomain

/// The result of a background task, made of what the conversation says.
struct OfflineTask {
  private let instruction: String
  private let said: [String]

  init(_ prompt: PromptReading) {
    instruction = prompt.message
    said =
      OfflineKnowledge(prompt.blocks).texts + prompt.history.filter { $0.role == .user }.map(\.text)
      + [prompt.message]
  }

  private static let sentences = 6

  /// The most sentences, of the newest, that are worked on.
  private static let memory = 2000

  var result: String {
    let phrases = OfflinePhrases(WrittenLanguage(of: instruction))
    let own = TextAnalysis.sentences(of: instruction)
    let statements = Array(said.flatMap(TextAnalysis.sentences(of:)).suffix(Self.memory))
      .filter { !own.contains($0) && !Question.isAsked(in: $0) }
    guard !statements.isEmpty else { return phrases.nothingToWorkOn }
    let ranking = SentenceRanking(statements)
    if IntentRules.intent(of: instruction).profile == .search {
      let found = ranking.matches(for: instruction).prefix(Self.sentences).map { statements[$0.position] }
      return found.isEmpty ? phrases.nothingFound : list(phrases.found, found)
    }
    return list(phrases.summary, ranking.summary(limit: Self.sentences))
  }

  private func list(_ title: String, _ lines: [String]) -> String {
    ([title] + lines.map { "- \($0)" }).joined(separator: "\n")
  }
}
