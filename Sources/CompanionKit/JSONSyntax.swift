import FoundationEssentials

/// Where text stops to be JSON, for whoever has to put it right. Whether it is JSON is for its decoder to say.
struct JSONSyntax {
  private struct Fault: Error {}

  private let bytes: [UInt8]
  private var place = 0

  private init(_ data: Data) {
    bytes = [UInt8](data)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
  }

  /// The first place that JSON does not allow, counted from 1 in lines and bytes; `nil` when there is none.
  ///
  /// Complexity: linear in the length. The nesting has to be bounded by who calls it.
  static func firstFault(in data: Data) -> (line: Int, column: Int)? {
    var syntax = JSONSyntax(data)
    do throws(Fault) {
      try syntax.value()
      syntax.skipSpace()
      if syntax.place == syntax.bytes.count { return nil }
    } catch {
      // The place is where it stopped.
    }
    let before = syntax.bytes[..<syntax.place]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (before.count { $0 == UInt8(ascii: "\n") } + 1, syntax.place - lineStart + 1)
  }

  private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
    guard skip(character) else { throw Fault() }
  }

  private mutating func value() throws(Fault) {
    skipSpace()
    switch byte {
    case UInt8(ascii: "{")?: try members()
    case UInt8(ascii: "[")?: try elements()
    case UInt8(ascii: "\"")?: try string()
    case UInt8(ascii: "t")?: try word("true")
    case UInt8(ascii: "f")?: try word("false")
    case UInt8(ascii: "n")?: try word("null")
    default: try number()
    }
  }

  private mutating func members() throws(Fault) {
    try expect("{")
    skipSpace()
    if skip("}") { return }
    while true {
      skipSpace()
      try string()
      skipSpace()
      try expect(":")
      try value()
      skipSpace()
      if skip("}") { return }
      try expect(",")
    }
  }

  private mutating func elements() throws(Fault) {
    try expect("[")
    skipSpace()
    if skip("]") { return }
    while true {
      try value()
      skipSpace()
      if skip("]") { return }
      try expect(",")
    }
  }

  private mutating func string() throws(Fault) {
    try expect("\"")
    while let byte, byte >= 0x20 {
      if skip("\"") { return }
      if skip("\\") {
        guard let escaped = self.byte, "\"\\/bfnrtu".utf8.contains(escaped) else { throw Fault() }
      }
      place += 1
    }
    throw Fault()
  }

  private mutating func word(_ word: String) throws(Fault) {
    for scalar in word.unicodeScalars { try expect(scalar) }
  }

  private mutating func number() throws(Fault) {
    _ = skip("-")
    if !skip("0") { try digits() }
    if skip(".") { try digits() }
    guard skip("e") || skip("E") else { return }
    if !skip("+") { _ = skip("-") }
    try digits()
  }

  private mutating func digits() throws(Fault) {
    let start = place
    while let byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    guard place > start else { throw Fault() }
  }
}
