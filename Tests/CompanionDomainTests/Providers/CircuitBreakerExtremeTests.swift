import CompanionDomain
import Testing

/// Clocks that are set back, and values that make no sense.
struct CircuitBreakerExtremeTests {
  private let failure = ProviderFailure(.serverError)

  @Test func `a clock that is set back makes a cooldown no longer than it was`() throws {
    var breaker = try BreakerUnderTest.open()
    breaker.pass(30)
    breaker.pass(-86_400)
    #expect(breaker.availability == .resting(until: breaker.time(60)))
    #expect(breaker.admit() == nil)
    breaker.pass(59)
    #expect(breaker.admit() == nil)
    breaker.pass(1)
    #expect(try breaker.admitted().isProbe)
    // The probe's time is not longer either.
    breaker.pass(-86_400)
    breaker.breaker.adjust(to: breaker.now)
    breaker.pass(60)
    #expect(breaker.availability == .ready)
  }

  @Test func `a clock that is set back by less than has passed leaves an end where it is`() throws {
    var breaker = try BreakerUnderTest.open()
    let end = breaker.time(60)
    breaker.pass(30)
    breaker.pass(-20)
    breaker.breaker.adjust(to: breaker.now)
    #expect(breaker.availability == .resting(until: end))
  }

  @Test func `failures that a clock that was set back has put into the future do not count`() throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: 100, minimumCalls: 5))
    for _ in 0..<4 { try breaker.fail(failure) }
    breaker.pass(-3_600)
    try breaker.fail(failure)
    #expect(breaker.phase == .closed)
  }

  private static let durations: [Duration] = [
    .zero, .nanoseconds(1), .seconds(-1), .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(Int64.max),
    Duration(attoseconds: .max), Duration(attoseconds: .min), .seconds(60),
  ]

  @Test(arguments: durations, durations)
  func `nothing traps, whatever the policy, the time and the failure are`(
    length: Duration, other: Duration
  ) throws {
    let times = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max].map(Timestamp.init(nanosecondsSinceEpoch:))
    var random = SplitMix64(seed: 7)
    for ratio in [Double.nan, -.infinity, 0, .infinity] {
      for count in [Int.min, 0, 1, .max] {
        let policy = CircuitBreaker.Policy(
          consecutiveFailures: count, failureRatio: ratio, window: length, minimumCalls: count,
          cooldown: length, maximumCooldown: other, permanentCooldown: other, successesToClose: count)
        var breaker = CircuitBreaker(policy: policy)
        var permits: [CircuitBreaker.Permit] = []
        for _ in 0..<60 {
          let now = times.randomElement(using: &random) ?? .epoch
          if let permit = breaker.reduce(.admit, at: now) { permits.append(permit) }
          let kind = [ProviderFailure.Kind.overloaded, .authentication, .cancelled].randomElement(
            using: &random)
          guard let kind, let permit = permits.randomElement(using: &random) else { continue }
          let event: CircuitBreaker.Event =
            Bool.random(using: &random)
            ? .failed(permit, ProviderFailure(kind, retryAfter: other)) : .succeeded(permit)
          #expect(breaker.reduce(event, at: times.randomElement(using: &random) ?? .epoch) == nil)
          _ = breaker.availability(at: times.randomElement(using: &random) ?? .epoch)
        }
      }
    }
  }

  @Test func `a cooldown beyond all time ends at the end of time`() throws {
    var breaker = BreakerUnderTest(
      .init(
        consecutiveFailures: 1, cooldown: Duration(attoseconds: .max),
        maximumCooldown: Duration(attoseconds: .max)))
    try breaker.fail(failure)
    #expect(breaker.availability == .resting(until: .distantFuture))
  }

  @Test(arguments: [Duration.zero, .seconds(-60)])
  func `without a cooldown the next call is a probe at once`(cooldown: Duration) throws {
    var breaker = BreakerUnderTest(
      .init(consecutiveFailures: 1, cooldown: cooldown, permanentCooldown: cooldown))
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
    #expect(try breaker.admitted().isProbe)
    // A probe has a second all the same.
    #expect(breaker.availability == .probing(until: breaker.time(1)))
  }
}
