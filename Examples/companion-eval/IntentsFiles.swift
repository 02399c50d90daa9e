import CompanionDomain
import Foundation

/// Reads labelled messages: of each line a label, a tab, and a message.
struct IntentsFile {
  struct Line {
    let number: Int
    let label: String
    let text: String
  }

  let path: String
  let lines: [Line]

  init(path: String) throws(InputError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(file: path, message: "it cannot be read")
    }
    guard let content = String(data: data, encoding: .utf8) else {
      throw InputError(file: path, message: "it is not UTF-8")
    }
    var lines: [Line] = []
    for (index, row) in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    where !row.allSatisfy(\.isWhitespace) {
      let fields = row.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      let label = fields[0].drop { $0 == "\u{FEFF}" }
      guard fields.count == 2, !label.isEmpty, !fields[1].allSatisfy(\.isWhitespace) else {
        throw InputError(file: path, line: index + 1, message: "it needs a label, a tab, and a message")
      }
      lines.append(Line(number: index + 1, label: String(label), text: String(fields[1])))
    }
    guard !lines.isEmpty else { throw InputError(file: path, message: "there is no message in it") }
    self.path = path
    self.lines = lines
  }

  /// The labels, in the order in which they come.
  func labels(without outOfScope: String?) -> [String] {
    var seen: Set<String> = []
    return lines.map(\.label).filter { $0 != outOfScope && seen.insert($0).inserted }
  }
}
