import CompanionDomain
import CompanionPorts

/// The conversations of an ``InMemoryStore``.
///
/// Each change checks its precondition, applies, and returns what undoes it. The cost of all three is that of
/// what is new, whatever is there already.
struct StoredConversations: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case removeSession(SessionID)
    /// Back to the session's last place and time, with the log cut there.
    case restoreSession(ChatSession)
    case cutDraft(of: SessionID, length: Int)
    case restoreDraft(AnswerDraft?, of: SessionID)
  }

  private struct Entry: Sendable {
    var session: ChatSession
    /// The message at place n has index n - 1.
    var log: [ChatMessage] = []
    var draft: AnswerDraft?
  }

  private var entries: [SessionID: Entry] = [:]
  private var byUpdate = OrderedIndex<TimedSession>()

  func session(_ id: SessionID) -> ChatSession? { entries[id]?.session }

  func sessions(limit: Int) -> [ChatSession] {
    byUpdate.reversed().prefix(max(0, limit)).compactMap { entries[$0.id]?.session }
  }

  func messages(in id: SessionID, before: SequenceNumber?, limit: Int) -> [ChatMessage] {
    guard let log = entries[id]?.log else { return [] }
    let end = before.map { Int(min(max(1, $0.rawValue) - 1, Int64(log.count))) } ?? log.count
    return Array(log[..<end].suffix(max(0, limit)))
  }

  func draft(in id: SessionID) -> AnswerDraft? { entries[id]?.draft }

  mutating func insert(_ session: ChatSession) throws(StoreFailure) -> Undo {
    guard entries[session.id] == nil else { throw .conflict(.sessionExists) }
    entries[session.id] = Entry(session: session)
    byUpdate.insert(session.updateKey, by: <)
    return .removeSession(session.id)
  }

  mutating func append(
    _ messages: [ChatMessage], to id: SessionID, after: SequenceNumber
  ) throws(StoreFailure) -> Undo {
    guard let session = entries[id]?.session else { throw .conflict(.noSuchSession) }
    guard session.lastSequence == after else { throw .conflict(.logMoved) }
    if let last = messages.last {
      entries[id]?.log.append(contentsOf: messages)
      move(session, to: last.sequence, at: last.time)
    }
    return .restoreSession(session)
  }

  mutating func extendDraft(
    _ more: AnswerDraft, of id: SessionID, offset: Int
  ) throws(StoreFailure) -> Undo {
    guard let entry = entries[id] else { throw .conflict(.noSuchSession) }
    guard let draft = entry.draft else {
      guard offset == 0 else { throw .conflict(.draftMoved) }
      entries[id]?.draft = more
      return .restoreDraft(nil, of: id)
    }
    guard draft.turn == more.turn, draft.text.utf8.count == offset else { throw .conflict(.draftMoved) }
    entries[id]?.draft?.text += more.text
    return .cutDraft(of: id, length: offset)
  }

  mutating func discardDraft(of id: SessionID) -> Undo {
    let draft = entries[id]?.draft
    entries[id]?.draft = nil
    return .restoreDraft(draft, of: id)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .removeSession(let id):
      guard let entry = entries.removeValue(forKey: id) else { return }
      byUpdate.remove(entry.session.updateKey, by: <)
    case .restoreSession(let session):
      guard let entry = entries[session.id] else { return }
      entries[session.id]?.log.removeLast(entry.log.count - Int(session.lastSequence.rawValue))
      move(entry.session, to: session.lastSequence, at: session.updatedAt)
    case .cutDraft(let id, let length):
      entries[id]?.draft?.text.cut(toBytes: length)
    case .restoreDraft(let draft, let id):
      entries[id]?.draft = draft
    }
  }

  private mutating func move(_ session: ChatSession, to last: SequenceNumber, at time: Timestamp) {
    var moved = session
    moved.lastSequence = last
    moved.updatedAt = time
    entries[session.id]?.session = moved
    byUpdate.remove(session.updateKey, by: <)
    byUpdate.insert(moved.updateKey, by: <)
  }
}

extension ChatSession {
  fileprivate var updateKey: TimedSession { TimedSession(time: updatedAt, id: id) }
}

extension String {
  /// Keeps the first bytes, which end between two scalars.
  fileprivate mutating func cut(toBytes length: Int) {
    let end = utf8.index(startIndex, offsetBy: length, limitedBy: endIndex) ?? endIndex
    unicodeScalars.removeSubrange(end...)
  }
}
