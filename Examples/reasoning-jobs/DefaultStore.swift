import CompanionKit
import Foundation

/// Where jobs are kept when no place is named.
enum DefaultStore {
  /// A file in the user's data directory, whose folder is created where there is none.
  static func path() throws(StoreFailure) -> String {
    let folder = directory.appending(path: "reasoning-jobs", directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .inaccessible("the folder \(folder.path) cannot be created")
    }
    return folder.appending(path: "jobs.db").path
  }

  private static var directory: URL {
    #if os(macOS)
      return URL.applicationSupportDirectory
    #else
      // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
      let path = ProcessInfo.processInfo.environment["XDG_DATA_HOME", default: ""]
      return path.hasPrefix("/")
        ? URL(filePath: path, directoryHint: .isDirectory)
        : URL.homeDirectory.appending(path: ".local/share", directoryHint: .isDirectory)
    #endif
  }
}
