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
    var repairs = conversation.repairs(draft: draft, at: time.now)
    if draft != nil || !repairs.isEmpty {
      repairs = try await log.append(to: &conversation, with: [.discardDraft(of: log.session)]) {
        $0.repairs(draft: draft, at: time.now)
      }
    }
    events.emit(
      .sessionOpened(messages: conversation.lastSequence.rawValue, repairs: repairs.count),
      in: EventContext(session: log.session))
    return conversation
  }
}
