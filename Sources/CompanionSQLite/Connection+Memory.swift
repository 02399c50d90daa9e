import CompanionDomain
import CompanionPorts
import FoundationEssentials

extension Connection {
  /// A memory as it is stored.
  private struct StoredMemory {
    var key: Int64
    var record: Data
    var document: Int32?
    var source: Int64?
  }

  private static let memory = SQL(
    "SELECT key, record, document, embedding FROM memories WHERE scope = ? AND kind = ?")
  private static let insertMemory = SQL(
    """
    INSERT INTO memories (scope, kind, version, newest_source, is_expired, record, previous, document)
    VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)
    """)
  private static let updateMemory = SQL(
    """
    UPDATE memories SET version = ?, newest_source = ?, is_expired = ?, record = ?, previous = ?
    WHERE key = ?
    """)
  private static let numberMemory = SQL("UPDATE memories SET document = ?, embedding = ? WHERE key = ?")
  private static let removeMemory = SQL("DELETE FROM memories WHERE key = ?")
  private static let source = SQL(
    "SELECT session, first, last, count FROM memory_sources WHERE memory = ? AND session = ?")
  private static let putSource = SQL(
    "INSERT OR REPLACE INTO memory_sources (memory, session, first, last, count) VALUES (?, ?, ?, ?, ?)")

  /// Stores the next version of a memory.
  func put(_ memory: MemoryRecord, adding sources: [SourceSpan]) throws(StoreFailure) {
    let found = try stored(memory.key)
    let previous: MemoryRecord? = try found.map { found throws(StoreFailure) in
      try Coding.decode(found.record)
    }
    guard (previous?.version ?? 0) + 1 == memory.version else { throw .conflict(.memoryMoved) }
    let record = SQLiteValue.utf8(try Coding.encode(memory))
    let columns: [SQLiteValue] = [
      .integer(memory.version), .time(memory.newestSource), .integer(memory.text.isEmpty ? 1 : 0), record,
    ]
    let key: Int64
    if let found {
      key = found.key
      try run(Self.updateMemory, columns + [.utf8(found.record), .integer(key)])
    } else {
      try run(Self.insertMemory, MemoryRow.columns(of: memory.key) + columns)
      key = lastInsertedKey
    }
    for span in sources { try add(span, to: key) }
    let number = try reindex(
      previous.flatMap { TextDocument($0) }, found?.document, as: TextDocument(memory), at: key)
    let source = try embed(found?.source, as: .memory(memory), .memory, at: key)
    try run(Self.numberMemory, [.optional(number.map(Int.init)), .optional(source), .integer(key)])
  }

  /// Removes a memory, its previous version and its sources, if it is there.
  func removeMemory(_ key: MemoryKey) throws(StoreFailure) {
    guard let found = try stored(key) else { return }
    let memory: MemoryRecord = try Coding.decode(found.record)
    _ = try reindex(TextDocument(memory), found.document, as: nil, at: found.key)
    _ = try embed(found.source, as: nil, .memory, at: found.key)
    try run(Self.removeMemory, [.integer(found.key)])
  }

  /// - Throws: `StoreConflict.memoryMoved` unless the memory has this version; 0 for one that is not there.
  func expect(_ key: MemoryKey, version: Int64) throws(StoreFailure) {
    let found: MemoryRecord? = try stored(key).map { stored throws(StoreFailure) in
      try Coding.decode(stored.record)
    }
    guard found?.version ?? 0 == version else { throw .conflict(.memoryMoved) }
  }

  private func stored(_ key: MemoryKey) throws(StoreFailure) -> StoredMemory? {
    try row(Self.memory, MemoryRow.columns(of: key)) { row throws(StoreFailure) in
      StoredMemory(
        key: try row.integer(0), record: try row.utf8(1), document: try row.documentNumber(2),
        source: try row.sourceKey(3))
    }
  }

  private func add(_ span: SourceSpan, to memory: Int64) throws(StoreFailure) {
    let place: [SQLiteValue] = [.integer(memory), .text(span.session.rawValue)]
    let merged = try row(Self.source, place, read: SourceSpan.read)?.merging(span) ?? span
    try run(
      Self.putSource,
      place + [
        .integer(merged.first.rawValue), .integer(merged.last.rawValue), .integer(merged.count),
      ])
  }
}

extension Connection {
  private static let progress = SQL(
    "SELECT revision FROM memory_progress WHERE session = ? AND pass = ?")
  private static let putProgress = SQL(
    "INSERT OR REPLACE INTO memory_progress (session, pass, revision) VALUES (?, ?, ?)")
  private static let passes = SQL("SELECT pass, revision FROM memory_progress WHERE session = ?")
  private static let remember = SQL("UPDATE sessions SET remembered = ? WHERE key = ?")

  /// Moves what a pass has seen of a log.
  func moveProgress(
    of session: SessionID, _ pass: MemoryPass, from old: LogRevision, to new: LogRevision
  ) throws(StoreFailure) {
    guard let key = try SessionRow.find(session, self)?.key else { throw .conflict(.noSuchSession) }
    let stored = try row(Self.progress, [.integer(key), .text(pass.rawValue)]) {
      row throws(StoreFailure) in LogRevision(rawValue: try row.integer(0))
    }
    guard stored ?? .zero == old else { throw .conflict(.memoryProgressMoved) }
    try run(Self.putProgress, [.integer(key), .text(pass.rawValue), .integer(new.rawValue)])
    let progress = try memoryProgress(at: key)
    let least = MemoryPass.allCases.map { progress[$0] }.min() ?? .zero
    try run(Self.remember, [.integer(least.rawValue), .integer(key)])
  }

  /// What the passes have seen of the log of a session's row.
  func memoryProgress(at key: Int64) throws(StoreFailure) -> MemoryProgress {
    var progress = MemoryProgress()
    try forEachRow(Self.passes, [.integer(key)]) { row throws(StoreFailure) in
      progress[try row.value(0) as MemoryPass] = LogRevision(rawValue: try row.integer(1))
      return true
    }
    return progress
  }
}

extension SourceSpan {
  /// Reads a row of a session, the first and the last place, and a number.
  static func read(_ row: Statement) throws(StoreFailure) -> SourceSpan {
    SourceSpan(
      session: try row.value(0), first: SequenceNumber(rawValue: try row.integer(1)),
      last: SequenceNumber(rawValue: try row.integer(2)), count: Int(clamping: try row.integer(3)))
  }
}
