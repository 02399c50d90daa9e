import CompanionKit
import ExampleSupport

/// Whose files the database has, and what makes their vectors, as the database keeps it in a document that nobody
/// finds.
struct KeptSettings {
  let store: SQLiteStore
  let database: String

  /// No file has this name: it has no dot.
  private static let id = DocumentID(bits: ContentHash(of: "embedding-runner").rawValue)

  /// What counts from now on.
  ///
  /// - Parameters:
  ///   - folder: what is embedded; `nil` for a command that embeds no folder.
  ///   - service: what is asked for, which is kept; `nil` for what was asked for last.
  ///   - isMoved: whether the folder may be another one than it was.
  /// - Throws: `FileProblem` where the database is not one of this program, or has another folder's files.
  func settle(
    folder: String?, service: EmbeddingChoice?, isMoved: Bool
  ) async throws -> (folder: String, service: EmbeddingChoice) {
    let note = try await store.document(Self.id)
    guard let kept = note?.metadata else {
      let isEmpty = try await store.isEmpty
      guard let folder, isEmpty else {
        let problem =
          isEmpty
          ? "nothing is in it; embedding-runner FOLDER embeds a folder"
          : "it belongs to another program, and would be embedded with it; name another with --database"
        throw FileProblem(file: database, problem: problem)
      }
      return try await keep(folder, service ?? .offline, over: nil)
    }
    let place = kept["folder"] ?? ""
    if let folder, folder != place, !isMoved {
      throw FileProblem(
        file: database,
        problem: "it has the files of \(place); name another with --database, or say --moved if it was moved")
    }
    return try await keep(folder ?? place, service ?? EmbeddingChoice(kept), over: kept)
  }

  private func keep(
    _ folder: String, _ service: EmbeddingChoice, over kept: [String: String]?
  ) async throws(StoreFailure) -> (folder: String, service: EmbeddingChoice) {
    var metadata = service.metadata
    metadata["folder"] = folder
    if metadata != kept {
      try await store.commit(
        .putDocument(
          Document(
            id: Self.id, scope: .workspace("~embedding-runner"), text: "", status: .archived,
            metadata: metadata,
            createdAt: SystemTimeSource.system.now)))
    }
    return (folder, service)
  }
}

extension SQLiteStore {
  fileprivate var isEmpty: Bool {
    get async throws(StoreFailure) {
      guard try await documents(changedAfter: .start, limit: 1).isEmpty else { return false }
      return try await sessions(limit: 1).isEmpty
    }
  }
}
