import CompanionDomain
import CompanionPorts

extension TextIndex {
  /// The facts of a scope that fit a query best, best first.
  func facts(
    for query: TextQuery, in scope: MemoryScope, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    let found = try await textCandidates(
      for: query, in: [scope], matching: RecallFilter(kinds: [.fact]), limit: limit)
    let best = ConversationRanking().ranked(found, for: query).prefix(limit).map(\.id)
    guard !best.isEmpty else { return [] }
    let records = try await records(of: Set(best))
    return best.compactMap { source in
      if case .fact(let fact)? = records[source] { fact } else { nil }
    }
  }
}
