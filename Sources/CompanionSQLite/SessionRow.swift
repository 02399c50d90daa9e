import CompanionDomain
import CompanionPorts

/// A session as it stands in its table.
enum SessionRow {
  static let columns = "id, workspace, channel, thread, user, created_at, updated_at, last_sequence, revision"

  private static let byID = SQL("SELECT key, \(columns) FROM sessions WHERE id = ?")

  /// - Parameter first: where the columns begin.
  static func session(from row: Statement, at first: Int32 = 0) throws(StoreFailure) -> ChatSession {
    ChatSession(
      id: try row.value(first),
      place: ConversationPlace(
        workspace: try row.value(first + 1), channel: try row.value(first + 2),
        thread: row.isNull(first + 3) ? nil : try row.value(first + 3)),
      user: try row.value(first + 4), createdAt: try row.time(first + 5),
      updatedAt: try row.time(first + 6),
      lastSequence: SequenceNumber(rawValue: try row.counter(first + 7)),
      revision: LogRevision(rawValue: try row.counter(first + 8)))
  }

  /// A session with the key of its row, or `nil`.
  static func find(
    _ id: SessionID, _ file: Connection
  ) throws(StoreFailure) -> (key: Int64, session: ChatSession)? {
    try file.row(byID, [.text(id.rawValue)]) { row throws(StoreFailure) in
      (key: try row.integer(0), session: try session(from: row, at: 1))
    }
  }
}
