import FoundationEssentials

/// Takes the vectors out of an answer, and leaves JSON that is short.
///
/// A decoder of any JSON takes most of a microsecond for each number, seconds for a full batch; this takes a
/// pass over the bytes. In what is left an array `[3]` stands for the vector 3.
///
/// Numbers are rounded to a `Double` first, as a decoder does where a number has few digits.
struct EmbeddingScanner {
  /// What is left of the answer.
  private(set) var rest: [UInt8] = []
  /// The vectors, in the order in which they came.
  private(set) var vectors: [[Float]] = []

  private let bytes: [UInt8]
  private var position = 0

  private static let key = [UInt8]("\"embedding\"".utf8)

  /// - Returns: `nil` when what should be a vector is not an array of numbers.
  init?(_ data: Data) {
    bytes = [UInt8](data)
    while let byte = next {
      guard byte == UInt8(ascii: "\"") else {
        rest.append(byte)
        position += 1
        continue
      }
      let start = position
      skipString()
      rest += bytes[start..<position]
      guard bytes[start..<position].elementsEqual(Self.key) else { continue }
      copySpace()
      guard next == UInt8(ascii: ":") else { continue }
      rest.append(UInt8(ascii: ":"))
      position += 1
      copySpace()
      guard next == UInt8(ascii: "[") else { continue }
      position += 1
      guard let vector = vector() else { return nil }
      rest += [UInt8]("[\(vectors.count)]".utf8)
      vectors.append(vector)
    }
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipString() {
    position += 1
    while let byte = next {
      position += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return }
    }
    position = bytes.count
  }

  private mutating func copySpace() {
    while let byte = next, Self.isSpace(byte) {
      rest.append(byte)
      position += 1
    }
  }

  private mutating func skipSpace() {
    while let byte = next, Self.isSpace(byte) { position += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// The numbers of an array whose bracket has been read.
  private mutating func vector() -> [Float]? {
    var vector: [Float] = []
    vector.reserveCapacity(vectors.last?.count ?? 1536)
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return vector
    }
    while true {
      skipSpace()
      guard let number = number() else { return nil }
      vector.append(number)
      skipSpace()
      let end = next
      position += 1
      if end == UInt8(ascii: "]") { return vector }
      guard end == UInt8(ascii: ",") else { return nil }
    }
  }

  /// A number as JSON writes it.
  private mutating func number() -> Float? {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    var digits: UInt64 = 0
    var isExact = true
    var exponent = 0
    let whole = takeDigits(into: &digits, &isExact)
    guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else { return nil }
    if take(UInt8(ascii: ".")) {
      let fraction = takeDigits(into: &digits, &isExact)
      guard fraction > 0 else { return nil }
      exponent -= fraction
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      let isSmall = take(UInt8(ascii: "-"))
      if !isSmall { _ = take(UInt8(ascii: "+")) }
      var power: UInt64 = 0
      guard takeDigits(into: &power, &isExact) > 0 else { return nil }
      let step = Int(min(power, 100_000))
      exponent += isSmall ? -step : step
    }
    // Both the digits and the power of ten are exact then, and so one operation rounds once.
    guard isExact, digits < 1 << 53, abs(exponent) < Self.powers.count else {
      return Float(String(decoding: bytes[start..<position], as: UTF8.self))
    }
    let power = Self.powers[abs(exponent)]
    let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
    return Float(isNegative ? -value : value)
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
  ]

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Takes digits; how many there were. What 18 of them do not hold is not exact.
  private mutating func takeDigits(into value: inout UInt64, _ isExact: inout Bool) -> Int {
    var count = 0
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      if value < 100_000_000_000_000_000 {
        value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
      } else {
        isExact = false
      }
      position += 1
      count += 1
    }
    return count
  }
}
