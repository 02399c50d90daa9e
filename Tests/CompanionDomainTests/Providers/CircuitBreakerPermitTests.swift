import CompanionDomain
import Testing

/// Which results count, and for how long a provider rests.
struct CircuitBreakerPermitTests {
  private let failure = ProviderFailure(.serverError)

  /// Breakers in every phase that have been in all others before, and a permit of each earlier era.
  private static func veterans() throws -> [(breaker: BreakerUnderTest, old: [CircuitBreaker.Permit])] {
    var breaker = BreakerUnderTest()
    var old = [try breaker.admitted()]
    var veterans: [(BreakerUnderTest, [CircuitBreaker.Permit])] = []
    for _ in 0..<5 { try breaker.fail(ProviderFailure(.overloaded)) }
    veterans.append((breaker, old))
    breaker.pass(60)
    let probe = try breaker.admitted()
    veterans.append((breaker, old))
    old.append(probe)
    breaker.reduce(.succeeded(probe))
    veterans.append((breaker, old))
    let second = try breaker.admitted()
    old.append(second)
    breaker.reduce(.succeeded(second))
    veterans.append((breaker, old))
    old.append(try breaker.admitted())
    try breaker.fail(ProviderFailure(.authentication))
    veterans.append((breaker, old))
    breaker.pass(1_800)
    old.append(try breaker.admitted())
    breaker.reduce(.failed(try #require(old.last), ProviderFailure(.overloaded)))
    veterans.append((breaker, old))
    #expect(veterans.map(\.0.phase) == [.open, .halfOpen, .halfOpen, .closed, .open, .open])
    return veterans
  }

  @Test func `a late result of an earlier era changes nothing, in no phase`() throws {
    for (breaker, old) in try Self.veterans() {
      for event in old.flatMap(\.results) {
        #expect(breaker.breaker(after: event) == breaker.breaker)
        #expect(breaker.breaker.reducing(event, at: breaker.now).permit == nil)
      }
    }
  }

  @Test func `a call that was under way when it opened says nothing of how it is now`() throws {
    var breaker = BreakerUnderTest()
    let late = try (0..<20).map { _ in try breaker.admitted() }
    for _ in 0..<5 { try breaker.fail(failure) }
    let before = breaker.breaker
    for permit in late { breaker.reduce(.failed(permit, failure)) }
    for permit in late { breaker.reduce(.succeeded(permit)) }
    #expect(breaker.breaker == before)
  }

  @Test func `what it is blamed for afterwards counts like any failure`() throws {
    var breaker = BreakerUnderTest()
    for count in 1...5 {
      #expect(breaker.phase == .closed)
      let permit = try breaker.admitted()
      breaker.reduce(.abandoned(permit))
      #expect(breaker.breaker.consecutiveFailures == count - 1)
      breaker.reduce(.blamed(permit, failure))
    }
    #expect(breaker.phase == .open)
    breaker.pass(60)
    let probe = try breaker.admitted()
    breaker.reduce(.abandoned(probe))
    #expect(breaker.phase == .halfOpen)
    breaker.reduce(.blamed(probe, failure))
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(120)))
    // What was abandoned before it opened says nothing new.
    let before = breaker.breaker
    breaker.reduce(.blamed(probe, failure))
    #expect(breaker.breaker == before)
  }

  @Test func `it is not to blame for what was asked`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let probe = try breaker.admitted()
    breaker.reduce(.abandoned(probe))
    let before = breaker.breaker
    breaker.reduce(.blamed(probe, ProviderFailure(.invalidRequest)))
    #expect(breaker.breaker == before)
  }

  @Test func `a provider that asks for a rest gets it, and stays closed`() throws {
    var breaker = BreakerUnderTest()
    try breaker.fail(ProviderFailure(.rateLimited, retryAfter: .seconds(20)))
    #expect(breaker.phase == .closed)
    #expect(breaker.availability == .resting(until: breaker.time(20)))
    #expect(breaker.admit() == nil)
    breaker.pass(20)
    #expect(try !breaker.admitted().isProbe)
  }

  @Test(arguments: [Duration.zero, .seconds(-5)])
  func `a rest of no length is none`(length: Duration) throws {
    var breaker = BreakerUnderTest()
    try breaker.fail(ProviderFailure(.rateLimited, retryAfter: length))
    #expect(breaker.availability == .ready)
  }

  @Test func `a rest is never shortened, and may be made longer`() throws {
    var breaker = BreakerUnderTest()
    let calls = try (0..<4).map { _ in try breaker.admitted() }
    func asking(_ seconds: Int) -> ProviderFailure {
      ProviderFailure(.rateLimited, retryAfter: .seconds(seconds))
    }
    let end = breaker.time(20)
    breaker.reduce(.failed(calls[0], asking(20)))
    breaker.pass(5)
    breaker.reduce(.failed(calls[1], asking(1)))
    #expect(breaker.availability == .resting(until: end))
    breaker.reduce(.succeeded(calls[2]))
    #expect(breaker.availability == .resting(until: end))
    breaker.reduce(.failed(calls[3], asking(30)))
    #expect(breaker.availability == .resting(until: breaker.time(30)))
  }

  @Test func `an opening does not shorten a rest`() throws {
    var breaker = BreakerUnderTest()
    let late = try breaker.admitted()
    try breaker.fail(ProviderFailure(.rateLimited, retryAfter: .seconds(10_000)))
    breaker.reduce(.failed(late, ProviderFailure(.authentication)))
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(10_000)))
  }

  @Test func `calls that met the same limit count as one failure`() throws {
    var breaker = BreakerUnderTest()
    let limited = ProviderFailure(.rateLimited, retryAfter: .seconds(10))
    let calls = try (0..<50).map { _ in try breaker.admitted() }
    for call in calls { breaker.reduce(.failed(call, limited)) }
    #expect(breaker.phase == .closed)
    #expect(breaker.breaker.consecutiveFailures == 1)
    for count in 2...5 {
      breaker.pass(10)
      #expect(breaker.phase == .closed)
      try breaker.fail(limited)
      #expect(breaker.breaker.consecutiveFailures == count)
    }
    #expect(breaker.phase == .open)
  }

  @Test func `reducing leaves the breaker as it is`() {
    let breaker = CircuitBreaker()
    let (next, permit) = breaker.reducing(.admit, at: .epoch)
    #expect(permit != nil)
    #expect(breaker == CircuitBreaker())
    #expect(next == breaker)
  }

  @Test func `breakers in the same state are equal, and hash the same`() throws {
    let (first, second) = (try Self.veterans(), try Self.veterans())
    #expect(first.map(\.breaker.breaker) == second.map(\.breaker.breaker))
    #expect(Set((first + second).map(\.breaker.breaker)).count == first.count)
  }
}
