import CompanionDomain
import CompanionPorts

/// Opens a session's conversation, mending what a crash has left: the delivered part of an answer becomes
/// an interrupted message, and every tool call gets its result.
struct OpenSession: Sendable {
  let log: SessionLog
  let time: any TimeSource
  let events: EventEmitter

  /// - Throws: `ChatFailure.unknownSession`, or `ChatFailure.store`; nothing has changed then.
  func callAsFunction() async throws(ChatFailure) -> Conversation {
    let opened: Conversation?
    do throws(StoreFailure) {
      opened = try await open()
    } catch {
      throw .store(error)
    }
    guard let opened else { throw .unknownSession(log.session) }
    return opened
  }

  private func open() async throws(StoreFailure) -> Conversation? {
    guard var conversation = try await log.load() else { return nil }
    let draft = try await log.store.draft(in: log.session)
    let repairs = conversation.repairs(draft: draft, at: time.now)
    if draft != nil || !repairs.isEmpty {
      do throws(StoreFailure) {
        try await log.store.commit(
          .append(repairs, to: log.session, after: conversation.lastSequence),
          .discardDraft(of: log.session))
      } catch {
        // Somebody else goes on with the session: what is to be mended has changed with it.
        guard case .conflict(.logMoved) = error, !Task.isCancelled else { throw error }
        return try await open()
      }
      _ = conversation.take(repairs)
    }
    events.emit(
      .sessionOpened(messages: conversation.lastSequence.rawValue, repairs: repairs.count),
      in: EventContext(session: log.session))
    return conversation
  }
}
