/// Keeps calls from a provider that fails, until it is well again.
///
/// A pure state machine. Closed, it admits every call; it opens after failures in a row, at a ratio of failures,
/// or at one that no other request will escape. Open, it admits none until a cooldown has passed, which doubles
/// each time that it opens again. Half-open, it admits one probe at a time, and closes after some successes.
///
/// Every call is admitted with a permit of the present generation. A result from an earlier one changes nothing.
public struct CircuitBreaker: Hashable, Sendable {
  /// When it opens, and for how long.
  public struct Policy: Hashable, Sendable, Codable {
    /// It opens at so many failures in a row. At least 1; less counts as that.
    public var consecutiveFailures: Int
    /// It opens when this part of the calls in the window has failed, above 0 up to 1; what is not a number
    /// never opens it.
    public var failureRatio: Double
    /// The time over which the ratio is taken.
    public var window: Duration
    /// The ratio means nothing below so many calls in the window.
    public var minimumCalls: Int
    /// How long it stays open at first.
    public var cooldown: Duration
    /// How long it stays open at the most, however often it has opened.
    public var maximumCooldown: Duration
    /// How long it stays open at least after a failure that no other request will escape, such as an exhausted
    /// quota.
    public var permanentCooldown: Duration
    /// It closes after so many successes, half-open. At least 1; less counts as that.
    public var successesToClose: Int

    /// A policy; what is not given is the usual.
    public init(
      consecutiveFailures: Int = 5, failureRatio: Double = 0.5, window: Duration = .seconds(60),
      minimumCalls: Int = 20, cooldown: Duration = .seconds(60), maximumCooldown: Duration = .seconds(960),
      permanentCooldown: Duration = .seconds(1_800), successesToClose: Int = 2
    ) {
      self.consecutiveFailures = consecutiveFailures
      self.failureRatio = failureRatio
      self.window = window
      self.minimumCalls = minimumCalls
      self.cooldown = cooldown
      self.maximumCooldown = maximumCooldown
      self.permanentCooldown = permanentCooldown
      self.successesToClose = successesToClose
    }
  }

  /// How it stands.
  public enum Phase: String, Hashable, Sendable, Codable {
    /// Calls are admitted.
    case closed
    /// No call is admitted.
    case open
    /// Single calls are admitted, to see whether the provider is well.
    case halfOpen = "half_open"
  }

  /// An admitted call's right to report its result.
  public struct Permit: Hashable, Sendable {
    fileprivate var generation: UInt64
    fileprivate var rest: UInt64
    /// Which probe the call is; `nil` for none.
    fileprivate var probe: UInt64?
    /// Whether the call is to show that the provider is well.
    public var isProbe: Bool { probe != nil }
  }

  /// What happens to it.
  public enum Event: Hashable, Sendable {
    /// A call wants to be made.
    case admit
    /// A call succeeded.
    case succeeded(Permit)
    /// A call failed.
    case failed(Permit, ProviderFailure)
    /// A call ended in a way that says nothing about the provider, or was not made.
    case abandoned(Permit)
    /// A call that was abandoned, since its failure might have been for what was asked, was the provider's fault after
    /// all: another has answered the same.
    case blamed(Permit, ProviderFailure)
  }

  /// Whether a call would be admitted.
  public enum Availability: Hashable, Sendable {
    /// Now.
    case ready
    /// Not before a time.
    case resting(until: Timestamp)
    /// When the probe that is under way has ended, at this time at the latest.
    case probing(until: Timestamp)
  }

  /// When it opens, and for how long.
  public let policy: Policy
  /// How it stands.
  public private(set) var phase = Phase.closed
  /// How many calls have failed one after the other.
  public private(set) var consecutiveFailures = 0
  /// Raised by every change of phase.
  private var generation: UInt64 = 0
  /// Raised by every rest that a provider asks for, so that calls that were made before it count as one.
  private var rests: UInt64 = 0
  /// No call is admitted in it.
  private var rest: TimeSpan?
  /// The last probe's, in which no other is admitted; `nil` when it has ended, or there was none.
  private var probe: TimeSpan?
  private var lastProbe: UInt64 = 0
  /// The probes whose result is not known yet.
  private var probesUnderWay: [UInt64] = []
  private var probeSuccesses = 0
  /// How often it has opened since it was last closed.
  private var openings = 0
  private var recent: RecentCalls

