import CompanionDomain
import Testing

/// Long random lives, checked against a model that keeps everything and looks it up anew each time.
struct CircuitBreakerWalkTests {
  private static let policies = [
    CircuitBreaker.Policy(), .init(consecutiveFailures: 1, successesToClose: 1),
    .init(consecutiveFailures: .max, failureRatio: 0.3, window: .seconds(20), minimumCalls: 4),
    .init(consecutiveFailures: 3, failureRatio: 2, cooldown: .zero, permanentCooldown: .zero),
    .init(cooldown: .seconds(7), maximumCooldown: .seconds(10), successesToClose: 5),
    .init(cooldown: .seconds(90), maximumCooldown: .seconds(30), permanentCooldown: .seconds(1)),
  ]

  @Test(arguments: policies, 0..<20 as Range<UInt64>)
  func `a breaker does what a naive model does`(policy: CircuitBreaker.Policy, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var breaker = CircuitBreaker(policy: policy)
    var model = NaiveBreaker(policy: policy)
    var calls: [(permit: CircuitBreaker.Permit, call: NaiveBreaker.Call)] = []
    var now = BreakerUnderTest.start
    var phases: Set<CircuitBreaker.Phase> = []
    for step in 0..<2_000 {
      now = now.advanced(by: Self.pause(with: &random))
      if calls.isEmpty || Int.random(in: 0..<3, using: &random) == 0 {
        let mayCall = model.mayCall(at: now)
        #expect((breaker.availability(at: now) == .ready) == mayCall, "step \(step)")
        let permit = breaker.reduce(.admit, at: now)
        #expect((permit != nil) == mayCall, "step \(step)")
        guard let permit, mayCall else { continue }
        let call = model.begin(at: now)
        #expect(permit.isProbe == call.isProbe, "step \(step)")
        calls.append((permit, call))
      } else {
        let place = Int.random(in: 0..<calls.count, using: &random)
        let (permit, call) = calls[place]
        // Now and then a call ends twice.
        if Int.random(in: 0..<10, using: &random) > 0 || !call.isProbe { calls.remove(at: place) }
        let (before, isLate) = (breaker, call.era < model.era)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
          #expect(breaker.reduce(.succeeded(permit), at: now) == nil)
          model.end(call, .success, at: now)
        case 5:
          #expect(breaker.reduce(.abandoned(permit), at: now) == nil)
          model.end(call, .nothing, at: now)
        default:
          let failure = Self.failure(with: &random)
          #expect(breaker.reduce(.failed(permit, failure), at: now) == nil)
          model.end(call, failure.isAboutProvider ? .failure(failure) : .nothing, at: now)
        }
        if isLate { #expect(before == breaker, "step \(step): a late result changed something") }
      }
      phases.insert(breaker.phase)
      #expect(breaker.phase == model.phase, "step \(step)")
      if breaker.phase != model.phase { return }
      if case .resting(let until) = breaker.availability(at: now) {
        #expect(until == model.restEnd, "step \(step)")
      }
    }
    #expect(phases.count >= 2)
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func `a clock that jumps back shortens no cooldown, and holds nobody up for long`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var breaker = CircuitBreaker()
    // Time as it passes, and what the clock shows of it.
    var elapsed = Duration.zero
    var clock = BreakerUnderTest.start
    var opening: (at: Duration, cooldown: Duration)?
    var sinceJump = Duration.zero
    for _ in 0..<3_000 {
      let pause = Duration.milliseconds(Int64.random(in: 0..<20_000, using: &random))
      elapsed += pause
      sinceJump += pause
      clock = clock.advanced(by: pause)
      if Int.random(in: 0..<40, using: &random) == 0 {
        clock = clock.advanced(by: .seconds(Int64.random(in: -100_000..<0, using: &random)))
        sinceJump = .zero
      }
      breaker.adjust(to: clock)
      let permit = breaker.reduce(.admit, at: clock)
      if permit != nil, let opening {
        #expect(elapsed - opening.at >= opening.cooldown)
      } else if permit == nil, let opening {
        #expect(elapsed - opening.at < opening.cooldown || sinceJump < opening.cooldown)
      }
      guard let permit else { continue }
      opening = nil
      guard Int.random(in: 0..<3, using: &random) > 0 else {
        #expect(breaker.reduce(.succeeded(permit), at: clock) == nil)
        continue
      }
      #expect(breaker.reduce(.failed(permit, ProviderFailure(.overloaded)), at: clock) == nil)
      if breaker.phase == .open, case .resting(let until) = breaker.availability(at: clock) {
        opening = (elapsed, clock.duration(to: until))
      }
    }
  }

