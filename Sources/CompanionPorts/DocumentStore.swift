public import CompanionDomain

/// Where the host's documents are kept. They come in through ``ChangeStore/commit(_:)-(ChangeSet)``.
public protocol DocumentStore: ChangeStore {
  /// A document, or `nil`.
  func document(_ id: DocumentID) async throws(StoreFailure) -> Document?

  /// Documents in the order of their last changes, archived ones too.
  ///
  /// - Parameters:
  ///   - after: the place of the last one that is known; ``DocumentCursor/start`` for all.
  ///   - limit: the most documents; below one gives none.
  func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument]

  /// The documents that belong to a person, by their names.
  ///
  /// - Parameters:
  ///   - after: only those behind this name; `nil` for all.
  ///   - limit: the most documents; below one gives none.
  func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document]
}

/// A document, and its place in the order of changes.
public struct StoredDocument: Hashable, Sendable {
  /// Its place.
  public var cursor: DocumentCursor
  /// The document.
  public var document: Document

  /// A document at a place.
  public init(cursor: DocumentCursor, document: Document) {
    self.cursor = cursor
    self.document = document
  }
}

/// A place in the order in which documents were changed. Places grow, and are never used again.
public struct DocumentCursor: RawRepresentable, Hashable, Comparable, Sendable, Codable {
  /// The place's number.
  public let rawValue: Int64

  /// The place of this number.
  public init(rawValue: Int64) { self.rawValue = rawValue }

  /// Before the first document.
  public static let start = DocumentCursor(rawValue: 0)

  /// Whether the left place is the earlier one.
  public static func < (left: DocumentCursor, right: DocumentCursor) -> Bool {
    left.rawValue < right.rawValue
  }
}
