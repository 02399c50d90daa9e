import CompanionKit
import ExampleSupport
import Foundation

/// What a text file says.
struct TextFile {
  let text: String
  /// Its first heading, else its name.
  let title: String

  /// Why there is nothing to embed.
  enum Flaw: Error {
    /// It could not be read: what it says is not known.
    case unreadable
    /// It is not there any more.
    case gone
    /// It is left out for what it is.
    case unfit(String)
    case empty
  }

  init(_ file: Folder.File, in folder: Folder) throws(Flaw) {
    guard file.size <= folder.sizeLimit else {
      throw .unfit("it has \(file.size) bytes, more than \(folder.sizeLimit); --max-size allows more")
    }
    let path = folder.whole(file.path)
    var data: Data
    do {
      // Not by `Data(contentsOf:)`, which leaks a block for an empty file on Linux.
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? handle.close() }
      data = try handle.read(upToCount: folder.sizeLimit + 1) ?? Data()
    } catch {
      throw folder.has(file.path) ? .unreadable : .gone
    }
    guard data.count <= folder.sizeLimit else {
      throw .unfit("it has more than \(folder.sizeLimit) bytes; --max-size allows more")
    }
    // A mark of the byte order may be before the text.
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = data.dropFirst(3) }
    guard !data.contains(0) else { throw .unfit("it is binary") }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .unfit("it is no UTF-8; convert it, or leave it")
    }
    guard text.contains(where: { !$0.isWhitespace }) else { throw .empty }
    self.text = text
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    title = Self.heading(of: text) ?? name
  }

  /// The first heading of Markdown: marked by `#`, or underlined.
  private static func heading(of text: String) -> String? {
    var last: Substring?
    var fence: Substring?
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " }
      if let mark = fence {
        if line.hasPrefix(mark) { fence = nil }
        continue
      }
      if line.hasPrefix("```") || line.hasPrefix("~~~") {
        fence = line.prefix(3)
        continue
      }
      let marks = line.prefix { $0 == "#" }.count
      if (1...6).contains(marks), line.dropFirst(marks).first?.isWhitespace == true {
        let words = line.dropFirst(marks).split(whereSeparator: \.isWhitespace)
        // What closes a heading is no part of it.
        let heading = (words.last?.allSatisfy { $0 == "#" } == true ? words.dropLast() : words[...])
          .joined(separator: " ")
        if !heading.isEmpty { return String(heading.prefix(titleLength)) }
      }
      if let last, line.count >= 3, line.allSatisfy({ $0 == "=" }) { return String(last.prefix(titleLength)) }
      last = line
    }
    return nil
  }

  private static let titleLength = 200
}

extension DocumentID {
  /// The name of a file's document: its path, where that can be one, else a hash of it.
  init(path: String) {
    // What begins so is a hash.
    if !path.hasPrefix("~"), let id = DocumentID(rawValue: path) {
      self = id
    } else {
      self = DocumentID("~\(ContentHash(of: path))") ?? DocumentID(bits: ContentHash(of: path).rawValue)
    }
  }
}
