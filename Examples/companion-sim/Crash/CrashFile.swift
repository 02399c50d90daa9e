import CompanionKit
import ExampleSupport
import Foundation

/// The file of a run.
struct CrashFile {
  let path: String
  private let temporaryFolder: URL?

  /// - Parameter path: where it shall be; `nil` for a place of its own.
  /// - Throws: ``UsageError`` when there is a file that holds something else: the workers would do what
  ///   it asks for.
  init(_ path: String?) async throws {
    guard let path else {
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "companion-crash-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      temporaryFolder = folder
      self.path = folder.appending(path: "crash.db").path
      return
    }
    self.path = path
    temporaryFolder = nil
    guard FileManager.default.fileExists(atPath: path) else { return }
    let store = try await SQLiteStore(path: path, time: SystemTimeSource())
    let kinds = Set(try await store.taskStatistics().counts.keys)
    let sessions = try await store.sessions(limit: 1)
    await store.close()
    guard kinds.isSubset(of: [.crash]), sessions.isEmpty else {
      throw UsageError("\(path) holds other things than an earlier run's. Name a new file.")
    }
  }

  func removeIfTemporary() {
    // What is left in the system's folder for such files does no harm.
    if let temporaryFolder { try? FileManager.default.removeItem(at: temporaryFolder) }
  }
}
