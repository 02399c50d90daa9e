import CompanionKit
import ExampleSupport

/// What a file has that a store may not have yet.
struct Feed {
  private var file: LogFile
  private var reading: LogFile.Reading
  private let isGrowing: Bool
  private let skipsBadLines: Bool

  private static let toldProblems = 10

  /// Reads a file, and tells what cannot be read.
  ///
  /// - Parameter isGrowing: whether its last line may be one that is being written.
  init(_ path: String, _ options: Options, isGrowing: Bool) throws(FileProblem) {
    file = LogFile(
      path: path, reader: LineReader(workspace: options.workspace, companion: options.companion))
    reading = try file.read(isGrowing: isGrowing)
    self.isGrowing = isGrowing
    skipsBadLines = options.skipsBadLines
    tellProblems()
  }

  var path: String { file.path }

  /// Whether there is nothing in it that keeps it from being stored.
  var mayBeStored: Bool { reading.problems.isEmpty || skipsBadLines }

  /// Reads what has come into the file, and tells what cannot be read.
  mutating func readOn() throws(FileProblem) {
    reading = try file.read(isGrowing: isGrowing)
    tellProblems()
  }

  /// Stores what has been read.
  mutating func store(in store: SQLiteStore) async throws -> LogImport.Report {
    let bring = LogImport(store: store, identifiers: .timeOrdered, time: .system, file: path)
    var report = try await bring(reading.lines)
    if report == nil, !reading.isWhole {
      // Somebody has removed conversations from the store meanwhile.
      file.forget()
      report = try await bring(try file.read(isGrowing: isGrowing).lines)
    }
    try Task.checkCancellation()
    guard let report else { throw FileProblem(file: path, problem: "others store the same; try again") }
    for line in report.unchangeable {
      Terminal.complain("\(path), line \(line): the companion's words cannot be changed; the old ones stay")
    }
    return report
  }

  private func tellProblems() {
    let problems = reading.problems
    guard !problems.isEmpty else { return }
    for problem in problems.prefix(Self.toldProblems) { Terminal.complain("\(problem)") }
    let more = problems.count - Self.toldProblems
    let others = more > 0 ? "\(counted(more, "other line", "other lines")) cannot be read either. " : ""
    if skipsBadLines {
      Terminal.tell("\(others)\(counted(problems.count, "line is", "lines are")) left out.")
    } else {
      Terminal.tell("\(others)None of it is stored. Mend the file, or leave such lines out with --skip-bad.")
    }
  }
}
