/// A term of one partition as a number, under which the text index keeps what it knows of it.
///
/// The index has no words, only these: two terms of the same number would count as one. Of a million terms no
/// two have the same but with a probability of 3 in a hundred million, and all that would suffer is an order.
struct TermHash: Hashable, Comparable, Sendable {
  let rawValue: Int64

  init(rawValue: Int64) { self.rawValue = rawValue }

  /// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), then the last step of MurmurHash3, because the
  /// first alone leaves the high bits of short words alike.
  init(_ term: String, in partition: Int64) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for shift in stride(from: 0, to: 64, by: 8) {
      hash = (hash ^ (UInt64(bitPattern: partition) >> UInt64(shift)) & 0xff) &* 0x0000_0100_0000_01b3
    }
    for byte in term.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
    rawValue = Int64(bitPattern: hash ^ hash >> 33)
  }

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
