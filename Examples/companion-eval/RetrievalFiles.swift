import CompanionDomain
import Foundation

/// What is wrong with a file, and where.
struct InputError: Error, CustomStringConvertible {
  let file: String
  /// From 1; `nil` for the file as a whole.
  var line: Int?
  let message: String

  var description: String { line.map { "\(file), line \($0): \(message)" } ?? "\(file): \(message)" }
}

/// A query of the file of queries.
struct JudgedQuery {
  let id: String
  let text: String
  let relevant: Set<String>
  let scope: String?
}

/// Reads what retrieval is judged on.
enum RetrievalFiles {
  /// The documents of a file, in its order.
  static func corpus(at path: String) throws(InputError) -> [TextDocument<String>] {
    var documents: [TextDocument<String>] = []
    var places: [(place: Double?, line: Int)] = []
    var numbers: [String: Int] = [:]
    for line in try lines(of: path) {
      let id = try line.identifier("id")
      if let first = numbers.updateValue(line.number, forKey: id) {
        throw line.error("the id \"\(id)\" is that of line \(first) too")
      }
      let context = [try line.text("speaker"), try line.text("time")].compactMap(\.self)
      documents.append(
        TextDocument(
          id: id, text: try line.required("text"), context: context, scope: try line.text("scope"),
          session: try line.text("session")))
      places.append((try line.number("position"), line.number))
    }
    guard !documents.isEmpty else { throw InputError(file: path, message: "there is no document in it") }
    // Numbers of any size and fraction become the places they stand for.
    let order = documents.indices.sorted {
      (places[$0].place ?? Double(places[$0].line), places[$0].line)
        < (places[$1].place ?? Double(places[$1].line), places[$1].line)
    }
    for (position, index) in order.enumerated() { documents[index].position = position }
    return documents
  }

  /// The queries of a file, whose relevant documents are among those known.
  static func queries(at path: String, known: Set<String>) throws(InputError) -> [JudgedQuery] {
    var queries: [JudgedQuery] = []
    var numbers: [String: Int] = [:]
    for line in try lines(of: path) {
      let id = try line.identifier("id")
      if let first = numbers.updateValue(line.number, forKey: id) {
        throw line.error("the id \"\(id)\" is that of line \(first) too")
      }
      guard case .array(let values)? = line.fields["relevant"] else {
        throw line.error("\"relevant\" is missing, or no array of ids")
      }
      var relevant: Set<String> = []
      for value in values {
        guard let id = value.plainText else { throw line.error("\"relevant\" has something that is no id") }
        guard known.contains(id) else {
          throw line.error("\"relevant\" has \"\(id)\", which is not in the corpus")
        }
        relevant.insert(id)
      }
      queries.append(
        JudgedQuery(
          id: id, text: try line.required("text"), relevant: relevant, scope: try line.text("scope")))
    }
    guard !queries.isEmpty else { throw InputError(file: path, message: "there is no query in it") }
    return queries
  }

  private static func lines(of path: String) throws(InputError) -> [JSONLine] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(file: path, message: "it cannot be read")
    }
    var lines: [JSONLine] = []
    let rows = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, row) in rows.enumerated() {
      // A mark of the byte order may be before the first.
      let bytes = index == 0 && row.starts(with: [0xEF, 0xBB, 0xBF]) ? row.dropFirst(3) : row
      if bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") })
      {
        continue
      }
      guard let value = JSONValue(json: Data(bytes)) else {
        throw InputError(file: path, line: index + 1, message: "it is not JSON")
      }
      guard case .object(let fields) = value else {
        throw InputError(file: path, line: index + 1, message: "it is no JSON object")
      }
      lines.append(JSONLine(file: path, number: index + 1, fields: fields))
    }
    return lines
  }
}

/// A line with a JSON object.
private struct JSONLine {
  let file: String
  let number: Int
  let fields: [String: JSONValue]

  func error(_ message: String) -> InputError { InputError(file: file, line: number, message: message) }

  /// A text that must be there.
  func required(_ name: String) throws(InputError) -> String {
    guard case .string(let text)? = fields[name] else { throw error("\"\(name)\" is missing, or no string") }
    return text
  }

  func identifier(_ name: String) throws(InputError) -> String {
    guard let text = fields[name]?.plainText, !text.isEmpty else {
      throw error("\"\(name)\" is missing, empty, or no string")
    }
    return text
  }

  /// A text or number, as text; `nil` where there is none.
  func text(_ name: String) throws(InputError) -> String? {
    guard let value = fields[name], value != .null else { return nil }
    guard let text = value.plainText else { throw error("\"\(name)\" is no string") }
    return text
  }

  func number(_ name: String) throws(InputError) -> Double? {
    switch fields[name] {
    case nil, .null: return nil
    case .integer(let number): return Double(number)
    case .number(let number): return number
    default: throw error("\"\(name)\" is no number")
    }
  }
}

extension JSONValue {
  /// A string, or a number as it is written.
  fileprivate var plainText: String? {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    default: nil
    }
  }
}
