public import CompanionDomain

/// Where conversations are kept.
public protocol ConversationStore: ChangeStore {
  /// A session, or `nil`.
  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession?

  /// Sessions by the time of their last message, newest first; of the same time, by identifier, highest
  /// first. A limit below one gives none.
  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession]

  /// The newest messages of a log, in order, oldest first; none where there is no such session.
  ///
  /// - Parameters:
  ///   - before: only messages before this place; `nil` for the log's end.
  ///   - limit: the most messages; below one gives none.
  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage]

  /// What has happened to a log after a revision, in order; none where there is no such session.
  ///
  /// - Parameters:
  ///   - after: the last event that is known.
  ///   - limit: the most events; below one gives none.
  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent]

  /// The delivered part of an answer that was being streamed, or `nil`.
  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft?
}
