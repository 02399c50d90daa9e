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
  ///   - filter: what may be found.
  ///   - excluded: what the prompt has already.
  /// - Throws: `MemoryFailure.unknownSession`, or `MemoryFailure.store`.
  package func callAsFunction(
    _ query: String, in session: SessionID, matching filter: RecallFilter = .all, budget: Int,
    excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    let found: ChatSession?
    do throws(StoreFailure) {
      found = try await environment.store.session(session)
    } catch {
      throw .store(error)
    }
    guard let found else { throw .unknownSession(session) }
    return try await self(query, in: found, matching: filter, budget: budget, excluding: excluded)
  }

  /// The same for a conversation that has been read.
  ///
  /// - Throws: `MemoryFailure.store`.
  func callAsFunction(
    _ query: String, in session: ChatSession, matching filter: RecallFilter = .all, budget: Int,
    excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    try await self(
      query, in: Set(session.visibleScopes + [session.searchScope]), matching: filter, budget: budget,
      excluding: excluded)
  }

  /// Finds what is in some scopes.
  ///
  /// - Throws: `MemoryFailure.store`.
  package func callAsFunction(
    _ query: String, in scopes: Set<MemoryScope>, matching filter: RecallFilter = .all, budget: Int,
    excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    let query = String(query.prefix(Self.queryLength))
    guard budget > 0, query.contains(where: { !$0.isWhitespace }) else { return RecallResult() }
    do throws(StoreFailure) {
      // Of what is known already, all may fit: it takes the place of nothing else.
      let ranking = try await ranking(
        for: query, in: scopes, filter, limit: ConversationRanking.candidates + excluded.count
      )
      .filter { !excluded.contains($0.id) }
      var reader = RecallReader(
        environment: environment, scopes: scopes, filter: filter, window: window)
      return try await pack(ranking, budget: budget, &reader)
    } catch {
      throw .store(error)
    }
  }

  /// By words, and by vectors where there are any.
  private func ranking(
    for query: String, in scopes: Set<MemoryScope>, _ filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> [RankedItem<RecallSource>] {
    let vectors = RecallByVectors(environment: environment)
    guard environment.router.embeddingModel != nil else {
      return try await byWords(query, scopes, filter, limit)
    }
    async let near = vectors(
      query, in: scopes, matching: filter, limit: max(limit, RankFusion().window))
    let byWords: [RankedItem<RecallSource>]
    do throws(StoreFailure) { byWords = try await self.byWords(query, scopes, filter, limit) } catch {
      _ = await near
      throw error
    }
    let (byVectors, isLexical) = await near
    if byVectors.isEmpty { return byWords }
    return isLexical
      ? RankFusion.extended(byWords, by: byVectors)
      : RankFusion().fused([.init(floor: 0, byWords), .init(byVectors)])
  }

  private func byWords(
    _ text: String, _ scopes: Set<MemoryScope>, _ filter: RecallFilter, _ limit: Int
  ) async throws(StoreFailure) -> [RankedItem<RecallSource>] {
    let query = TextQuery(text)
    guard !query.terms.isEmpty else { return [] }
    let found = try await environment.store.textCandidates(
      for: query, in: scopes, matching: filter, limit: limit)
    return ConversationRanking().ranked(found, for: query)
  }

  /// Reads what is found, from the best on, as long as more of it fits.
  private func pack(
    _ ranking: [RankedItem<RecallSource>], budget: Int, _ reader: inout RecallReader
  ) async throws(StoreFailure) -> RecallResult {
    let documents = ranking.map(\.id).filter { $0.kind == .document }.prefix(Self.pinnedCandidates)
    try await reader.read(documents + ranking.prefix(Self.batch).map(\.id))
    // Pinned documents come before everything else that was found.
    let pinned = Set(documents.filter { reader.isPinned($0) })
    var rest = ranking[...]
    if !pinned.isEmpty {
      rest = (ranking.filter { pinned.contains($0.id) } + ranking.filter { !pinned.contains($0.id) })[...]
    }
    var result = RecallResult()
    result.leftOut = ranking.count
    var count = Self.batch
    while !rest.isEmpty {
      let batch = rest.prefix(count)
      rest = rest.dropFirst(count)
      try await reader.read(batch.map(\.id))
      let items = batch.compactMap { reader.recollection(of: $0) }
      result.leftOut -= batch.count - items.count
      let packing = RecallPacking(items, budget: budget - result.tokens) { $0.tokens }
      result.items += packing.packed
      result.leftOut -= packing.packed.count
      result.tokens += packing.tokens
      // What is behind fits worse, and hardly anything is shorter than all of these.
      guard packing.packed.isEmpty == items.isEmpty, result.tokens < budget else { break }
      // As many as fit, if they are as long as those before.
      let length = max(1, result.tokens / max(1, result.items.count))
      count = min(max(Self.batch, (budget - result.tokens) / length), Self.mostAtOnce)
    }
    return result
  }

  private static let queryLength = 4_000
  /// How many of the best documents may be pinned ones.
  private static let pinnedCandidates = 32
  /// How many sources are read at once: the fewest, and the most.
  private static let batch = 24
  private static let mostAtOnce = 200
}

/// What was found for a query.
public struct RecallResult: Hashable, Sendable {
  /// What fits the budget: pinned documents first, and then what fits the query best. Of all that shares words with
  /// the query, this is chosen from about the best hundred, and what stands beside them in their conversations; where
  /// there are vectors, from the hundred that are nearest, too, whether they share words or not.
  public var items: [Recollection] = []
  /// How much more was found, and did not fit the budget.
  public var leftOut = 0
  /// The tokens of all items: never more than the budget.
  public var tokens = 0

  /// Nothing was found.
  public init() {}
}
