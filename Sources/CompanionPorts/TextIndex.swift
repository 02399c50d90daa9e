public import CompanionDomain

/// Finds what a store holds by its words.
///
/// Messages, memories, facts and documents are found as soon as they are stored, as the documents that
/// `TextDocument` makes of them, and not any more when they are gone. What the index finds is ranked by one rule for
/// all stores, `ConversationRanking`; then the best of it is read.
public protocol TextIndex: Sendable {
  /// What may fit a query: the documents that its terms fit best, with their neighbours in the conversation, and what
  /// is needed to rank them.
  ///
  /// Documents fit that have a term of the query; where they are more than the limit, those whose own BM25 score is
  /// the highest, and a store may pass over those that have only its commonest terms. A query without terms finds
  /// nothing.
  ///
  /// A document's neighbours are the nearest one before and the nearest one behind it, by their positions, among the
  /// documents of its session that are in its partition; see `TextDocument.partition(_:in:)`. They are candidates
  /// too, whether they have a term or not. A candidate's window is the document with its neighbours, that of a
  /// neighbour the neighbour with its own. Its session is counted whole, all documents of its partition, and is in
  /// the result once; a session of no candidate is not in it. What is in no session has neither.
  ///
  /// What the filter rejects is no candidate, not as a neighbour either, and takes no other's place. It is part of its
  /// neighbours' windows and of its session all the same. The statistics are of everything of the filter's
  /// `searchedKinds` in these scopes, rejected or not, and of nothing else, however few of them are candidates: what a
  /// word weighs does not depend on when it was said. No document and no session is candidate twice.
  ///
  /// - Parameters:
  ///   - query: what is searched for.
  ///   - scopes: where.
  ///   - filter: what may be found.
  ///   - limit: how many documents, without their neighbours; at least 1. Where many fit alike, more may come.
  func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource>

  /// What sources are now, under their names, whether they can still be found or not: archived documents, superseded
  /// facts, empty memories and deleted messages too. A name of nothing, whatever number it has, is left out.
  ///
  /// All are of one moment, a message and its session above all. It is one call, since a recall needs dozens of them.
  ///
  /// - Throws: `StoreFailure` when the store cannot be read.
  func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord]
}
