import CompanionKit
import ExampleSupport
import Foundation

/// What the file system says of a path, without following a symbolic link.
struct FileStatus: Hashable {
  enum Kind { case file, folder, link, other }

  let kind: Kind
  /// In bytes.
  let size: Int64
  /// When it was changed last.
  let modified: Timestamp

  /// `nil` where nothing is there.
  ///
  /// - Throws: `FileProblem` where it cannot be told what is there.
  init?(_ path: String) throws(FileProblem) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      let code = errno
      guard code != ENOENT, code != ENOTDIR else { return nil }
      throw FileProblem(
        file: path,
        problem: "it cannot be looked at (\(String(cString: strerror(code)))); check its permissions")
    }
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    size = Int64(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = .epoch.advanced(by: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec)))
  }
}
