import FoundationEssentials

/// Finds JSON in what a model has answered: models put words around it, or fences, though they were told not to.
enum JSONInText {
  /// How many beginnings are tried.
  private static let attempts = 256

  /// The objects and arrays in a text, in order, without those inside of others.
  ///
  /// Where the text was cut off, these are the whole ones inside of what has no end.
  ///
  /// Complexity: linear in the length, times the beginnings that are tried.
  static func values(in text: String) -> [JSONValue] {
    let bytes = [UInt8](text.utf8)
    var values: [JSONValue] = []
    var place = 0
    for _ in 0..<attempts {
      guard let start = bytes[place...].firstIndex(where: isOpening) else { break }
      place = start + 1
      guard let end = end(of: bytes, from: start), let value = JSONValue(json: Data(bytes[start..<end]))
      else {
        continue
      }
      values.append(value)
      place = end
    }
    return values
  }

  private static func isOpening(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
  }

  /// The place behind the bracket that closes the one at a place.
  private static func end(of bytes: [UInt8], from start: Int) -> Int? {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for place in start..<bytes.count {
      let byte = bytes[place]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return place + 1 }
      default: continue
      }
    }
    return nil
  }
}
