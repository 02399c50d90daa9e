import CompanionDomain
import FoundationEssentials

/// Puts JSON together from values, whose members and elements may come one by one.
struct ExportWriter {
  /// Whether an element of the innermost open array has been written.
  private var hasElements: [Bool] = []
  private let encoder: JSONEncoder

  init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// An object that is not closed yet: more members may follow. It has to have a member.
  mutating func begin(_ object: some Encodable) throws -> String {
    String(try text(of: object).dropLast())
  }

  /// The next element of an array, which is an object that is not closed yet.
  mutating func beginElement(_ object: some Encodable) throws -> String {
    comma() + String(try text(of: object).dropLast())
  }

  /// A member of the open object, which is an array that is not closed yet.
  mutating func beginArray(_ name: StaticString) -> String {
    hasElements.append(false)
    return ",\"\(name)\":["
  }

  /// The next element of an array.
  mutating func element(_ element: some Encodable) throws -> String { comma() + (try text(of: element)) }

  mutating func endArray() -> String {
    hasElements.removeLast()
    return "]"
  }

  mutating func end() -> String { "}" }

  private mutating func comma() -> String {
    guard let last = hasElements.indices.last else { return "" }
    defer { hasElements[last] = true }
    return hasElements[last] ? "," : ""
  }

  private func text(of value: some Encodable) throws -> String {
    String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
