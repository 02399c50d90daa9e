import CompanionKit
import ExampleSupport

/// Brings what has changed in a folder into the database: each file is a document.
struct FolderUpdate {
  /// What it came to.
  struct Report {
    var added = 0
    var changed = 0
    var removed = 0
    /// What is not there any more.
    var forgotten: [String] = []
    /// What is there, and not of the types that are embedded now.
    var leftOut: [String] = []
    var unchanged = 0
    var empty = 0
    var others = 0
    var links = 0
    /// What is left out for what it is.
    var unfit: [FileProblem] = []
    /// What could not be read: what is known of it stays.
    var unreadable: [FileProblem] = []

    var hasChanged: Bool { added + changed + removed > 0 }
  }

  let folder: Folder
  private let store: SQLiteStore
  private let mayBeEmpty: Bool
  /// Whether files are read though they seem to be as they were; only the first time.
  private var rereads: Bool
  /// What was found the last time; `nil` before, and when that may not be what is stored.
  private var known: [DocumentID: Known]?

  init(folder: Folder, library: Library) {
    self.folder = folder
    store = library.store
    mayBeEmpty = library.options.mayBeEmpty
    rereads = library.options.rereads
  }

  /// A file as it was read last.
  private struct Known {
    let path: String
    let version: String
    /// Whether it has a document: what is left out has none.
    var isStored = true
  }

  /// Looks through the folder, and stores what is new.
  ///
  /// - Throws: `FileProblem` where the folder cannot be looked into, or there is nothing left in it. Nothing is
  ///   changed then.
  mutating func callAsFunction() async throws -> Report {
    let contents = try folder.contents()
    var current: [DocumentID: Known]
    if let known { current = known } else { current = try await storedFiles() }
    let stored = current.values.count(where: \.isStored)
    if contents.files.isEmpty, contents.unread.isEmpty, stored > 0, !mayBeEmpty {
      // A disk that is not mounted looks like that.
      throw FileProblem(
        file: folder.path,
        problem:
          "nothing is in it any more of \(counted(stored, "file", "files")), which stay known; if that is right, say --emptied"
      )
    }
    known = nil
    var report = Report(others: contents.others, links: contents.links, unreadable: contents.problems)
    var batch = Batch()
    var gone = current
    for file in contents.files {
      try Task.checkCancellation()
      let id = DocumentID(path: file.path)
      gone[id] = nil
      let isSame = current[id]?.version == file.version
      guard !isSame || rereads else {
        report.unchanged += 1
        continue
      }
      let known = isSame ? try await store.document(id) : nil
      if let change = change(of: file, id, in: &current, &report, unless: known) {
        batch.changes.append(change)
        batch.bytes += Int(file.size)
      }
      if batch.isFull { try await store(&batch) }
    }
    for (id, file) in gone.sorted(by: { $0.key < $1.key }) {
      let isUnread = contents.unread.contains { file.path == $0 || file.path.hasPrefix("\($0)/") }
      guard !isUnread else { continue }
      current[id] = nil
      guard file.isStored else { continue }
      report.removed += 1
      if folder.has(file.path) {
        report.leftOut.append(file.path)
      } else {
        report.forgotten.append(file.path)
      }
      batch.changes.append(.removeDocument(id))
      if batch.isFull { try await store(&batch) }
    }
    try await store(&batch)
    known = current
    rereads = false
    return report
  }

  /// Changes that are stored together.
  private struct Batch {
    var changes: [ChangeSet.Change] = []
    var bytes = 0

    var isFull: Bool { changes.count >= 200 || bytes >= 4_000_000 }
  }

  private func store(_ batch: inout Batch) async throws(StoreFailure) {
    guard !batch.changes.isEmpty else { return }
    try await store.commit(ChangeSet(batch.changes))
    batch = Batch()
  }

