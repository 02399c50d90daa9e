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
    /// Back to what the message was before it was erased, and to what its amendments told.
    case restoreErased(ChatMessage, [(place: Int, kind: LogEvent.Kind)], isEvent: Bool, in: SessionID)
    /// Back to a session that was erased.
    indirect case restoreEntry(Entry)
    case restoreUser(UserID, of: SessionID)
    case restoreProgress(MemoryPass, LogRevision, of: SessionID)
    case cutDraft(of: SessionID, length: Int)
    case restoreDraft(AnswerDraft?, of: SessionID)
  }

  struct Entry: Sendable {
    var session: ChatSession
    /// The message at place n has index n - 1.
    var log: [ChatMessage] = []
    /// By their revisions. The other revisions are the messages, in order.
    var amendments: [Amendment] = []
    var draft: AnswerDraft?
    var progress = MemoryProgress()
    /// How many messages name each person as their speaker.
    var speakers: [UserID: Int] = [:]

    /// Counts the speaker of a message that comes, or of one that goes.
    mutating func count(_ message: ChatMessage, _ count: Int = 1) {
      guard let speaker = message.speaker else { return }
      let number = speakers[speaker, default: 0] + count
      speakers[speaker] = number == 0 ? nil : number
    }

    /// Takes back the messages behind a place.
    mutating func cutLog(behind last: SequenceNumber) {
      let kept = Int(last.rawValue)
      for index in kept..<log.count { count(log[index], -1) }
      log.removeLast(log.count - kept)
    }

    /// Where a message is in the log, if it is there.
    func index(of sequence: SequenceNumber) -> Int? {
      sequence > .zero && sequence <= session.lastSequence ? Int(sequence.rawValue) - 1 : nil
    }

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

  struct Amendment: Sendable {
    var revision: LogRevision
    var sequence: SequenceNumber
    var kind: LogEvent.Kind
  }

  private var entries: [SessionID: Entry] = [:]
  private var byUpdate = OrderedIndex<TimedSession>()
  private var byName = OrderedIndex<SessionID>()
  /// Those whose log has something that a pass over it has not seen.
  private var behind = OrderedIndex<SessionID>()

  func session(_ id: SessionID) -> ChatSession? { entries[id]?.session }

  func sessions(limit: Int) -> [ChatSession] {
    byUpdate.reversed().prefix(max(0, limit)).compactMap { entries[$0.id]?.session }
  }

  /// Sessions by their names, at the cost of those that are looked at.
  func sessions(matching filter: SessionFilter, after: SessionID?, limit: Int) -> [ChatSession] {
    byName.elements(after: after).lazy.compactMap { entries[$0] }
      .filter { filter.includes($0.session, speakers: Set($0.speakers.keys)) }
      .prefix(max(0, limit)).map(\.session)
  }

  func sessionsToRemember(after: SessionID?, limit: Int) -> [ChatSession] {
    behind.elements(after: after).prefix(max(0, limit)).compactMap { entries[$0]?.session }
  }

  func progress(of id: SessionID) -> MemoryProgress { entries[id]?.progress ?? MemoryProgress() }

  func message(_ sequence: SequenceNumber, in id: SessionID) -> ChatMessage? {
    guard let entry = entries[id] else { return nil }
    return entry.index(of: sequence).map { entry.log[$0] }
  }

  func messages(in id: SessionID, before: SequenceNumber?, limit: Int) -> [ChatMessage] {
    guard let log = entries[id]?.log else { return [] }
    let end = before.map { Int(min(max(1, $0.rawValue) - 1, Int64(log.count))) } ?? log.count
    return Array(log[..<end].suffix(max(0, limit)))
  }

  /// A message with its session, or `nil`.
  func record(at sequence: SequenceNumber, in id: SessionID) -> RecallRecord? {
    guard let entry = entries[id] else { return nil }
    return entry.index(of: sequence).map { .message(entry.log[$0], in: entry.session) }
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
    byName.insert(session.id, by: <)
    return .removeSession(session.id)
  }

  mutating func append(
    _ messages: [ChatMessage], to id: SessionID, after: SequenceNumber
  ) throws(StoreFailure) -> Undo {
    guard let session = entries[id]?.session else { throw .conflict(.noSuchSession) }
    guard session.lastSequence == after else { throw .conflict(.logMoved) }
    if let last = messages.last {
      entries[id]?.log.append(contentsOf: messages)
      for message in messages { entries[id]?.count(message) }
      move(session, to: last.sequence, at: last.time)
    }
    return .restoreSession(session)
  }

  mutating func amend(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in id: SessionID, at time: Timestamp
  ) throws(StoreFailure) -> Undo {
    let (index, old) = try find(sequence, in: id)
    guard let new = old.amended(by: amendment, at: time) else { throw .conflict(.noSuchMessage) }
    guard old.mayBeAmended(by: amendment) else { throw .conflict(.notAmendable) }
    entries[id]?.log[index] = new
    note(amendment == .delete ? .deleted(old.parts) : .edited(from: old.parts), of: sequence, in: id)
    return .restoreMessage(old, in: id)
  }

  /// Erases a message, at the cost of the log's amendments.
  mutating func erase(
    _ sequence: SequenceNumber, in id: SessionID, at time: Timestamp
  ) throws(StoreFailure) -> Undo {
    let (index, old) = try find(sequence, in: id)
    var told: [(place: Int, kind: LogEvent.Kind)] = []
    for (place, amendment) in (entries[id]?.amendments ?? []).enumerated()
    where amendment.sequence == sequence {
      told.append((place, amendment.kind))
      entries[id]?.amendments[place].kind = amendment.kind.erased
    }
    entries[id]?.log[index] = old.erased(at: time)
    entries[id]?.count(old, -1)
    if !old.isDeleted { note(.deleted([]), of: sequence, in: id) }
    return .restoreErased(old, told, isEvent: !old.isDeleted, in: id)
  }

  /// Erases a session.
  ///
  /// - Returns: `nil` where there is none.
  mutating func erase(_ id: SessionID) -> Undo? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    unlist(entry.session)
    return .restoreEntry(entry)
  }

  /// Lets a session be nobody's.
  ///
  /// - Returns: `nil` where there is none.
  mutating func eraseUser(of id: SessionID) -> Undo? {
    guard let user = entries[id]?.session.user else { return nil }
    entries[id]?.session.user = .forgotten
    return .restoreUser(user, of: id)
  }

  mutating func moveProgress(
    of id: SessionID, _ pass: MemoryPass, from old: LogRevision, to new: LogRevision
  ) throws(StoreFailure) -> Undo {
    guard let entry = entries[id] else { throw .conflict(.noSuchSession) }
    guard entry.progress[pass] == old else { throw .conflict(.memoryProgressMoved) }
    entries[id]?.progress[pass] = new
    listBehind(id)
    return .restoreProgress(pass, old, of: id)
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
      unlist(entry.session)
    case .restoreSession(let session):
      guard let moved = entries[session.id]?.session else { return }
      entries[session.id]?.cutLog(behind: session.lastSequence)
      move(moved, to: session.lastSequence, at: session.updatedAt)
    case .restoreMessage(let old, let id):
      entries[id]?.log[Int(old.sequence.rawValue) - 1] = old
      forgetLastAmendment(of: id)
    case .restoreErased(let old, let told, let isEvent, let id):
      entries[id]?.log[Int(old.sequence.rawValue) - 1] = old
      entries[id]?.count(old)
      if isEvent { forgetLastAmendment(of: id) }
      for (place, kind) in told { entries[id]?.amendments[place].kind = kind }
    case .restoreEntry(let entry):
      entries[entry.session.id] = entry
      byUpdate.insert(entry.session.updateKey, by: <)
      byName.insert(entry.session.id, by: <)
      listBehind(entry.session.id)
    case .restoreUser(let user, let id): entries[id]?.session.user = user
    case .restoreProgress(let pass, let revision, let id):
      entries[id]?.progress[pass] = revision
      listBehind(id)
    case .cutDraft(let id, let length):
      entries[id]?.draft?.text.cut(toBytes: length)
    case .restoreDraft(let draft, let id):
      entries[id]?.draft = draft
    }
  }

  private func find(
    _ sequence: SequenceNumber, in id: SessionID
  ) throws(StoreFailure) -> (index: Int, message: ChatMessage) {
    guard let entry = entries[id] else { throw .conflict(.noSuchSession) }
    guard let index = entry.index(of: sequence) else { throw .conflict(.noSuchMessage) }
    return (index, entry.log[index])
  }

  /// Adds an event to a log.
  private mutating func note(_ kind: LogEvent.Kind, of sequence: SequenceNumber, in id: SessionID) {
    guard let session = entries[id]?.session else { return }
    let revision = LogRevision(rawValue: session.revision.rawValue + 1)
    entries[id]?.amendments.append(Amendment(revision: revision, sequence: sequence, kind: kind))
    entries[id]?.session.revision = revision
    listBehind(id)
  }

  private mutating func forgetLastAmendment(of id: SessionID) {
    guard let session = entries[id]?.session else { return }
    entries[id]?.amendments.removeLast()
    entries[id]?.session.revision = LogRevision(rawValue: session.revision.rawValue - 1)
    listBehind(id)
  }

  /// Lists a session among those that are behind, if it is.
  private mutating func listBehind(_ id: SessionID) {
    guard let entry = entries[id] else { return }
    if entry.progress.isBehind(entry.session.revision) {
      behind.insert(id, by: <)
    } else {
      behind.remove(id, by: <)
    }
  }

  private mutating func unlist(_ session: ChatSession) {
    byUpdate.remove(session.updateKey, by: <)
    byName.remove(session.id, by: <)
    behind.remove(session.id, by: <)
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
    listBehind(session.id)
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
