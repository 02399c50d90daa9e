import CompanionKit
import ExampleSupport
import Foundation

/// A folder whose text files are embedded.
struct Folder: Sendable {
  /// A file that may be embedded.
  struct File: Sendable {
    /// Below the folder.
    let path: String
    let size: Int64
    let modified: Timestamp
  }

  /// What is in it now.
  struct Contents: Sendable {
    var files: [File] = []
    /// What could not be looked at or into below it: what is there is not known.
    var unread: [String] = []
    var problems: [FileProblem] = []
    /// How many files were left out because their names end otherwise, and how many symbolic links.
    var others = 0
    var links = 0
  }

  /// Its whole path, without symbolic links.
  let path: String
  let sizeLimit: Int
  private let types: Set<String>

  /// - Throws: `FileProblem` where there is no such folder.
  init(_ path: String, types: Set<String>, sizeLimit: Int) throws(FileProblem) {
    self.path = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    self.types = types
    self.sizeLimit = sizeLimit
    try check(path)
  }

  /// Looks through all of it. Nothing is read but names, sizes and times.
  ///
  /// - Throws: `FileProblem` where the folder itself cannot be looked into.
  func contents() throws(FileProblem) -> Contents {
    try check(path)
    var contents = Contents()
    var folders = [""]
    while let folder = folders.popLast() {
      // Names are sorted, so that what is told is in the same order every time.
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: whole(folder)).sorted() else {
        let problem = FileProblem(
          file: whole(folder), problem: "the folder cannot be looked into; check its permissions")
        guard !folder.isEmpty else { throw problem }
        contents.unread.append(folder)
        contents.problems.append(problem)
        continue
      }
      for name in names where !name.hasPrefix(".") {
        look(at: folder.isEmpty ? name : "\(folder)/\(name)", named: name, &contents, &folders)
      }
    }
    return contents
  }

  /// A file's path from the root.
  func whole(_ path: String) -> String { path.isEmpty ? self.path : "\(self.path)/\(path)" }

  private func look(
    at path: String, named name: String, _ contents: inout Contents, _ folders: inout [String]
  ) {
    let found: FileStatus?
    do throws(FileProblem) { found = try FileStatus(whole(path)) } catch {
      contents.unread.append(path)
      contents.problems.append(error)
      return
    }
    switch found?.kind {
    case nil:
      // Where a name is not in UTF-8 it comes with other characters, by which nothing is found.
      guard name.contains("\u{FFFD}") else { break }
      contents.problems.append(
        FileProblem(file: whole(path), problem: "its name is not in UTF-8, and it is left out; rename it"))
    case .folder: folders.append(path)
    case .link: contents.links += 1
    case .file where types.contains { name.lowercased().hasSuffix(".\($0)") }:
      guard let found else { break }
      contents.files.append(File(path: path, size: found.size, modified: found.modified))
    default: contents.others += 1
    }
  }

  /// Whether something is at a path, of whatever kind.
  func has(_ path: String) -> Bool {
    do throws(FileProblem) { return try FileStatus(whole(path)) != nil } catch { return true }
  }

  /// - Parameter name: how a person names it.
  private func check(_ name: String) throws(FileProblem) {
    switch try FileStatus(path)?.kind {
    case .folder: break
    case nil: throw FileProblem(file: name, problem: "it is not there")
    default: throw FileProblem(file: name, problem: "it is no folder")
    }
  }
}
