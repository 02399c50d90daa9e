import CompanionDomain
import CompanionPorts

extension Connection {
  /// Erases what a message says and said, and who said it.
  func erase(
    _ sequence: SequenceNumber, in session: SessionID, at time: Timestamp
  ) throws(StoreFailure) {
    guard let (key, session) = try SessionRow.find(session, self) else { throw .conflict(.noSuchSession) }
    let place: [SQLiteValue] = [.integer(key), .integer(sequence.rawValue)]
    let old = try row(
      "SELECT \(MessageRow.columns) FROM messages WHERE session = ? AND sequence = ?", place,
      read: MessageRow.message)
    guard let old else { throw .conflict(.noSuchMessage) }
    let new = old.erased(at: time)
    try reindex(old, as: new, of: session, at: key)
    try embed(new, of: session, at: key)
    try run(
      "UPDATE messages SET parts = ?, speaker = NULL, change = ?, changed_at = ? WHERE session = ? AND sequence = ?",
      [.utf8(try Coding.encode(new.parts))] + (new.change?.columns ?? [.null, .null]) + place)
    try run("UPDATE amendments SET old_parts = '[]' WHERE session = ? AND sequence = ?", place)
    guard !old.isDeleted else { return }
    try run(
      """
      INSERT INTO amendments (session, revision, sequence, is_deletion, old_parts) VALUES (?, ?, ?, 1, '[]')
      """,
      [.integer(key), .integer(session.revision.rawValue + 1), .integer(sequence.rawValue)])
    try run("UPDATE sessions SET revision = revision + 1 WHERE key = ?", [.integer(key)])
  }

  /// Lets a session be nobody's, if it is there. What is said in it is found under another name then.
  func eraseUser(of session: SessionID) throws(StoreFailure) {
    guard let (key, old) = try SessionRow.find(session, self) else { return }
    try removeMessagesFromIndex(of: old, at: key)
    var new = old
    new.user = .forgotten
    try run("UPDATE sessions SET user = ? WHERE key = ?", [.text(new.user.rawValue), .integer(key)])
    try indexMessages(of: new, at: key)
    try embedMessages(of: new, at: key)
  }

  /// Removes a session with all that belongs to it, if it is there.
  func erase(_ session: SessionID) throws(StoreFailure) {
    guard let (key, session) = try SessionRow.find(session, self) else { return }
    try removeMessagesFromIndex(of: session, at: key)
    try removeEmbeddings(ofMessagesAt: key)
    for table in ["drafts", "amendments", "messages", "memory_progress"] {
      try run("DELETE FROM \(table) WHERE session = ?", [.integer(key)])
    }
    try run("DELETE FROM sessions WHERE key = ?", [.integer(key)])
  }
}
