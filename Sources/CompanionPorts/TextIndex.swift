public import CompanionDomain

/// Finds what a store holds by its words.
///
/// Messages, memories, facts and documents are found as soon as they are stored, as the documents that
/// `TextDocument` makes of them, and not any more when they are gone. The index only finds: what it finds is ranked
/// by one rule for all stores, ``ConversationRanking``.
public protocol TextIndex: Sendable {
  /// What may fit a query: the documents that its terms fit best, with their neighbours in the conversation, and what
  /// is needed to rank them.
  ///
  /// The statistics are of everything of these kinds in these scopes, and of nothing else.
  ///
  /// - Parameters:
  ///   - query: what is searched for.
  ///   - kinds: what is searched.
  ///   - scopes: where.
  ///   - limit: how many documents, without their neighbours; at least 1. Where many fit alike, more may come.
  func textCandidates(
    for query: TextQuery, kinds: Set<RecallSource.Kind>, in scopes: Set<MemoryScope>, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource>
}