  /// A closed breaker.
  public init(policy: Policy = Policy()) {
    self.policy = policy
    recent = RecentCalls(window: policy.window)
  }
}

extension CircuitBreaker {
  /// Whether a call would be admitted.
  public func availability(at now: Timestamp) -> Availability {
    if let end = rest?.end(at: now) { return .resting(until: end) }
    if let end = probe?.end(at: now) { return .probing(until: end) }
    return .ready
  }

  /// Whether a call that was admitted, and has not been made yet, may still be made.
  package func stillAdmits(_ permit: Permit, at now: Timestamp) -> Bool {
    isValid(permit) && rest?.end(at: now) == nil
  }

  /// Takes in what time it is. Where the clock was set back, what lasts until some time lasts as long as it was
  /// to last from now on, and not until the clock is there again. Every event does so too.
  public mutating func adjust(to now: Timestamp) {
    rest = rest?.adjusted(to: now)
    probe = probe?.adjusted(to: now)
  }

  /// The breaker after an event, and the permit of an admitted call; `nil` for a call that is not.
  public func reducing(_ event: Event, at now: Timestamp) -> (breaker: CircuitBreaker, permit: Permit?) {
    var next = self
    let permit = next.reduce(event, at: now)
    return (next, permit)
  }

  /// Takes an event in place; see ``reducing(_:at:)``.
  package mutating func reduce(_ event: Event, at now: Timestamp) -> Permit? {
    adjust(to: now)
    switch event {
    case .admit: return admit(at: now)
    case .succeeded(let permit): if isValid(permit) { succeed(permit, at: now) }
    case .failed(let permit, let failure):
      guard isValid(permit) else { break }
      end(permit)
      if failure.isAboutProvider { fail(failure, permit, at: now) }
    case .abandoned(let permit): if isValid(permit) { end(permit) }
    case .blamed(let permit, let failure):
      if permit.generation == generation, failure.isAboutProvider { fail(failure, permit, at: now) }
    }
    return nil
  }

  /// Whether a call's result still counts: it is of this generation, and no probe whose result is known.
  private func isValid(_ permit: Permit) -> Bool {
    guard permit.generation == generation else { return false }
    return permit.probe.map { probesUnderWay.contains($0) } ?? (phase == .closed)
  }

  /// Takes in that a probe has ended.
  private mutating func end(_ permit: Permit) {
    guard let number = permit.probe else { return }
    probesUnderWay.removeAll { $0 == number }
    if number == lastProbe { probe = nil }
  }

  private mutating func admit(at now: Timestamp) -> Permit? {
    guard availability(at: now) == .ready else { return nil }
    rest = nil
    guard phase != .closed else { return Permit(generation: generation, rest: rests, probe: nil) }
    if phase == .open {
      phase = .halfOpen
      generation += 1
    }
    // A probe that does not come back holds nobody up for longer than the cooldown. Its result counts all the
    // same, however late it comes: calls that take longer than that are no sign of illness.
    probe = TimeSpan(from: now, until: now.advanced(by: max(policy.cooldown, .seconds(1))))
    lastProbe += 1
    probesUnderWay.append(lastProbe)
    if probesUnderWay.count > Self.mostProbes { probesUnderWay.removeFirst() }
    return Permit(generation: generation, rest: rests, probe: lastProbe)
  }

  /// The most probes whose result is still waited for.
  private static let mostProbes = 16

  private mutating func succeed(_ permit: Permit, at now: Timestamp) {
    consecutiveFailures = 0
    end(permit)
    guard phase == .halfOpen else { return recent.count(isFailure: false, at: now) }
    probeSuccesses += 1
    guard probeSuccesses >= policy.successesToClose else { return }
    let policy = policy
    let (generation, rests, lastProbe) = (generation, rests, lastProbe)
    self = CircuitBreaker(policy: policy)
    self.generation = generation + 1
    self.rests = rests
    self.lastProbe = lastProbe
  }

