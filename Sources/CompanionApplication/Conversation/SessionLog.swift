package import CompanionDomain
package import CompanionPorts

/// The log of one session, with several writers: the chat, the task loop, other processes.
///
/// A writer says what it appends as a function of the conversation. When somebody else was there first, the
/// conversation is read again and the function is asked again.
package struct SessionLog: Sendable {
  let session: SessionID
  let store: any CompanionStore
  let policy: HistoryPolicy

  /// The conversation as it is stored; `nil` when there is no such session.
  package func load() async throws(StoreFailure) -> Conversation? {
    guard let stored = try await store.session(session) else { return nil }
    return try await conversation(of: stored)
  }

  /// The conversation as it was when its session was read.
  func conversation(of stored: ChatSession) async throws(StoreFailure) -> Conversation {
    let newest = try await store.messages(in: session, before: nil, limit: policy.hot)
    // A message that came between the two calls is not the session's yet.
    return Conversation(
      session: stored, newest: newest.filter { $0.sequence <= stored.lastSequence }, policy: policy)
  }

  /// A conversation as it is stored now: what is in its log may say something else since it was read, by whoever
  /// it was changed.
  func upToDate(_ conversation: Conversation) async throws(StoreFailure) -> Conversation {
    let stored = try await store.session(session)
    guard let stored, stored.revision != conversation.revision else { return conversation }
    return try await load() ?? conversation
  }

  /// Appends messages, together with other changes.
  ///
  /// - Parameters:
  ///   - conversation: the conversation as it was last seen. It is brought up to date.
  ///   - changes: what is committed with the messages.
  ///   - messages: the messages for a conversation; none commits the changes alone.
  /// - Returns: the messages as they are stored, and what became of the tasks that were changed.
  @discardableResult
  func append(
    to conversation: inout Conversation,
    with changes: [ChangeSet.Change] = [],
    _ messages: (Conversation) -> [ChatMessage]
  ) async throws(StoreFailure) -> (messages: [ChatMessage], changes: [TaskChange]) {
    for _ in 1...Self.attempts {
      let new = messages(conversation)
      let append: [ChangeSet.Change] =
        new.isEmpty ? [] : [.append(new, to: session, after: conversation.lastSequence)]
      do throws(StoreFailure) {
        let all = append + changes
        let changed = all.isEmpty ? [] : try await store.commit(ChangeSet(all))
        _ = conversation.take(new)
        return (new, changed)
      } catch {
        guard case .conflict(.logMoved) = error else { throw error }
        conversation = try await load() ?? conversation
      }
    }
    throw .conflict(.logMoved)
  }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen to a working
  /// store.
  private static let attempts = 100
}
