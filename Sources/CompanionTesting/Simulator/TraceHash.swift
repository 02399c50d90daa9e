/// A running FNV-1a hash of 64 bits (RFC 9923): the same in every process and on every machine, which
/// the standard library's `Hasher` is not.
struct TraceHash: Hashable, Sendable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func combine(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }

  /// Takes a number, lowest byte first.
  mutating func combine(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      combine(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  /// Takes a text's UTF-8, and an end: the hash of two texts is not that of the two joined.
  mutating func combine(_ text: String) {
    for byte in text.utf8 { combine(byte) }
    combine(0xff as UInt8)
  }
}
