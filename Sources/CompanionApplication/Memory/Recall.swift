public import CompanionDomain
package import CompanionPorts

/// Finds again what was said, what is remembered, what is known, and the host's documents: whatever may be seen
/// from a place, best first, as much as fits a budget of tokens.
///
/// Nothing of another place is found, whatever it says.
package struct Recall: Sendable {
  let environment: Environment
  /// For how long short-term memory is told of after the last word.
  let window: Duration

  package init(environment: Environment) {
    self.environment = environment
    window = environment.configuration.memory.window
  }

  /// Finds what may be told in a conversation.
  ///
  /// - Parameters:
  ///   - query: what is asked, or said. Only its first 4,000 characters count.
  ///   - session: the conversation.
  ///   - budget: the tokens that all texts together have at most.
  ///   - excluded: what the prompt has already.
  /// - Throws: `MemoryFailure.unknownSession`, or `MemoryFailure.store`.
  package func callAsFunction(
    _ query: String, in session: SessionID, budget: Int, excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    let found: ChatSession?
    do throws(StoreFailure) {
      found = try await environment.store.session(session)
    } catch {
      throw .store(error)
    }
    guard let found else { throw .unknownSession(session) }
    return try await self(
      query, in: Set(found.visibleScopes + [found.searchScope]), budget: budget, excluding: excluded)
  }

  /// Finds what is in some scopes.
  ///
  /// - Throws: `MemoryFailure.store`.
  package func callAsFunction(
    _ query: String, in scopes: Set<MemoryScope>, budget: Int, excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    let query = TextQuery(String(query.prefix(Self.queryLength)))
    guard !query.terms.isEmpty, budget > 0 else { return RecallResult() }
    do throws(StoreFailure) {
      let ranking = try await ranking(for: query, in: scopes).filter { !excluded.contains($0.id) }
      var reader = RecallReader(environment: environment, scopes: scopes, window: window)
      return try await pack(ranking, budget: budget, &reader)
    } catch {
      throw .store(error)
    }
  }

  /// By words alone. A ranking by vectors joins it here, through `RankFusion`.
  private func ranking(
    for query: TextQuery, in scopes: Set<MemoryScope>
  ) async throws(StoreFailure) -> [RankedItem<RecallSource>] {
    let found = try await environment.store.textCandidates(
      for: query, kinds: Set(RecallSource.Kind.allCases), in: scopes, limit: Self.candidates)
    return ConversationRanking().ranked(found, for: query)
  }

  /// Reads what is found, from the best on, as long as more of it fits.
  private func pack(
    _ ranking: [RankedItem<RecallSource>], budget: Int, _ reader: inout RecallReader
  ) async throws(StoreFailure) -> RecallResult {
    var result = RecallResult()
    result.leftOut = ranking.count
    var rest = try await pinnedFirst(ranking, &reader)[...]
    while !rest.isEmpty {
      let batch = rest.prefix(Self.batch)
      rest = rest.dropFirst(Self.batch)
      var items: [Recollection] = []
      for item in batch {
        if let read = try await reader.read(item) { items.append(read) } else { result.leftOut -= 1 }
      }
      let packing = RecallPacking(items, budget: budget - result.tokens) { $0.tokens }
      result.items += packing.packed
      result.leftOut -= packing.packed.count
      result.tokens += packing.tokens
      // What is behind fits worse, and hardly anything is shorter than all of these.
      guard packing.packed.isEmpty == items.isEmpty, result.tokens < budget else { break }
    }
    return result
  }

  /// Pinned documents come before everything else that fits the query.
  private func pinnedFirst(
    _ ranking: [RankedItem<RecallSource>], _ reader: inout RecallReader
  ) async throws(StoreFailure) -> [RankedItem<RecallSource>] {
    var pinned: Set<RecallSource> = []
    for item in ranking.filter({ $0.id.kind == .document }).prefix(Self.pinnedCandidates)
    where try await reader.isPinned(item.id) {
      pinned.insert(item.id)
    }
    guard !pinned.isEmpty else { return ranking }
    return ranking.filter { pinned.contains($0.id) } + ranking.filter { !pinned.contains($0.id) }
  }

  private static let queryLength = 4_000
  /// How many documents the index gives.
  private static let candidates = 200
  /// How many of the best documents may be pinned ones.
  private static let pinnedCandidates = 32
  private static let batch = 16
}

/// What was found for a query.
public struct RecallResult: Hashable, Sendable {
  /// What fits the budget: pinned documents first, and then what fits the query best.
  public var items: [Recollection] = []
  /// How much more was found, and did not fit the budget.
  public var leftOut = 0
  /// The tokens of all items: never more than the budget.
  public var tokens = 0

  /// Nothing was found.
  public init() {}
}