  private mutating func fail(_ failure: ProviderFailure, _ permit: Permit, at now: Timestamp) {
    let isPermanent = failure.disposition == .permanentForProvider
    if phase == .halfOpen || isPermanent { return open(isPermanent, failure.retryAfter, at: now) }
    // What was under way when the provider asked for a rest has found the same limit.
    if permit.rest == rests {
      consecutiveFailures += 1
      recent.count(isFailure: true, at: now)
    }
    if consecutiveFailures >= max(policy.consecutiveFailures, 1) || isRatioReached(at: now) {
      return open(false, failure.retryAfter, at: now)
    }
    guard let retryAfter = failure.retryAfter, retryAfter > .zero else { return }
    if permit.rest == rests { rests += 1 }
    rest(for: retryAfter, at: now)
  }

  private func isRatioReached(at now: Timestamp) -> Bool {
    let (calls, failures) = recent.counts(at: now)
    return calls >= max(policy.minimumCalls, 1) && failures > 0
      && Double(failures) >= policy.failureRatio * Double(calls)
  }

  private mutating func open(_ isPermanent: Bool, _ retryAfter: Duration?, at now: Timestamp) {
    phase = .open
    generation += 1
    probe = nil
    probesUnderWay = []
    probeSuccesses = 0
    recent = RecentCalls(window: policy.window)
    // No time is further away than this, and its double is still a duration.
    let maximum = min(policy.maximumCooldown, .nanoseconds(Int64.max))
    var cooldown = min(max(policy.cooldown, .zero), maximum)
    for _ in 0..<openings where cooldown < maximum { cooldown = min(cooldown * 2, maximum) }
    openings = min(openings + 1, 64)
    if isPermanent { cooldown = max(cooldown, policy.permanentCooldown) }
    rest(for: max(cooldown, retryAfter ?? .zero), at: now)
  }

  /// A rest is never shortened.
  private mutating func rest(for duration: Duration, at now: Timestamp) {
    let until = now.advanced(by: duration)
    rest = TimeSpan(from: now, until: max(until, rest?.end(at: now) ?? now))
  }
}

extension ProviderFailure {
  /// Whether it says something about the provider: a bad request, or a caller that went away, does not.
  public var isAboutProvider: Bool {
    switch disposition {
    case .transient, .ambiguous, .permanentForProvider: true
    case .permanentForRequest, .neutral: false
    }
  }
}

/// The calls of a window of time, counted in ten slices.
private struct RecentCalls: Hashable, Sendable {
  private struct Slice: Hashable, Sendable {
    var number: Int64 = .min
    var calls = 0
    var failures = 0
  }

  private static let sliceCount: Int64 = 10
  private let sliceLength: Int64
  private var slices: [Slice]

  init(window: Duration) {
    sliceLength = max(window.nanoseconds / Self.sliceCount, 1)
    slices = Array(repeating: Slice(), count: Int(Self.sliceCount))
  }

  private func number(at now: Timestamp) -> Int64 {
    now.nanosecondsSinceEpoch.dividedRoundingDown(by: sliceLength)
  }

  mutating func count(isFailure: Bool, at now: Timestamp) {
    let number = number(at: now)
    let remainder = Int(number % Self.sliceCount)
    let place = remainder < 0 ? remainder + slices.count : remainder
    if slices[place].number != number { slices[place] = Slice(number: number) }
    slices[place].calls += 1
    if isFailure { slices[place].failures += 1 }
  }

  func counts(at now: Timestamp) -> (calls: Int, failures: Int) {
    let number = number(at: now)
    let first = max(number, .min + Self.sliceCount) - Self.sliceCount + 1
    return slices.reduce(into: (0, 0)) { sum, slice in
      guard first <= slice.number, slice.number <= number else { return }
      sum.0 += slice.calls
      sum.1 += slice.failures
    }
  }
}
