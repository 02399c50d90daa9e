public import FoundationEssentials

extension JSONValue {
  /// How deeply arrays and objects may be nested in what is parsed: what people and providers write is flat,
  /// and the cost of parsing grows with the depth.
  public static let maximumDepth = 32

  /// Parses JSON text; `nil` when it is not JSON, or nested more deeply than ``maximumDepth``.
  public init?(json: Data) {
    guard Self.isShallow(json), let value = try? JSONDecoder().decode(JSONValue.self, from: json) else {
      return nil
    }
    self = value
  }

  /// Whether JSON text is not nested more deeply than ``maximumDepth``. Whether it is JSON is another matter.
  ///
  /// Complexity: one pass over the bytes.
  package static func isShallow(_ json: Data) -> Bool {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in json {
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
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > maximumDepth { return false }
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: continue
      }
    }
    return true
  }
}
