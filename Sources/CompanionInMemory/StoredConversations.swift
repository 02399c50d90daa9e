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
    /// Back to what the message was before its last amendment.
    case restoreMessage(ChatMessage, in: SessionID)
    case cutDraft(of: SessionID, length: Int)
    case restoreDraft(AnswerDraft?, of: SessionID)
  }

  private struct Entry: Sendable {
    var session: ChatSession
    /// The message at place n has index n - 1.
    var log: [ChatMessage] = []
    /// By their revisions. The other revisions are the messages, in order.
    var amendments: [Amendment] = []
    var draft: AnswerDraft?

    /// The index of the first amendment after a revision, by halves.
    func firstAmendment(after revision: Int64) -> Int {
      var (low, high) = (0, amendments.count)
      while low < high {
        let middle = (low + high) / 2
        if amendments[middle].revision.rawValue > revision { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }

  private struct Amendment: Sendable {
    var revision: LogRevision
    var sequence: SequenceNumber
    var kind: LogEvent.Kind
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

  func logEvents(in id: SessionID, after: LogRevision, limit: Int) -> [LogEvent] {
    guard let entry = entries[id], limit > 0 else { return [] }
    let first = max(after.rawValue, 0)
    let count = min(Int64(limit), entry.session.revision.rawValue - first)
    guard count > 0 else { return [] }
    var amendment = entry.firstAmendment(after: first)
    // What is no amendment is a message, in order.
    var message = Int(first) - amendment
    return (first + 1...first + count).map { number in
      let revision = LogRevision(rawValue: number)
      if amendment < entry.amendments.count, entry.amendments[amendment].revision == revision {
        let found = entry.amendments[amendment]
        amendment += 1
        return LogEvent(
          revision: revision, kind: found.kind, message: entry.log[Int(found.sequence.rawValue) - 1])
      }
      message += 1
      return LogEvent(revision: revision, kind: .appended, message: entry.log[message - 1])
    }
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

  mutating func amend(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in id: SessionID, at time: Timestamp
  ) throws(StoreFailure) -> Undo {
    guard let entry = entries[id] else { throw .conflict(.noSuchSession) }
    guard sequence > .zero, sequence <= entry.session.lastSequence else { throw .conflict(.noSuchMessage) }
    let index = Int(sequence.rawValue) - 1
    let old = entry.log[index]
    guard let new = old.amended(by: amendment, at: time) else { throw .conflict(.noSuchMessage) }
    guard old.mayBeAmended(by: amendment) else { throw .conflict(.notAmendable) }
    let revision = LogRevision(rawValue: entry.session.revision.rawValue + 1)
    let kind: LogEvent.Kind = amendment == .delete ? .deleted(old.parts) : .edited(from: old.parts)
    entries[id]?.log[index] = new
    entries[id]?.amendments.append(Amendment(revision: revision, sequence: sequence, kind: kind))
    entries[id]?.session.revision = revision
    return .restoreMessage(old, in: id)
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
    case .restoreMessage(let old, let id):
      guard let entry = entries[id] else { return }
      entries[id]?.log[Int(old.sequence.rawValue) - 1] = old
      entries[id]?.amendments.removeLast()
      entries[id]?.session.revision = LogRevision(rawValue: entry.session.revision.rawValue - 1)
    case .cutDraft(let id, let length):
      entries[id]?.draft?.text.cut(toBytes: length)
    case .restoreDraft(let draft, let id):
      entries[id]?.draft = draft
    }
  }

  private mutating func move(_ session: ChatSession, to last: SequenceNumber, at time: Timestamp) {
    var moved = session
    moved.revision = LogRevision(
      rawValue: session.revision.rawValue + last.rawValue - session.lastSequence.rawValue)
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
