import CompanionDomain
import CompanionPorts

/// What the numbers of documents and sessions stand for, read when it is asked for.
struct SourceNames {
  private let kind: RecallSource.Kind
  private var blocks: DocumentBlocks
  private let file: Connection
  private var sessions: [Int64: (id: SessionID, length: Int)] = [:]
  /// By the keys of their rows.
  private var sources: [Int64: RecallSource] = [:]

  init(of kind: RecallSource.Kind, _ blocks: DocumentBlocks, _ file: Connection) {
    self.kind = kind
    self.blocks = blocks
    self.file = file
  }

  private static let session = SQL("SELECT id, length FROM sessions WHERE key = ?")
  private static let memory = SQL("SELECT scope, kind FROM memories WHERE key = ?")
  private static let fact = SQL("SELECT id FROM facts WHERE key = ?")
  private static let document = SQL("SELECT id FROM documents WHERE key = ?")

  mutating func entry(_ number: Int32) throws(StoreFailure) -> DocumentBlocks.Entry {
    try blocks.entry(number)
  }

  /// A session by its key: its name, and how many terms it has.
  mutating func session(_ key: Int64) throws(StoreFailure) -> (id: SessionID, length: Int) {
    if let session = sessions[key] { return session }
    let session = try file.row(Self.session, [.integer(key)]) { row throws(StoreFailure) in
      (id: try row.value(0) as SessionID, length: Int(try row.counter(1)))
    }
    guard let session else { throw IndexReader.damage }
    sessions[key] = session
    return session
  }

  mutating func source(of number: Int32) throws(StoreFailure) -> RecallSource {
    try source(of: try blocks.entry(number))
  }

  mutating func source(of entry: DocumentBlocks.Entry) throws(StoreFailure) -> RecallSource {
    if kind == .message {
      return .message(try session(entry.session).id, SequenceNumber(rawValue: entry.position))
    }
    if let source = sources[entry.position] { return source }
    guard let source = try Self.source(of: kind, at: entry.position, file) else { throw IndexReader.damage }
    sources[entry.position] = source
    return source
  }

  /// What a row of memories, facts or documents is; `nil` where there is none.
  static func source(
    of kind: RecallSource.Kind, at key: Int64, _ file: Connection
  ) throws(StoreFailure) -> RecallSource? {
    let key = [SQLiteValue.integer(key)]
    return switch kind {
    case .message: nil
    case .memory:
      try file.row(memory, key) { row throws(StoreFailure) in
        .memory(try MemoryRow.key(from: row))
      }
    case .fact: try file.row(fact, key) { row throws(StoreFailure) in .fact(try row.value(0)) }
    case .document:
      try file.row(document, key) { row throws(StoreFailure) in .document(try row.value(0)) }
    }
  }
}
