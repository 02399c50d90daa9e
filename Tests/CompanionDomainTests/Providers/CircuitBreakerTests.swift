import CompanionDomain
import Testing

struct CircuitBreakerTests {
  private let failure = ProviderFailure(.serverError)

  // MARK: - Closed

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

  // MARK: - The ratio

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

  // MARK: - Open

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

  // MARK: - Half-open

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
    let before = breaker.breaker
    for event in Self.results(of: lost) { #expect(breaker.breaker(after: event) == before) }
    breaker.reduce(.succeeded(probe))
    #expect(breaker.phase == .halfOpen)
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
    for event in Self.results(of: probe) { #expect(breaker.breaker(after: event) == before) }
    let freed = try breaker.admitted()
    breaker.reduce(.abandoned(freed))
    let free = breaker.breaker
    for event in Self.results(of: freed) { #expect(breaker.breaker(after: event) == free) }
  }

  // MARK: - Generations

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

  private static func results(of permit: CircuitBreaker.Permit) -> [CircuitBreaker.Event] {
    [
      .succeeded(permit), .failed(permit, ProviderFailure(.overloaded)),
      .failed(permit, ProviderFailure(.rateLimited, retryAfter: .seconds(7_200))),
      .failed(permit, ProviderFailure(.authentication)), .failed(permit, ProviderFailure(.invalidRequest)),
      .failed(permit, ProviderFailure(.cancelled)), .abandoned(permit),
    ]
  }

  @Test func `a late result of an earlier era changes nothing, in no phase`() throws {
    for (breaker, old) in try Self.veterans() {
      for event in old.flatMap(Self.results) {
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

  // MARK: - Rests

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

  // MARK: - The clock

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

  // MARK: - Extremes

  private static let durations: [Duration] = [
    .zero, .nanoseconds(1), .seconds(-1), .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(Int64.max),
    Duration(attoseconds: .max), Duration(attoseconds: .min), .seconds(60),
  ]

  @Test(arguments: durations, durations)
  func `nothing traps, whatever the policy, the time and the failure are`(
    length: Duration, other: Duration
  ) throws {
    let times = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max].map(Timestamp.init(nanosecondsSinceEpoch:))
    var random = SeededGenerator(seed: 7)
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

  // MARK: - As a value

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

extension Timestamp {
  static func + (time: Timestamp, duration: Duration) -> Timestamp { time.advanced(by: duration) }
}
