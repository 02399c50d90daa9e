public import CompanionInMemory
public import CompanionPorts
public import CompanionSQLite
import CompanionSystem

extension ConversationStore where Self == SQLiteStore {
  /// A store in one SQLite file, which is created where there is none. It tells what other processes change,
  /// too.
  ///
  /// - Parameter path: the file's path; its folder must exist.
  public static func sqlite(at path: String) async throws(StoreFailure) -> SQLiteStore {
    try await SQLiteStore(path: path, time: SystemTimeSource(), watcher: .system)
  }
}

extension ConversationStore where Self == InMemoryStore {
  /// A store that is gone with the process.
  public static var inMemory: InMemoryStore { InMemoryStore(time: SystemTimeSource()) }
}
