public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A document, or `nil`: one lookup in an index.
  public func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    try await readers.read { connection throws(StoreFailure) in try connection.document(id) }
  }

  /// Documents in the order of their last changes; only those are read.
  public func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        "SELECT record, key FROM documents WHERE key > ? ORDER BY key LIMIT ?",
        [.integer(after.rawValue), .integer(max(0, limit))]
      ) { row throws(StoreFailure) in
        StoredDocument(
          cursor: DocumentCursor(rawValue: try row.counter(1)),
          document: try Coding.decode(try row.utf8(0)))
      }
    }
  }

  /// The documents that belong to a person; only those are read.
  public func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await readers.read { connection throws(StoreFailure) in
      try connection.rows(
        "SELECT record FROM documents WHERE owner = ? AND id > ? ORDER BY id LIMIT ?",
        [.text(owner.rawValue), .text(after?.rawValue ?? ""), .integer(max(0, limit))]
      ) { row throws(StoreFailure) in try Coding.decode(try row.utf8(0)) }
    }
  }
}
