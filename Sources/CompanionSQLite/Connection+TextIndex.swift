import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What is stored is found by its words as soon as it is stored, and not any more when it is gone.
extension Connection {
  private static let setNumber = SQL("UPDATE messages SET document = ? WHERE session = ? AND sequence = ?")
  private static let numberOfMessage = SQL("SELECT document FROM messages WHERE session = ? AND sequence = ?")
  private static let before = SQL(
    """
    SELECT document FROM messages WHERE session = ? AND sequence < ? AND document IS NOT NULL
    ORDER BY sequence DESC LIMIT 1
    """)
  private static let after = SQL(
    """
    SELECT document FROM messages WHERE session = ? AND sequence > ? AND document IS NOT NULL
    ORDER BY sequence LIMIT 1
    """)

  /// Adds messages that come behind all others of their log.
  ///
  /// - Parameter key: the session's.
  /// - Returns: the number of each in the index; `nil` for those that are not found.
  func indexNew(
    _ messages: [ChatMessage], of session: ChatSession, at key: Int64
  ) throws(StoreFailure) -> [Int32?] {
    let documents = messages.map { TextDocument($0, in: session) }
    guard let name = documents.lazy.compactMap({ $0?.scope }).first, let first = messages.first else {
      return messages.map { _ in nil }
    }
    var writer = try TextIndexWriter(name, self)
    var last = try neighbour(Self.before, of: first.sequence, at: key)
    var numbers: [Int32?] = []
    for document in documents {
      guard let document else {
        numbers.append(nil)
        continue
      }
      last = try writer.insert(
        document.terms, session: key, position: Int64(document.position), before: last)
      numbers.append(last)
    }
    try writer.finish()
    return numbers
  }

  /// Puts a message in the place of what it was before it was changed.
  func reindex(
    _ old: ChatMessage, as new: ChatMessage, of session: ChatSession, at key: Int64
  ) throws(StoreFailure) {
    let before = TextDocument(old, in: session)
    let after = TextDocument(new, in: session)
    guard let name = before?.scope ?? after?.scope else { return }
    var writer = try TextIndexWriter(name, self)
    let place: [SQLiteValue] = [.integer(key), .integer(new.sequence.rawValue)]
    if let before {
      let number = try row(Self.numberOfMessage, place) { row throws(StoreFailure) in
        try row.documentNumber(0)
      }
      guard let number = number ?? nil else { throw IndexReader.damage }
      try writer.remove(number, before.terms)
    }
    var number: Int32?
    if let after {
      number = try writer.insert(
        after.terms, session: key, position: Int64(after.position),
        before: try neighbour(Self.before, of: new.sequence, at: key),
        after: try neighbour(Self.after, of: new.sequence, at: key))
    }
    try writer.finish()
    try run(Self.setNumber, [.optional(number.map(Int.init))] + place)
  }

  /// Removes all messages of a session.
  func removeMessagesFromIndex(of session: ChatSession, at key: Int64) throws(StoreFailure) {
    try forEachPage(of: key, "AND document IS NOT NULL") { messages throws(StoreFailure) in
      var writer: TextIndexWriter?
      for (message, number) in messages {
        guard let document = TextDocument(message, in: session), let name = document.scope, let number else {
          throw IndexReader.damage
        }
        if writer == nil { writer = try TextIndexWriter(name, self) }
        try writer?.remove(number, document.terms)
      }
      try writer?.finish()
    }
  }

  /// Adds all messages of a session, none of which is in the index.
  func indexMessages(of session: ChatSession, at key: Int64) throws(StoreFailure) {
    try forEachPage(of: key, "") { messages throws(StoreFailure) in
      let messages = messages.map(\.message)
      for (message, number) in zip(messages, try indexNew(messages, of: session, at: key)) {
        guard let number else { continue }
        try run(
          Self.setNumber, [.integer(Int(number)), .integer(key), .integer(message.sequence.rawValue)])
      }
    }
  }

  /// Looks at the messages of a session, so many at a time that they fit into memory.
  private func forEachPage(
    of session: Int64, _ condition: String,
    _ body: ([(message: ChatMessage, number: Int32?)]) throws(StoreFailure) -> Void
  ) throws(StoreFailure) {
    var last: Int64 = 0
    while true {
      let page = try rows(
        """
        SELECT \(MessageRow.columns), document FROM messages
        WHERE session = ? AND sequence > ? \(condition) ORDER BY sequence LIMIT 1000
        """,
        [.integer(session), .integer(last)]
      ) { row throws(StoreFailure) in
        (message: try MessageRow.message(from: row), number: try row.documentNumber(12))
      }
      guard let end = page.last else { return }
      try body(page)
      last = end.message.sequence.rawValue
    }
  }

  private func neighbour(
    _ sql: SQL, of sequence: SequenceNumber, at key: Int64
  ) throws(StoreFailure) -> Int32? {
    try row(sql, [.integer(key), .integer(sequence.rawValue)]) { row throws(StoreFailure) in
      try row.documentNumber(0)
    } ?? nil
  }
}

extension Connection {
  /// Puts what a row of memories, facts or documents says now in the place of what it said before.
  ///
  /// - Parameters:
  ///   - number: of what it said before.
  ///   - key: the row's key, where it is or will be.
  /// - Returns: the number of what it says now; `nil` where it is not found.
  func reindex(
    _ old: TextDocument<RecallSource>?, _ number: Int32?, as new: TextDocument<RecallSource>?, at key: Int64
  ) throws(StoreFailure) -> Int32? {
    if let old, let name = old.scope {
      guard let number else { throw IndexReader.damage }
      var writer = try TextIndexWriter(name, self)
      try writer.remove(number, old.terms)
      try writer.finish()
    }
    guard let new, let name = new.scope else { return nil }
    var writer = try TextIndexWriter(name, self)
    let number = try writer.insert(new.terms, position: key)
    try writer.finish()
    return number
  }

  /// Adds the rows of a table, none of which is in the index.
  func indexRows(
    of table: String, _ document: (Data) throws(StoreFailure) -> TextDocument<RecallSource>?
  ) throws(StoreFailure) {
    var last: Int64 = 0
    while true {
      let page = try rows(
        "SELECT key, record FROM \(table) WHERE key > ? ORDER BY key LIMIT 100", [.integer(last)]
      ) { row throws(StoreFailure) in (key: try row.integer(0), record: try row.utf8(1)) }
      guard let end = page.last else { return }
      for (key, record) in page {
        let number = try reindex(nil, nil, as: try document(record), at: key)
        try run(
          "UPDATE \(table) SET document = ? WHERE key = ?",
          [.optional(number.map(Int.init)), .integer(key)])
      }
      last = end.key
    }
  }
}

extension Statement {
  /// The number of a document in the text index, or `nil`.
  func documentNumber(_ column: Int32) throws(StoreFailure) -> Int32? {
    guard !isNull(column) else { return nil }
    guard let number = Int32(exactly: try counter(column)) else { throw IndexReader.damage }
    return number
  }
}
