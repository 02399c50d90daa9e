import CompanionPorts

/// Reads numbers from bytes of the text index. Bytes that cannot be read are damage, and never a trap.
struct IndexReader {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many bytes are left.
  var remaining: Int { bytes.count - offset }

  /// A number that is not negative, seven bits a byte, the lowest first.
  mutating func number() throws(StoreFailure) -> Int64 {
    guard offset < bytes.count else { throw Self.damage }
    let first = bytes[offset]
    offset += 1
    return first < 0x80 ? Int64(first) : try rest(of: Int64(first & 0x7f))
  }

  private mutating func rest(of low: Int64) throws(StoreFailure) -> Int64 {
    var value = low
    var shift: Int64 = 7
    while shift < 63 {
      guard offset < bytes.count else { throw Self.damage }
      let byte = bytes[offset]
      offset += 1
      value |= Int64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Self.damage
  }

  /// The same, at most a limit.
  mutating func number(upTo limit: Int64) throws(StoreFailure) -> Int64 {
    let value = try number()
    guard value <= limit else { throw Self.damage }
    return value
  }

  /// How many elements follow: each of them takes a byte at least.
  mutating func count() throws(StoreFailure) -> Int { Int(try number(upTo: Int64(remaining))) }

  /// A number of so many bytes, the lowest first.
  mutating func fixed(bytes count: Int) throws(StoreFailure) -> UInt64 {
    guard remaining >= count else { throw Self.damage }
    defer { offset += count }
    return bytes.fixed(at: offset, bytes: count)
  }

  static var damage: StoreFailure { .corrupt("the text index cannot be read") }
}

extension [UInt8] {
  /// A number of so many bytes, the lowest first, which are there.
  func fixed(at offset: Int, bytes count: Int) -> UInt64 {
    var value: UInt64 = 0
    var place = count
    while place > 0 {
      place -= 1
      value = value << 8 | UInt64(self[offset + place])
    }
    return value
  }

  /// Appends a number that is not negative as ``IndexReader/number()`` reads it.
  mutating func append(number: Int64) {
    var rest = UInt64(bitPattern: number)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a number of so many bytes as ``IndexReader/fixed(bytes:)`` reads it.
  mutating func append(fixed value: UInt64, bytes count: Int) {
    for place in 0..<count { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
  }
}
