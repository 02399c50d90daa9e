/// Where chance comes from: seeded in tests, so that a run can be repeated.
public protocol RandomSource: Sendable {
  /// 64 uniformly distributed bits.
  func nextBits() -> UInt64
}
