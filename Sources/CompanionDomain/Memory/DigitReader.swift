/// Reads numbers of a fixed length, and what stands between them: a regular expression is compiled each time that it is
/// used, and these are read for every line of a memory.
package struct DigitReader {
  /// What has not been read.
  package var rest: Substring.UnicodeScalarView

  package init(_ scalars: Substring.UnicodeScalarView) { rest = scalars }

  static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// A number of so many digits; `nil` where there are fewer.
  package mutating func number(of length: Int) -> Int? {
    var number = 0
    for _ in 0..<length {
      guard let digit = rest.first, Self.isDigit(digit) else { return nil }
      number = number * 10 + Int(digit.value - 0x30)
      rest.removeFirst()
    }
    return number
  }

  /// Takes a character, if it comes next.
  package mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard rest.first == scalar else { return false }
    rest.removeFirst()
    return true
  }
}
