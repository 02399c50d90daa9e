import CompanionDomain
import Testing

struct CircuitBreakerTests {
  private let failure = ProviderFailure(.serverError)

  @Test func `a new breaker is closed, and admits everything`() throws {
    var breaker = BreakerUnderTest()
    #expect(breaker.phase == .closed)
    #expect(breaker.availability == .ready)
    for _ in 0..<1_000 { #expect(try !breaker.admitted().isProbe) }
    #expect(breaker.phase == .closed)
  }

  @Test func `it opens at five failures in a row, for 60 seconds`() throws {
    var breaker = BreakerUnderTest()
    for count in 1...4 {
      try breaker.fail(failure)
      #expect(breaker.phase == .closed)
      #expect(breaker.breaker.consecutiveFailures == count)
    }
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(60)))
    #expect(breaker.admit() == nil)
  }

  @Test func `a success in between begins the row anew`() throws {
    var breaker = BreakerUnderTest()
    for _ in 0..<3 {
      for _ in 0..<4 { try breaker.fail(failure) }
      try breaker.succeed()
      #expect(breaker.breaker.consecutiveFailures == 0)
    }
    #expect(breaker.phase == .closed)
  }

  @Test(arguments: [Int.min, -1, 0, 1])
  func `at least one failure opens it, whatever the policy says`(threshold: Int) throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: threshold))
    try breaker.succeed()
    #expect(breaker.phase == .closed)
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
  }

  @Test(
    arguments: [
      .rateLimited, .overloaded, .unreachable, .serverError, .timedOut, .connectionLost, .streamCut,
      .malformedResponse, .unknown,
    ] as [ProviderFailure.Kind])
  func `what may pass counts as one of five`(kind: ProviderFailure.Kind) throws {
    var breaker = BreakerUnderTest()
    for _ in 0..<4 { try breaker.fail(ProviderFailure(kind)) }
    #expect(breaker.phase == .closed)
    try breaker.fail(ProviderFailure(kind))
    #expect(breaker.phase == .open)
  }

  @Test(
    arguments: [
      .authentication, .quotaExhausted, .modelNotFound, .budgetExhausted,
    ] as [ProviderFailure.Kind])
  func `what no other request will escape opens it at once, for longer`(kind: ProviderFailure.Kind) throws {
    var breaker = BreakerUnderTest()
    try breaker.fail(ProviderFailure(kind))
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(1_800)))
  }

  @Test(
    arguments: [
      .invalidRequest, .contextLengthExceeded, .contentFiltered, .refused, .incomplete, .notCapable,
      .cancelled,
    ] as [ProviderFailure.Kind])
  func `what says nothing about the provider changes nothing`(kind: ProviderFailure.Kind) throws {
    var breaker = BreakerUnderTest()
    for _ in 0..<4 { try breaker.fail(failure) }
    let before = breaker.breaker
    for _ in 0..<50 { try breaker.fail(ProviderFailure(kind, retryAfter: .seconds(9))) }
    try breaker.abandon()
    #expect(breaker.breaker == before)
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
  }

  @Test func `it opens when half of the calls of a minute have failed, of 20 at least`() throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: 100))
    for _ in 0..<10 { try breaker.succeed() }
    for _ in 0..<9 { try breaker.fail(failure) }
    #expect(breaker.phase == .closed)
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
  }

  @Test func `below the ratio it stays closed`() throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: 100))
    for _ in 0..<200 {
      try breaker.succeed()
      try breaker.succeed()
      try breaker.fail(failure)
    }
    #expect(breaker.phase == .closed)
  }

  @Test func `what was longer ago than the window does not count`() throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: 100, minimumCalls: 10))
    for _ in 0..<9 { try breaker.fail(failure) }
    breaker.pass(60)
    for _ in 0..<9 { try breaker.fail(failure) }
    #expect(breaker.phase == .closed)
    breaker.pass(50)
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
  }

  @Test(arguments: [Double.nan, 1.01, .infinity])
  func `a ratio that cannot be reached never opens it`(ratio: Double) throws {
    var breaker = BreakerUnderTest(
      .init(consecutiveFailures: .max, failureRatio: ratio, minimumCalls: 1))
    for _ in 0..<500 { try breaker.fail(failure) }
    #expect(breaker.phase == .closed)
  }

  @Test(arguments: [Double.zero, -1, -.infinity, .leastNonzeroMagnitude])
  func `at the smallest ratio a failure opens it, and a success does not`(ratio: Double) throws {
    var breaker = BreakerUnderTest(.init(consecutiveFailures: 100, failureRatio: ratio, minimumCalls: 2))
    for _ in 0..<10 { try breaker.succeed() }
    #expect(breaker.phase == .closed)
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
  }

  @Test func `open, it admits nothing before its cooldown, and a probe at its end`() throws {
    var breaker = try BreakerUnderTest.open()
    for _ in 0..<59 {
      breaker.pass(1)
      #expect(breaker.admit() == nil)
      #expect(breaker.phase == .open)
    }
    breaker.pass(1)
    #expect(breaker.availability == .ready)
    #expect(breaker.phase == .open)
    #expect(try breaker.admitted().isProbe)
    #expect(breaker.phase == .halfOpen)
  }

  @Test func `the cooldown doubles each time that it opens again, to the maximum`() throws {
    var breaker = try BreakerUnderTest.open()
    for seconds in [60, 120, 240, 480, 960, 960, 960] {
      #expect(breaker.availability == .resting(until: breaker.time(seconds)))
      breaker.pass(seconds)
      try breaker.fail(failure)
      #expect(breaker.phase == .open)
    }
  }

  @Test func `closed again, it begins with the first cooldown`() throws {
    var breaker = try BreakerUnderTest.open()
    breaker.pass(60)
    try breaker.fail(failure)
    breaker.pass(120)
    try breaker.succeed()
    try breaker.succeed()
    #expect(breaker.phase == .closed)
    #expect(breaker.breaker.consecutiveFailures == 0)
    for _ in 0..<5 { try breaker.fail(failure) }
    #expect(breaker.availability == .resting(until: breaker.time(60)))
  }

  @Test func `the longest of cooldown, permanent cooldown and Retry-After counts`() throws {
    func rest(_ kind: ProviderFailure.Kind, retryAfter: Duration?) throws -> CircuitBreaker.Availability {
      var breaker = BreakerUnderTest(.init(consecutiveFailures: 1))
      try breaker.fail(ProviderFailure(kind, retryAfter: retryAfter))
      return breaker.availability
    }
    let start = BreakerUnderTest.start
    #expect(try rest(.overloaded, retryAfter: .seconds(5)) == .resting(until: start + .seconds(60)))
    #expect(try rest(.overloaded, retryAfter: .seconds(90)) == .resting(until: start + .seconds(90)))
    #expect(try rest(.authentication, retryAfter: .seconds(90)) == .resting(until: start + .seconds(1_800)))
    #expect(
      try rest(.authentication, retryAfter: .seconds(9_000)) == .resting(until: start + .seconds(9_000)))
    #expect(try rest(.overloaded, retryAfter: .seconds(-90)) == .resting(until: start + .seconds(60)))
  }

  @Test func `half-open, one probe is admitted at a time, and two successes close it`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let probe = try breaker.admitted()
    #expect(breaker.admit() == nil)
    #expect(breaker.availability == .probing(until: breaker.time(60)))
    breaker.reduce(.succeeded(probe))
    #expect(breaker.phase == .halfOpen)
    #expect(breaker.availability == .ready)
    let second = try breaker.admitted()
    #expect(second.isProbe)
    #expect(breaker.admit() == nil)
    breaker.reduce(.succeeded(second))
    #expect(breaker.phase == .closed)
    #expect(try !breaker.admitted().isProbe)
  }

  @Test(arguments: [Int.min, 0, 1, 2, 3])
  func `it closes after as many successes as the policy says, and after one at least`(count: Int) throws {
    var breaker = try BreakerUnderTest.halfOpen(.init(successesToClose: count))
    for _ in 1..<max(count, 1) + 1 {
      #expect(breaker.phase == .halfOpen)
      try breaker.succeed()
    }
    #expect(breaker.phase == .closed)
  }

  @Test func `a success before does not help a probe that fails`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    try breaker.succeed()
    try breaker.fail(failure)
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(120)))
    breaker.pass(120)
    try breaker.succeed()
    #expect(breaker.phase == .halfOpen)
  }

  @Test(arguments: [ProviderFailure.Kind.cancelled, .invalidRequest, .contentFiltered])
  func `a probe that says nothing frees its place`(kind: ProviderFailure.Kind) throws {
    var breaker = try BreakerUnderTest.halfOpen()
    try breaker.fail(ProviderFailure(kind))
    #expect(breaker.phase == .halfOpen)
    #expect(breaker.availability == .ready)
    try breaker.abandon()
    #expect(breaker.availability == .ready)
    try breaker.succeed()
    try breaker.succeed()
    #expect(breaker.phase == .closed)
  }

  @Test func `a probe that never returns holds nobody up for longer than the cooldown`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let lost = try breaker.admitted()
    breaker.pass(59)
    #expect(breaker.admit() == nil)
    breaker.pass(1)
    let probe = try breaker.admitted()
    #expect(probe.isProbe)
    breaker.reduce(.succeeded(probe))
    #expect(breaker.phase == .halfOpen)
    // It was only slow: calls that take longer than the cooldown show that the provider is well, too.
    breaker.reduce(.succeeded(lost))
    #expect(breaker.phase == .closed)
  }

  @Test func `a slow probe that fails opens it again, and the one behind it changes nothing`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let slow = try breaker.admitted()
    breaker.pass(60)
    let next = try breaker.admitted()
    breaker.reduce(.failed(slow, failure))
    #expect(breaker.phase == .open)
    let before = breaker.breaker
    for event in next.results { #expect(breaker.breaker(after: event) == before) }
  }

  @Test func `calls that take longer than the cooldown close it`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    var underWay: [CircuitBreaker.Permit] = []
    for second in 0..<600 where breaker.phase != .closed {
      if let permit = breaker.admit() { underWay.append(permit) }
      // Each takes a minute and a half.
      if second >= 90, second % 60 == 30, !underWay.isEmpty {
        breaker.reduce(.succeeded(underWay.removeFirst()))
      }
      breaker.pass(1)
    }
    #expect(breaker.phase == .closed)
  }

  @Test func `a probe that comes late counts while there is no other`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let late = try breaker.admitted()
    breaker.pass(10_000)
    breaker.reduce(.failed(late, failure))
    #expect(breaker.phase == .open)
    #expect(breaker.availability == .resting(until: breaker.time(120)))
  }

  @Test func `a probe's result counts once`() throws {
    var breaker = try BreakerUnderTest.halfOpen()
    let probe = try breaker.admitted()
    breaker.reduce(.succeeded(probe))
    let before = breaker.breaker
    for event in probe.results { #expect(breaker.breaker(after: event) == before) }
    let freed = try breaker.admitted()
    breaker.reduce(.abandoned(freed))
    let free = breaker.breaker
    for event in freed.results { #expect(breaker.breaker(after: event) == free) }
  }
}
