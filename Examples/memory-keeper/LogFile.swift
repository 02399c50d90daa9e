import CompanionKit
import ExampleSupport
import Foundation

/// A file of conversations, read line by line, again whenever it has changed.
///
/// The whole file is compared with what was read before, since a line may have changed anywhere. Where it has only
/// grown, the lines that are new are all that is taken apart.
struct LogFile {
  /// Lines, and those that could not be read.
  struct Reading {
    var lines: [LoggedLine] = []
    var problems: [FileProblem] = []
    /// Whether the file has changed before what is new, so that the lines are all that it has.
    var isWhole = true
  }

  let path: String
  private let reader: LineReader
  /// What has been read, up to the end of a line.
  private var known = Data()
  private var lineCount = 0
  /// How many messages each conversation has.
  private var counts: [ConversationPlace: Int64] = [:]

  init(path: String, reader: LineReader) {
    self.path = path
    self.reader = reader
  }

  /// Reads the lines that are new; all of them, where the file has changed before those.
  ///
  /// - Parameter isGrowing: whether a last line without an end may be one that is being written: it waits for its
  ///   end, where it cannot be read as it is.
  mutating func read(isGrowing: Bool) throws(FileProblem) -> Reading {
    let data = try contents()
    var reading = Reading()
    if !known.isEmpty, data.prefix(known.count) == known {
      reading.isWhole = false
    } else {
      forget()
    }
    var start = known.endIndex
    while start < data.endIndex {
      let end = data[start...].firstIndex(of: UInt8(ascii: "\n"))
      let row = data[start..<(end ?? data.endIndex)]
      do throws(LineProblem) {
        if let line = try line(of: row) {
          reading.lines.append(line)
          if end != nil { counts[line.place] = line.sequence.rawValue }
        }
      } catch {
        // A line that is being written: it is read when it has its end.
        if end == nil, isGrowing { break }
        reading.problems.append(FileProblem(file: path, line: lineCount + 1, problem: "\(error)"))
      }
      // What has no end is read again when it has one: more of it may come.
      guard let end else { break }
      lineCount += 1
      start = end + 1
    }
    known = data[..<start]
    return reading
  }

  /// Reads the whole file the next time.
  mutating func forget() {
    known = Data()
    lineCount = 0
    counts = [:]
  }

  private func line(of row: Data) throws(LineProblem) -> LoggedLine? {
    var row = row
    // A mark of the byte order may be before the first.
    if lineCount == 0, row.starts(with: [0xEF, 0xBB, 0xBF]) { row = row.dropFirst(3) }
    guard !row.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) else { return nil }
    var line = try reader.read(row, number: lineCount + 1)
    line.sequence = SequenceNumber(rawValue: counts[line.place, default: 0] + 1)
    return line
  }

  private func contents() throws(FileProblem) -> Data {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if !isThere { throw FileProblem(file: path, problem: "it is not there") }
    if isFolder.boolValue { throw FileProblem(file: path, problem: "it is a folder") }
    do {
      // Not by `Data(contentsOf:)`, which leaks a block for an empty file on Linux.
      return try FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data()
    } catch {
      throw FileProblem(file: path, problem: "it cannot be read; check its permissions")
    }
  }
}
