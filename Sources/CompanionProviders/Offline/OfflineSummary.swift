import CompanionDomain

/// A summary of a conversation: of what people have said, the sentences that tell most, one a line.
///
/// What people say of themselves comes before all else, and what was in the summary before stays as long as there is
/// room.
struct OfflineSummary {
  private let request: SummaryRequest

  init(_ request: SummaryRequest) { self.request = request }

  /// The most sentences of a summary, and the most of the newest that are looked at.
  private static let sentences = 40
  private static let memory = 2000
  /// What has more bytes is no sentence that tells something in short.
  private static let longest = 600

  /// Never empty.
  var text: String {
    let told = Self.distinct(
      (request.previous.split(separator: "\n").map(String.init) + said).suffix(Self.memory)
        .filter { $0.utf8.count <= Self.longest && (SmallTalk.tells($0) || FactRules.isLasting($0)) })
    let statements = told.filter { !Question.isAsked(in: $0) }
    // Who has only asked has asked something.
    let picked = fitted(statements.isEmpty ? told : statements)
    return picked.isEmpty ? Self.nothing : picked.joined(separator: "\n")
  }

  private static let nothing = "…"

  private var said: [String] {
    request.messages.filter { !Self.engine.contains($0.source) }.map(\.text).flatMap(
      TextAnalysis.sentences(of:))
  }

  /// Who has said what no person has.
  private static let engine: Set<String> = ["companion", "tool call", "tool result"]

  private static func distinct(_ sentences: [String]) -> [String] {
    var seen: Set<String> = []
    return sentences.reversed().filter { seen.insert($0).inserted }.reversed()
  }

  /// The best that have no more tokens than asked for, in their order.
  private func fitted(_ sentences: [String]) -> [String] {
    let isLasting = sentences.map(FactRules.isLasting)
    let ranked = Set(SentenceRanking(sentences).summary(limit: Self.sentences))
    // The newest of each first.
    let places = sentences.indices.reversed()
    let order =
      places.filter { isLasting[$0] } + places.filter { !isLasting[$0] && ranked.contains(sentences[$0]) }
    let estimator = TokenEstimator()
    var left = request.limit
    var kept: [Int] = []
    for place in order where kept.count < Self.sentences {
      let tokens = estimator.tokens(in: sentences[place] + "\n")
      guard tokens <= left else { continue }
      left -= tokens
      kept.append(place)
    }
    return kept.sorted().map { sentences[$0] }
  }
}