  private static func pause(with random: inout SplitMix64) -> Duration {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<6: .zero
    case 6..<16: .milliseconds(Int64.random(in: 0..<2_000, using: &random))
    case 16..<19: .seconds(Int64.random(in: 0..<90, using: &random))
    default: .seconds(Int64.random(in: 0..<4_000, using: &random))
    }
  }

  private static func failure(with random: inout SplitMix64) -> ProviderFailure {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: ProviderFailure(.authentication)
    case 1..<4: ProviderFailure(.invalidRequest, retryAfter: .seconds(5))
    case 4: ProviderFailure(.cancelled)
    case 5..<9: ProviderFailure(.rateLimited, retryAfter: .seconds(Int64.random(in: 0..<120, using: &random)))
    default: ProviderFailure(.serverError)
    }
  }
}

/// What a breaker is to do, written down as it is said: nothing is counted ahead.
private struct NaiveBreaker {
  struct Call: Hashable {
    var number: Int
    var era: Int
    var rests: Int
    var isProbe: Bool
    var start: Timestamp
  }

  enum End {
    case success, nothing
    case failure(ProviderFailure)
  }

  let policy: CircuitBreaker.Policy
  private(set) var phase = CircuitBreaker.Phase.closed
  private(set) var era = 0
  private(set) var restEnd: Timestamp?
  private var rests = 0
  private var calls = 0
  /// The last probe, while its result is not known.
  private var probe: Call?
  /// The probes whose result is not known: no more than so many are remembered.
  private var unknown: [Call] = []
  private var openings = 0
  /// What has counted since it was last closed or opened, whether it was a success.
  private var results: [(time: Timestamp, isSuccess: Bool)] = []

  init(policy: CircuitBreaker.Policy) { self.policy = policy }

  func mayCall(at now: Timestamp) -> Bool {
    if let restEnd, now < restEnd { return false }
    guard let probe else { return true }
    return now >= probe.start.advanced(by: max(policy.cooldown, .seconds(1)))
  }

  mutating func begin(at now: Timestamp) -> Call {
    calls += 1
    if phase == .open { phase = .halfOpen }
    let call = Call(number: calls, era: era, rests: rests, isProbe: phase == .halfOpen, start: now)
    if call.isProbe {
      probe = call
      unknown = (unknown + [call]).suffix(16)
    }
    return call
  }

  mutating func end(_ call: Call, _ end: End, at now: Timestamp) {
    guard call.era == era, !call.isProbe || unknown.contains(call) else { return }
    unknown.removeAll { $0 == call }
    if call == probe { probe = nil }
    switch end {
    case .nothing: return
    case .success:
      results.append((now, true))
      if phase == .halfOpen, results.count >= policy.successesToClose { close() }
    case .failure(let failure): fail(call, failure, at: now)
    }
  }

  private mutating func close() {
    phase = .closed
    era += 1
    probe = nil
    unknown = []
    results = []
    openings = 0
    restEnd = nil
  }

  private mutating func fail(_ call: Call, _ failure: ProviderFailure, at now: Timestamp) {
    let isPermanent = failure.disposition == .permanentForProvider
    if call.rests == rests { results.append((now, false)) }
    if phase == .halfOpen || isPermanent || isTooMuch(at: now) {
      var cooldown = min(policy.cooldown, policy.maximumCooldown)
      for _ in 0..<openings { cooldown = min(cooldown * 2, policy.maximumCooldown) }
      if isPermanent { cooldown = max(cooldown, policy.permanentCooldown) }
      phase = .open
      era += 1
      probe = nil
      unknown = []
      openings += 1
      results = []
      rest(max(cooldown, failure.retryAfter ?? .zero), at: now)
    } else if let asked = failure.retryAfter, asked > .zero {
      if call.rests == rests { rests += 1 }
      rest(asked, at: now)
    }
  }

  private mutating func rest(_ length: Duration, at now: Timestamp) {
    restEnd = max(restEnd ?? now, now.advanced(by: length))
  }

  private func isTooMuch(at now: Timestamp) -> Bool {
    let row = results.reversed().prefix { !$0.isSuccess }.count
    if row >= policy.consecutiveFailures { return true }
    // The window moves in tenths of its length.
    let tenth = Int64(policy.window / .nanoseconds(1)) / 10
    let first = now.nanosecondsSinceEpoch / tenth - 9
    let recent = results.filter { $0.time.nanosecondsSinceEpoch / tenth >= first }
    let failures = recent.filter { !$0.isSuccess }
    return recent.count >= policy.minimumCalls && !failures.isEmpty
      && Double(failures.count) / Double(recent.count) >= policy.failureRatio
  }
}
