package import CompanionKit
import FoundationEssentials

extension JSONValue {
  /// The value on one line, its members in the order of their names; `nil` where a number is not finite.
  package var line: String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) }
  }
}
