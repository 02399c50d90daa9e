import CompanionDomain
import CompanionPorts

extension Connection {
  private struct Amendment {
    var revision: Int64
    var kind: LogEvent.Kind
    var message: ChatMessage
  }

  /// The events of a log; what is no amendment is a message, in order.
  func logEvents(
    in session: SessionID, after first: Int64, limit: Int
  ) throws(StoreFailure) -> [LogEvent] {
    let found = try row("SELECT key, revision FROM sessions WHERE id = ?", [.text(session.rawValue)]) {
      row throws(StoreFailure) in (key: try row.integer(0), revision: try row.counter(1))
    }
    guard let found, limit > 0 else { return [] }
    let last = first + min(Int64(limit), max(0, found.revision - first))
    let amended =
      try row(
        "SELECT count(*) FROM amendments WHERE session = ? AND revision <= ?",
        [.integer(found.key), .integer(first)]
      ) { row throws(StoreFailure) in try row.integer(0) } ?? 0
    let columns = MessageRow.columns.split(separator: ", ").map { "messages.\($0)" }.joined(separator: ", ")
    let amendments = try rows(
      """
      SELECT \(columns), amendments.revision, is_deletion, old_parts FROM amendments
      JOIN messages USING (session, sequence)
      WHERE session = ? AND amendments.revision > ? AND amendments.revision <= ? ORDER BY amendments.revision
      """,
      [.integer(found.key), .integer(first), .integer(last)]
    ) { row throws(StoreFailure) in
      let old: [MessagePart] = try Coding.decode(try row.utf8(14))
      return Amendment(
        revision: try row.integer(12), kind: try row.integer(13) == 1 ? .deleted(old) : .edited(from: old),
        message: try MessageRow.message(from: row))
    }
    let messages = try rows(
      """
      SELECT \(MessageRow.columns) FROM messages WHERE session = ? AND sequence > ? ORDER BY sequence LIMIT ?
      """,
      [
        .integer(found.key), .integer(first - amended), .integer(last - first - Int64(amendments.count)),
      ], read: MessageRow.message)
    guard Int64(messages.count + amendments.count) == last - first else {
      throw .corrupt("the log of a session has gaps")
    }
    var (nextAmendment, nextMessage) = (amendments.makeIterator(), messages.makeIterator())
    var amendment = nextAmendment.next()
    var events: [LogEvent] = []
    for number in first..<last {
      let revision = LogRevision(rawValue: number + 1)
      if let found = amendment, found.revision == revision.rawValue {
        events.append(LogEvent(revision: revision, kind: found.kind, message: found.message))
        amendment = nextAmendment.next()
      } else if let message = nextMessage.next() {
        events.append(LogEvent(revision: revision, kind: .appended, message: message))
      }
    }
    return events
  }
}
