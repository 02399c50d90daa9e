import CompanionDomain
import CompanionPorts

/// Reads what sources are, all of one moment.
struct RecordReader {
  private(set) var records: [RecallSource: RecallRecord] = [:]
  private let file: Connection
  /// Those that were looked for; `nil` for what is not there.
  private var sessions: [SessionID: (key: Int64, session: ChatSession)?] = [:]

  init(_ file: Connection) { self.file = file }

  private static let message = SQL(
    "SELECT \(MessageRow.columns) FROM messages WHERE session = ? AND sequence = ?")

  mutating func read(_ source: RecallSource) throws(StoreFailure) {
    switch source {
    case .message(let id, let sequence):
      guard let (key, session) = try session(id) else { return }
      let values: [SQLiteValue] = [.integer(key), .integer(sequence.rawValue)]
      let message = try file.row(Self.message, values, read: MessageRow.message)
      records[source] = message.map { .message($0, in: session) }
    case .memory(let key): records[source] = try file.memory(key).map { .memory($0) }
    case .fact(let id): records[source] = try file.fact(id).map { .fact($0) }
    case .document(let id): records[source] = try file.document(id).map { .document($0) }
    }
  }

  /// Hands over what was read of a source, and keeps it no longer.
  mutating func take(_ source: RecallSource) -> RecallRecord? { records.removeValue(forKey: source) }

  private mutating func session(_ id: SessionID) throws(StoreFailure) -> (key: Int64, session: ChatSession)? {
    if let known = sessions[id] { return known }
    let found = try SessionRow.find(id, file)
    sessions[id] = .some(found)
    return found
  }
}

extension Connection {
  private static let memory = SQL("\(MemoryRow.select) WHERE scope = ? AND kind = ?")
  private static let fact = SQL("SELECT record FROM facts WHERE id = ?")
  private static let document = SQL("SELECT record FROM documents WHERE id = ?")

  /// A memory, or `nil`.
  func memory(_ key: MemoryKey) throws(StoreFailure) -> MemoryRecord? {
    try row(Self.memory, MemoryRow.columns(of: key), read: MemoryRow.memory)
  }

  /// A fact, or `nil`.
  func fact(_ id: FactID) throws(StoreFailure) -> Fact? {
    try row(Self.fact, [.text(id.rawValue)]) { row throws(StoreFailure) in
      try Coding.decode(try row.utf8(0))
    }
  }

  /// A document, or `nil`.
  func document(_ id: DocumentID) throws(StoreFailure) -> Document? {
    try row(Self.document, [.text(id.rawValue)]) { row throws(StoreFailure) in
      try Coding.decode(try row.utf8(0))
    }
  }
}
