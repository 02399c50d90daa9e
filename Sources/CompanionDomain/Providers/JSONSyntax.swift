import FoundationEssentials

/// Goes through JSON that a person has written, and tells where it is none.
///
/// The decoder is not strict on every platform: it lets a comma before a bracket pass, and takes one of two
/// members of the same name.
struct JSONSyntax {
  private enum Fault: Error { case notJSON, secondMember }

  private enum Step { case member(String), element(Int) }

  private let bytes: [UInt8]
  private var place = 0
  /// What it is in, from the outside.
  private var path: [Step] = []

  private init(_ data: Data) {
    bytes = [UInt8](data)
    if bytes.starts(with: Self.byteOrderMark) { place = Self.byteOrderMark.count }
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Checks a text, whose nesting has to be bounded by who calls this.
  ///
  /// Complexity: linear in the length.
  ///
  /// - Throws: the first place that JSON does not allow, or the first member that is there twice. Lines and
  ///   columns are counted from 1, columns in code points.
  static func check(_ data: Data) throws(ProviderConfigurationFailure) {
    var syntax = JSONSyntax(data)
    do throws(Fault) {
      try syntax.value()
      syntax.skipSpace()
      guard syntax.place == syntax.bytes.count else { throw .notJSON }
    } catch {
      throw syntax.failure(error)
    }
  }

  private func failure(_ fault: Fault) -> ProviderConfigurationFailure {
    let before = bytes[..<place]
    let newline = UInt8(ascii: "\n")
    let line = before.count { $0 == newline } + 1
    let start = line == 1 && bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
    let column =
      before[(before.lastIndex(of: newline).map { $0 + 1 } ?? start)...].count { $0 & 0xC0 != 0x80 } + 1
    switch fault {
    case .notJSON:
      return ProviderConfigurationFailure(
        field: "", problem: "is not JSON: see line \(line), column \(column)")
    case .secondMember:
      let (field, isWhole) = fieldName
      return ProviderConfigurationFailure(
        field: field,
        problem: "\(isWhole ? "is" : "has a member that is") there twice: see line \(line), column \(column)")
    }
  }

  /// The path as far as it can be quoted, and whether that is all of it.
  private var fieldName: (String, isWhole: Bool) {
    var name = ""
    for step in path {
      switch step {
      case .element(let index): name += "[\(index)]"
      case .member(let member):
        guard SecretShape.isQuotable(member) else { return (name, false) }
        name += name.isEmpty ? member : ".\(member)"
      }
    }
    return (name, true)
  }

  // MARK: The grammar of RFC 8259

  private mutating func value() throws(Fault) {
    skipSpace()
    switch byte {
    case UInt8(ascii: "{")?: try members()
    case UInt8(ascii: "[")?: try elements()
    case UInt8(ascii: "\"")?: _ = try string()
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
    var names: Set<String> = []
    while true {
      skipSpace()
      let start = place
      let name = try string()
      path.append(.member(name))
      guard names.insert(name).inserted else {
        place = start
        throw .secondMember
      }
      skipSpace()
      try expect(":")
      try value()
      path.removeLast()
      skipSpace()
      if skip("}") { return }
      try expect(",")
    }
  }

  private mutating func elements() throws(Fault) {
    try expect("[")
    skipSpace()
    if skip("]") { return }
    var index = 0
    while true {
      path.append(.element(index))
      try value()
      path.removeLast()
      index += 1
      skipSpace()
      if skip("]") { return }
      try expect(",")
    }
  }

  private mutating func string() throws(Fault) -> String {
    let start = place
    try expect("\"")
    var text: [UInt8] = []
    while let byte, byte >= 0x20 {
      if skip("\"") {
        guard let string = String(validating: text, as: UTF8.self) else {
          place = start
          throw .notJSON
        }
        return string
      }
      if skip("\\") {
        text += Array(String(try escaped()).utf8)
      } else {
        text.append(byte)
        place += 1
      }
    }
    throw .notJSON
  }

  /// What stands behind a backslash.
  private mutating func escaped() throws(Fault) -> Unicode.Scalar {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
    ]
    if skip("u") { return try codePoint() }
    guard let byte, let scalar = simple[Unicode.Scalar(byte)] else { throw .notJSON }
    place += 1
    return scalar
  }

  /// A code point in hexadecimal; where it takes two halves, both.
  private mutating func codePoint() throws(Fault) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    try expect("\\")
    try expect("u")
    let second = try hexadecimal()
    guard (0xD800..<0xDC00).contains(first), (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw .notJSON }
    return scalar
  }

  private mutating func hexadecimal() throws(Fault) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .notJSON }
      value = value << 4 + UInt32(digit)
      place += 1
    }
    return value
  }

  private mutating func word(_ word: String) throws(Fault) {
    for scalar in word.unicodeScalars { try expect(scalar) }
  }

  private mutating func number() throws(Fault) {
    let start = place
    _ = skip("-")
    if !skip("0") { try digits() }
    if skip(".") { try digits() }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      try digits()
    }
    // One that no number here holds is not decoded.
    guard Double(String(decoding: bytes[start..<place], as: UTF8.self))?.isFinite == true else {
      place = start
      throw .notJSON
    }
  }

  private mutating func digits() throws(Fault) {
    let start = place
    while let byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    guard place > start else { throw .notJSON }
  }

  // MARK: Bytes

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
    guard skip(character) else { throw .notJSON }
  }
}
