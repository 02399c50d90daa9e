/// Steele, Lea and Flood's generator (https://doi.org/10.1145/2714064.2660195): a counter in steps of the
/// golden ratio, each value mixed to 64 bits that pass the usual tests of randomness.
///
/// The same seed gives the same numbers on every machine: not for what nobody may guess.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  /// What the counter grows by: 2⁶⁴ divided by the golden ratio, made odd.
  package static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  private var counter: UInt64

  package init(seed: UInt64) { counter = seed }

  /// 64 uniformly distributed bits.
  package mutating func next() -> UInt64 {
    counter &+= Self.step
    return Self.mix(counter)
  }

  /// A number from 0 up to, not including, a bound above zero. For bounds below 2³² the odds of any two
  /// numbers differ by less than 2⁻³².
  package mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound.magnitude)).high)
  }

  /// Maps the counter to its value, one to one.
  package static func mix(_ counter: UInt64) -> UInt64 {
    var bits = counter
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
