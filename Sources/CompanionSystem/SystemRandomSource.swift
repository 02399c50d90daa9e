public import CompanionPorts

/// The system's cryptographically secure random numbers.
public struct SystemRandomSource: RandomSource {
  /// The system's random numbers; it has no state of its own.
  public init() {}

  /// 64 uniformly distributed bits.
  public func nextBits() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

extension RandomSource where Self == SystemRandomSource {
  /// The system's cryptographically secure random numbers.
  public static var system: SystemRandomSource { SystemRandomSource() }
}
