import CompanionDomain
import Testing

/// A breaker and a clock beside it.
struct BreakerUnderTest {
  /// 2026-03-01T09:30:00Z.
  static let start = Timestamp(nanosecondsSinceEpoch: 1_772_357_400_000_000_000)

  var breaker: CircuitBreaker
  var now = Self.start

  init(_ policy: CircuitBreaker.Policy = CircuitBreaker.Policy()) { breaker = CircuitBreaker(policy: policy) }

  /// One that has just opened.
  static func open(_ policy: CircuitBreaker.Policy = CircuitBreaker.Policy()) throws -> BreakerUnderTest {
    var breaker = BreakerUnderTest(policy)
    for _ in 0..<5 { try breaker.fail(ProviderFailure(.overloaded)) }
    #expect(breaker.phase == .open)
    return breaker
  }

  /// One whose first probe has told nothing.
  static func halfOpen(_ policy: CircuitBreaker.Policy = CircuitBreaker.Policy()) throws -> BreakerUnderTest {
    var breaker = try open(policy)
    breaker.pass(60)
    try breaker.abandon()
    #expect(breaker.phase == .halfOpen)
    return breaker
  }

  var phase: CircuitBreaker.Phase { breaker.phase }
  var availability: CircuitBreaker.Availability { breaker.availability(at: now) }

  func time(_ seconds: Int) -> Timestamp { now.advanced(by: .seconds(seconds)) }

  mutating func pass(_ seconds: Int) { now = time(seconds) }

  func breaker(after event: CircuitBreaker.Event) -> CircuitBreaker {
    breaker.reducing(event, at: now).breaker
  }

  mutating func reduce(_ event: CircuitBreaker.Event) { breaker = breaker(after: event) }

  mutating func admit() -> CircuitBreaker.Permit? {
    let (next, permit) = breaker.reducing(.admit, at: now)
    breaker = next
    return permit
  }

  mutating func admitted() throws -> CircuitBreaker.Permit { try #require(admit()) }

  mutating func succeed() throws { reduce(.succeeded(try admitted())) }

  mutating func fail(_ failure: ProviderFailure) throws { reduce(.failed(try admitted(), failure)) }

  mutating func abandon() throws { reduce(.abandoned(try admitted())) }
}

extension CircuitBreaker.Permit {
  /// Every way in which the call may end.
  var results: [CircuitBreaker.Event] {
    [
      .succeeded(self), .failed(self, ProviderFailure(.overloaded)),
      .failed(self, ProviderFailure(.rateLimited, retryAfter: .seconds(7_200))),
      .failed(self, ProviderFailure(.authentication)), .failed(self, ProviderFailure(.invalidRequest)),
      .failed(self, ProviderFailure(.cancelled)), .abandoned(self),
    ]
  }
}

extension Timestamp {
  static func + (time: Timestamp, duration: Duration) -> Timestamp { time.advanced(by: duration) }
}
