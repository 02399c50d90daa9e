import CompanionDomain
import CompanionPorts
import FoundationEssentials

extension Connection {
  private static let document = SQL("SELECT key, record, document, embedding FROM documents WHERE id = ?")
  private static let insertDocument = SQL("INSERT INTO documents (id, owner, record) VALUES (?, ?, ?)")
  private static let numberDocument = SQL("UPDATE documents SET document = ?, embedding = ? WHERE key = ?")
  private static let removeDocument = SQL("DELETE FROM documents WHERE key = ?")

  /// Adds a document, or puts it in the place of the one of its name.
  func put(_ document: Document) throws(StoreFailure) {
    // A row of its own, because its key is the place of the change.
    let old = try removeRow(document.id)
    try run(
      Self.insertDocument,
      [
        .text(document.id.rawValue), .optional(document.owner?.rawValue), .utf8(try Coding.encode(document)),
      ])
    let key = lastInsertedKey
    let number = try reindex(nil, nil, as: TextDocument(document), at: key)
    // Vectors stay when the text does, whatever else is another.
    let source = try embed(old?.source, as: .document(document), .document, at: key)
    try run(Self.numberDocument, [.optional(number.map(Int.init)), .optional(source), .integer(key)])
  }

  /// Removes a document, if it is there.
  func remove(_ id: DocumentID) throws(StoreFailure) {
    guard let found = try removeRow(id) else { return }
    _ = try embed(found.source, as: nil, .document, at: found.key)
  }

  /// Removes the row of a document, if it is there, and not what is embedded of it.
  private func removeRow(_ id: DocumentID) throws(StoreFailure) -> (key: Int64, source: Int64?)? {
    let found = try row(Self.document, [.text(id.rawValue)]) { row throws(StoreFailure) in
      (
        key: try row.integer(0), document: try Coding.decode(try row.utf8(1)) as Document,
        number: try row.documentNumber(2), source: try row.sourceKey(3)
      )
    }
    guard let found else { return nil }
    _ = try reindex(TextDocument(found.document), found.number, as: nil, at: found.key)
    try run(Self.removeDocument, [.integer(found.key)])
    return (found.key, found.source)
  }
}
