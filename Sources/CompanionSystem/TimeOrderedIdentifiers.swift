import CompanionDomain
public import CompanionPorts
import Synchronization

/// Identifiers that sort by the time of their making: 48 bits of milliseconds, then 80 random bits.
///
/// Within one source they strictly increase, also within one millisecond and when the clock is set back: the
/// next one is then the last one plus a random step. Between processes they are as unique as 80 random bits
/// within one millisecond are.
public final class TimeOrderedIdentifiers: IdentifierSource {
  private let time: any TimeSource
  private let random: any RandomSource
  private let last = Mutex<UInt128>(0)

  /// A source whose identifiers start with the time of `time` and end with bits of `random`.
  public init(time: any TimeSource, random: any RandomSource) {
    self.time = time
    self.random = random
  }

  /// A new identifier's bits, greater than all that this source has returned before.
  public func nextBits() -> UInt128 {
    let milliseconds = UInt128(max(0, time.now.nanosecondsSinceEpoch) / 1_000_000)
    let chance = (UInt128(random.nextBits() & 0xffff) << 64) | UInt128(random.nextBits())
    let candidate = (milliseconds << 80) | chance
    return last.withLock { last in
      // A step of up to 2^32 leaves room for 2^48 identifiers in a millisecond, and is not to be guessed.
      last = candidate > last ? candidate : last &+ 1 &+ (chance & 0xffff_ffff)
      return last
    }
  }
}

extension IdentifierSource where Self == TimeOrderedIdentifiers {
  /// Identifiers from the machine's clock and the system's random numbers; a new source at each call.
  public static var timeOrdered: TimeOrderedIdentifiers {
    TimeOrderedIdentifiers(time: .system, random: .system)
  }
}
