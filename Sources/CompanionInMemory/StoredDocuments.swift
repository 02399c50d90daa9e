import CompanionDomain
import CompanionPorts

/// The documents of an ``InMemoryStore``.
///
/// Each change applies, and returns what undoes it, at the cost of what is new.
struct StoredDocuments: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case remove(DocumentID)
    indirect case restore(StoredDocument)
  }

  private var documents: [DocumentID: StoredDocument] = [:]
  private var names: [DocumentCursor: DocumentID] = [:]
  private var byChange = OrderedIndex<DocumentCursor>()
  private var byOwner: [UserID: OrderedIndex<DocumentID>] = [:]
  private var lastPlace: Int64 = 0

  func document(_ id: DocumentID) -> Document? { documents[id]?.document }

  func documents(changedAfter after: DocumentCursor, limit: Int) -> [StoredDocument] {
    byChange.elements(after: after).prefix(max(0, limit)).compactMap { names[$0] }
      .compactMap { documents[$0] }
  }

  func documents(ownedBy owner: UserID, after: DocumentID?, limit: Int) -> [Document] {
    guard let owned = byOwner[owner] else { return [] }
    return owned.elements(after: after).prefix(max(0, limit)).compactMap { documents[$0]?.document }
  }

  mutating func put(_ document: Document) -> Undo {
    let old = take(document.id)
    lastPlace += 1
    add(StoredDocument(cursor: DocumentCursor(rawValue: lastPlace), document: document))
    return old.map { .restore($0) } ?? .remove(document.id)
  }

  /// Removes a document.
  ///
  /// - Returns: `nil` where there is none.
  mutating func remove(_ id: DocumentID) -> Undo? { take(id).map { .restore($0) } }

  /// The places that were taken stay taken.
  mutating func revert(_ undo: Undo) {
    switch undo {
    case .remove(let id): _ = take(id)
    case .restore(let stored):
      _ = take(stored.document.id)
      add(stored)
    }
  }

  private mutating func add(_ stored: StoredDocument) {
    let document = stored.document
    documents[document.id] = stored
    names[stored.cursor] = document.id
    byChange.insert(stored.cursor, by: <)
    if let owner = document.owner {
      byOwner[owner, default: OrderedIndex()].insert(document.id, by: <)
    }
  }

  private mutating func take(_ id: DocumentID) -> StoredDocument? {
    guard let stored = documents.removeValue(forKey: id) else { return nil }
    names[stored.cursor] = nil
    byChange.remove(stored.cursor, by: <)
    if let owner = stored.document.owner {
      byOwner[owner]?.remove(id, by: <)
      if byOwner[owner]?.isEmpty == true { byOwner[owner] = nil }
    }
    return stored
  }
}
