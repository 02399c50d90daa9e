import CompanionDomain
public import CompanionPorts
import Synchronization

/// Identifiers that look like any others and repeat: the same seed gives the same ones in the same order.
///
/// They are unique among themselves, up to 2⁶³ of them. They are in no order, so that nothing comes to rely
/// on one.
public final class SeededIdentifiers: IdentifierSource {
  private let counter: Atomic<UInt64>

  /// Identifiers that begin anew with this seed.
  public init(seed: UInt64) { counter = Atomic(seed) }

  /// The seed's next 128 bits.
  public func nextBits() -> UInt128 {
    let taken = counter.wrappingAdd(SplitMix64.step &* 2, ordering: .relaxed)
    let low = SplitMix64.mix(taken.oldValue &+ SplitMix64.step)
    return UInt128(SplitMix64.mix(taken.newValue)) << 64 | UInt128(low)
  }
}

/// Identifiers that are easy to read in a test: 1, 2, 3 and so on.
public final class SequentialIdentifiers: IdentifierSource {
  private let last: Atomic<UInt64>

  /// - Parameter last: the number before the first.
  public init(after last: UInt64 = 0) { self.last = Atomic(last) }

  /// The next number.
  public func nextBits() -> UInt128 {
    UInt128(last.wrappingAdd(1, ordering: .relaxed).newValue)
  }
}
