package import CompanionKit
import Foundation

/// Where a program keeps everything when no place is named.
package enum DataFolder {
  /// A file in a folder of the user's data directory. The folder is created where there is none.
  ///
  /// - Throws: `StoreFailure.inaccessible` when it cannot be created.
  package static func path(of file: String, in folder: String) throws(StoreFailure) -> String {
    let folder = directory.appending(path: folder, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .inaccessible("the folder \(folder.path) cannot be created")
    }
    return folder.appending(path: file).path
  }

  private static var directory: URL {
    #if os(macOS)
      return URL.applicationSupportDirectory
    #else
      // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
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
