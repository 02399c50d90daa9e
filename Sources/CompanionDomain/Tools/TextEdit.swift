/// The rule of an edit: a text is replaced that occurs exactly once, or everywhere where that is asked for.
///
/// Texts are compared by their bytes, so that nothing is replaced that only means the same.
public struct TextEdit: Hashable, Sendable {
  /// What is replaced; never empty.
  public let old: String
  /// What comes in its place.
  public let new: String
  /// Whether all occurrences are replaced.
  public let isForAll: Bool

  /// - Throws: `ToolFailure.invalidArguments` when nothing would be replaced, or nothing changed.
  public init(replacing old: String, with new: String, everywhere isForAll: Bool = false) throws(ToolFailure)
  {
    guard !old.isEmpty else { throw .invalidArguments("the old text is empty.") }
    guard !old.utf8.elementsEqual(new.utf8) else {
      throw .invalidArguments("the old text and the new one are the same.")
    }
    self.old = old
    self.new = new
    self.isForAll = isForAll
  }

  /// The text with its replacements, and how many there were; at least 1.
  ///
  /// Complexity: linear in the length of what goes in and what comes out.
  ///
  /// - Parameters:
  ///   - path: the file, for the failure.
  ///   - limit: the most bytes of what comes out.
  /// - Throws: `ToolFailure.textNotUnique`, or `ToolFailure.tooLarge`.
  public func applied(
    to text: String, path: String, limit: Int
  ) throws(ToolFailure) -> (text: String, count: Int) {
    let bytes = Array(text.utf8)
    let places = ByteSearch(Array(old.utf8))?.places(in: bytes) ?? []
    guard places.count == 1 || (isForAll && !places.isEmpty) else {
      throw .textNotUnique(path: path, occurrences: places.count, hint: hint(for: text, places.count))
    }
    let (growth, isHuge) = places.count.multipliedReportingOverflow(by: new.utf8.count - old.utf8.count)
    guard !isHuge, bytes.count + growth <= limit else {
      throw .tooLarge(what: path, bytes: isHuge ? .max : bytes.count + growth, limit: limit)
    }
    var edited: [UInt8] = []
    edited.reserveCapacity(bytes.count + growth)
    var end = 0
    for place in places {
      edited += bytes[end..<place]
      edited += new.utf8
      end = place + old.utf8.count
    }
    edited += bytes[end...]
    return (String(decoding: edited, as: UTF8.self), places.count)
  }

  private func hint(for text: String, _ occurrences: Int) -> String {
    guard occurrences == 0 else { return "" }
    let hasReturns = text.unicodeScalars.contains("\r")
    if hasReturns, old.unicodeScalars.contains("\n"), !old.unicodeScalars.contains("\r") {
      return "The lines of this file end with \\r\\n."
    }
    let normal = { (text: String) in Array((Normalization.normalized(text) ?? text).utf8) }
    let isThere = ByteSearch(normal(old))?.places(in: normal(text), limit: 1).isEmpty == false
    return isThere ? "It is there in another form of Unicode." : ""
  }
}
