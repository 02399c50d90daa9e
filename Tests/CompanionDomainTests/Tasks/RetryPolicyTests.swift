import CompanionDomain
import Testing

struct RetryPolicyTests {
  private let transient = TaskFailure.provider(ProviderFailure(.overloaded))

  @Test func `the usual policy doubles from 100 ms to 10 s, and retries three times`() {
    let policy = RetryPolicy()
    let backoffs = (0...8).map { policy.backoff(afterFailures: $0) }
    #expect(
      backoffs == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
    #expect(policy.maximumRetries == 3)
    #expect(policy.delay(after: transient, earlierFailures: 2, bits: .max) == .milliseconds(400))
    #expect(policy.delay(after: transient, earlierFailures: 3, bits: 0) == nil)
  }

  @Test(arguments: [0, 1, 2, 5, 40])
  func `the jitter is full: from nothing to the whole backoff`(earlier: Int) throws {
    let policy = RetryPolicy(maximumRetries: 100)
    let backoff = policy.backoff(afterFailures: earlier)
    #expect(policy.delay(after: transient, earlierFailures: earlier, bits: 0) == .zero)
    #expect(policy.delay(after: transient, earlierFailures: earlier, bits: .max) == backoff)
    let middle = try #require(policy.delay(after: transient, earlierFailures: earlier, bits: 1 << 63))
    #expect(middle >= backoff / 2 - .nanoseconds(1) && middle <= backoff / 2 + .nanoseconds(1))
    var random = SplitMix64(seed: 3)
    for _ in 0..<1000 {
      let delay = try #require(
        policy.delay(after: transient, earlierFailures: earlier, bits: random.next()))
      #expect(delay >= .zero && delay <= backoff)
    }
  }

  @Test func `what the provider asks for wins where it is longer`() {
    let policy = RetryPolicy(base: .seconds(2))
    func delay(_ asked: Duration, bits: UInt64) -> Duration? {
      policy.delay(
        after: .provider(ProviderFailure(.rateLimited, retryAfter: asked)), earlierFailures: 0, bits: bits)
    }
    #expect(delay(.seconds(60), bits: .max) == .seconds(60))
    #expect(delay(.seconds(1), bits: .max) == .seconds(2))
    #expect(delay(.seconds(1), bits: 0) == .seconds(1))
    #expect(delay(.seconds(-1), bits: 0) == .zero)
  }

  @Test(
    arguments: [
      .provider(ProviderFailure(.authentication)), .provider(ProviderFailure(.contentFiltered)),
      .deadlinePassed, .unknownKind("k"), .undecodable("x"), .oversized(bytes: 2, limit: 1),
      .unstorable("x"), .handler("x", isPermanent: true),
    ] as [TaskFailure])
  func `what cannot succeed is not tried again`(failure: TaskFailure) {
    #expect(!failure.isRetryable)
    #expect(RetryPolicy().delay(after: failure, earlierFailures: 0, bits: 0) == nil)
  }

  @Test(
    arguments: [
      .provider(ProviderFailure(.timedOut)), .provider(ProviderFailure(.cancelled)),
      .attemptTimedOut(after: .seconds(1)), .abandoned(rescues: 1), .handler("x", isPermanent: false),
    ] as [TaskFailure])
  func `what may succeed is tried again`(failure: TaskFailure) {
    #expect(failure.isRetryable)
    #expect(RetryPolicy().delay(after: failure, earlierFailures: 0, bits: 0) == .zero)
  }

  @Test(.timeLimit(.minutes(1)))
  func `extreme counts and durations give a delay instead of a trap`() {
    let longest = Duration.seconds(Int64.max)
    for base in [Duration.zero, .nanoseconds(1), .seconds(1), longest, longest * 16, .seconds(-1)] {
      for cap in [Duration.zero, .seconds(10), longest, longest * 18, .seconds(-1)] {
        var policy = RetryPolicy(maximumRetries: .max)
        policy.base = base
        policy.cap = cap
        for earlier in [Int.min, -1, 0, 1, 63, 64, 1000, .max - 1] {
          let backoff = policy.backoff(afterFailures: earlier)
          #expect(backoff >= .zero && backoff <= max(cap, .zero))
          let delay = policy.delay(after: transient, earlierFailures: earlier, bits: .max)
          #expect(delay.map { $0 >= .zero && $0 <= backoff } ?? false)
        }
      }
    }
    #expect(RetryPolicy(maximumRetries: -1).maximumRetries == 0)
    #expect(RetryPolicy(maximumRetries: 0).delay(after: transient, earlierFailures: 0, bits: 0) == nil)
  }
}
