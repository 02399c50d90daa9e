/// Finds a text in lines: literally, and where it is not said otherwise without regard to case and to the form of
/// Unicode.
///
/// There are no patterns in it, so that nothing that a model asks for takes more than linear time.
public struct LiteralSearch: Sendable {
  /// The most bytes of what is looked for.
  public static let maximumBytes = 1_024

  /// A line in which it was found.
  public struct Line: Hashable, Sendable {
    /// Counted from 1.
    public let number: Int
    /// The line without its end.
    public let text: String
  }

  private let search: ByteSearch
  private let isExact: Bool

  /// - Parameter isExact: whether case and the form of Unicode count.
  /// - Throws: `ToolFailure.invalidArguments` for what is empty, has several lines, or is too long.
  public init(_ text: String, isExact: Bool = false) throws(ToolFailure) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw .invalidArguments("what is looked for has more than \(Self.maximumBytes) bytes.")
    }
    guard !text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else {
      throw .invalidArguments("what is looked for has several lines; look for one of them.")
    }
    guard let search = ByteSearch(Self.compared(text, isExact: isExact)) else {
      throw .invalidArguments("what is looked for is empty.")
    }
    self.search = search
    self.isExact = isExact
  }

  /// The lines in which it is, in order.
  ///
  /// Complexity: linear in the length of the text.
  public func lines(in text: String, limit: Int) -> [Line] {
    guard limit > 0 else { return [] }
    var found: [Line] = []
    var number = 0
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let line = String(Substring(line))
      guard !search.places(in: Self.compared(line, isExact: isExact), limit: 1).isEmpty else { continue }
      found.append(Line(number: number, text: line.utf8.last == 0x0D ? Self.withoutLast(line) : line))
      if found.count >= limit { break }
    }
    return found
  }

  private static func withoutLast(_ line: String) -> String {
    String(String.UnicodeScalarView(line.unicodeScalars.dropLast()))
  }

  private static func compared(_ text: String, isExact: Bool) -> [UInt8] {
    guard !isExact else { return Array(text.utf8) }
    if text.utf8.allSatisfy({ $0 < 0x80 }) {
      return text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
    return Array((Normalization.normalized(text) ?? text).lowercased().utf8)
  }
}
