/// When a failed attempt is tried again: exponential backoff with full jitter.
///
/// Full jitter, a wait drawn from zero to the backoff, spreads retries best; see
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
public struct RetryPolicy: Hashable, Sendable {
  /// How often a task is tried again after its first attempt.
  public var maximumRetries: Int
  /// The longest wait before the first retry. It doubles with each further one.
  public var base: Duration
  /// What the wait grows to at the most.
  public var cap: Duration

  /// A policy; 3 retries, from 100 ms to 10 s, unless said otherwise. What is negative counts as zero.
  public init(
    maximumRetries: Int = 3, base: Duration = .milliseconds(100), cap: Duration = .seconds(10)
  ) {
    self.maximumRetries = max(0, maximumRetries)
    self.base = max(.zero, base)
    self.cap = max(.zero, cap)
  }

  /// The longest wait before a retry: base × 2ⁿ after n failed attempts before this one, up to the cap, and
  /// to some 292 years.
  public func backoff(afterFailures earlier: Int) -> Duration {
    let cap = min(max(.zero, cap), .nanoseconds(Int64.max))
    var backoff = min(max(.zero, base), cap)
    for _ in 0..<max(0, earlier) {
      guard backoff > .zero, backoff < cap else { break }
      backoff = backoff * 2
    }
    return min(backoff, cap)
  }

  /// How long to wait before a task is tried again; `nil` when it is not.
  ///
  /// - Parameters:
  ///   - failure: why the attempt failed. What its provider asks for wins where it is longer.
  ///   - earlier: how many attempts had failed before.
  ///   - bits: 64 random bits.
  public func delay(after failure: TaskFailure, earlierFailures earlier: Int, bits: UInt64) -> Duration? {
    guard failure.isRetryable, earlier < maximumRetries else { return nil }
    return max(
      Self.jittered(backoff(afterFailures: earlier), bits: bits), failure.retryAfter ?? .zero)
  }

  /// A wait from zero to the longest, so that those who wait for the same do not end together.
  package static func jittered(_ longest: Duration, bits: UInt64) -> Duration {
    let nanoseconds = UInt64(max(longest, .zero).nanoseconds)
    return .nanoseconds(Int64((nanoseconds + 1).multipliedFullWidth(by: bits).high))
  }
}