  /// What is to be stored of a file that is new or has changed; `nil` for nothing.
  ///
  /// - Parameter same: what is stored of it, where it may be as it was.
  private func change(
    of file: Folder.File, _ id: DocumentID, in current: inout [DocumentID: Known], _ report: inout Report,
    unless same: Document?
  ) -> ChangeSet.Change? {
    let isStored = current[id]?.isStored == true
    do throws(TextFile.Flaw) {
      let text = try TextFile(file, in: folder)
      if let same, same.text == text.text {
        report.unchanged += 1
        return nil
      }
      if isStored { report.changed += 1 } else { report.added += 1 }
      current[id] = Known(path: file.path, version: file.version)
      return .putDocument(
        Document(
          id: id, scope: Library.scope, title: text.title, text: text.text,
          metadata: ["path": file.path, "version": file.version, "type": file.type], createdAt: file.modified)
      )
    } catch {
      switch error {
      case .unreadable:
        report.unreadable.append(
          FileProblem(file: folder.whole(file.path), problem: "it cannot be read; check its permissions"))
        return nil
      case .gone: break
      case .unfit(let problem):
        report.unfit.append(FileProblem(file: folder.whole(file.path), problem: problem))
      case .empty: report.empty += 1
      }
      current[id] = Known(path: file.path, version: file.version, isStored: false)
      // What it said before is not so any more.
      if isStored { report.removed += 1 }
      return isStored ? .removeDocument(id) : nil
    }
  }

  /// The files that the database has.
  private func storedFiles() async throws(StoreFailure) -> [DocumentID: Known] {
    var files: [DocumentID: Known] = [:]
    var last = DocumentCursor.start
    while true {
      let page = try await store.documents(changedAfter: last, limit: 100)
      guard let end = page.last else { return files }
      last = end.cursor
      for document in page.map(\.document) {
        guard let path = document.path else { continue }
        files[document.id] = Known(path: path, version: document.metadata["version"] ?? "")
      }
    }
  }
}

extension Folder.File {
  /// Tells one state of a file from another without reading it: its size, and when it was changed last. Its type is
  /// in it, so that a database from before types were kept gets them, at no new vector.
  var version: String { "\(size) \(modified.nanosecondsSinceEpoch) \(type)" }

  /// What its name ends in, behind the last dot.
  var type: String { path.split(separator: ".").last?.lowercased() ?? "" }
}

extension FolderUpdate.Report {
  /// What has changed, on one line.
  var summary: String {
    var parts = ["\(counted(added, "new file", "new files")), \(changed) changed, \(removed) removed"]
    parts[0] += ", \(unchanged) unchanged"
    if empty > 0 { parts.append(counted(empty, "empty file", "empty files")) }
    if links > 0 { parts.append("\(counted(links, "symbolic link", "symbolic links")) not followed") }
    if others > 0 { parts.append("\(counted(others, "other file", "other files")) left out") }
    return parts.joined(separator: "; ")
  }

  /// Tells what was left out, could not be read, or is gone.
  func tellProblems() {
    tellForgotten(forgotten, "no longer there")
    tellForgotten(leftOut, "there, and not of the types that are embedded now")
    for problem in unreadable.prefix(Self.toldProblems) { Terminal.complain("\(problem)") }
    if unreadable.count > Self.toldProblems {
      Terminal.complain("\(unreadable.count - Self.toldProblems) more cannot be read")
    }
    for problem in unfit.prefix(Self.toldProblems) { Terminal.tell("left out: \(problem)") }
    if unfit.count > Self.toldProblems {
      Terminal.tell("left out: \(unfit.count - Self.toldProblems) more like these")
    }
  }

  private func tellForgotten(_ paths: [String], _ why: String) {
    guard !paths.isEmpty else { return }
    Terminal.tell("forgotten: \(counted(paths.count, "file that is", "files that are")) \(why)")
    for path in paths.prefix(Self.toldProblems) { Terminal.tell("  \(path)") }
    if paths.count > Self.toldProblems { Terminal.tell("  and \(paths.count - Self.toldProblems) more") }
  }

  private static let toldProblems = 20
}
