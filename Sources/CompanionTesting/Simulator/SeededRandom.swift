import CompanionDomain
public import CompanionPorts
import Synchronization

/// Chance that repeats: the same seed gives the same bits in the same order, on any machine.
public final class SeededRandom: RandomSource {
  private let counter: Atomic<UInt64>

  /// Chance that begins anew with this seed.
  public init(seed: UInt64) { counter = Atomic(seed) }

  /// 64 uniformly distributed bits, the next of the seed's.
  public func nextBits() -> UInt64 {
    SplitMix64.mix(counter.wrappingAdd(SplitMix64.step, ordering: .relaxed).newValue)
  }
}
