import CompanionKit
import Foundation

/// Where everything is kept when no place is named.
enum DefaultStore {
  /// The file in the user's data directory, whose folder is created where there is none.
  ///
  /// - Throws: `StoreFailure.inaccessible` when the folder cannot be created.
  static func path() throws(StoreFailure) -> String {
    let folder = directory.appending(path: "companion", directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .inaccessible("the folder \(folder.path) cannot be created")
    }
    return folder.appending(path: "companion.db").path
  }

  private static var directory: URL {
    #if os(macOS)
      return URL.applicationSupportDirectory
    #else
      // The XDG Base Directory Specification: a relative path is to be ignored.
      let environment = ProcessInfo.processInfo.environment
      let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? URL(filePath: $0) : nil }
      return if let path = environment["XDG_DATA_HOME"], path.hasPrefix("/") {
        URL(filePath: path, directoryHint: .isDirectory)
      } else {
        (home ?? URL.homeDirectory).appending(path: ".local/share", directoryHint: .isDirectory)
      }
    #endif
  }
}
