import CompanionDomain
import CompanionPorts

/// The configured providers and how each of them stands: which is called next, and what its calls come to.
///
/// It knows nothing of waiting: it says until when.
struct ProviderTable: Sendable {
  /// A provider and how it stands.
  struct Row: Sendable {
    var provider: Provider
    /// Tells a provider from one that was configured under the same name before.
    let number: Int
    var breaker: CircuitBreaker
    var requests: TokenBucket?
    var tokens: TokenBucket?
    var spending: Spending?
    /// The calls that are under way, by their number, and the tasks that they are made for.
    var calls: [Int: TaskID?] = [:]
    /// How soon it has lately answered; `nil` before its first answer.
    var latency: Duration?
    var totals = LedgerTotals()
    var lastFailure: ProviderFailure?
    /// Whether it was switched to: it comes first among those of its priority.
    var isPreferred = false
    /// When its jobs were told to go elsewhere; `nil` when they were not.
    var leftAt: Timestamp?

    var id: ProviderID { provider.id }
  }

  /// A call that may be made.
  struct Call: Sendable {
    let provider: Provider
    let number: Int
    fileprivate let row: Int
    fileprivate let permit: CircuitBreaker.Permit
    /// When it may be made: what it uses is taken already, and may have to flow in until then.
    let start: Timestamp
    fileprivate let expectedTokens: Double
    fileprivate let expectedCost: Double
    let price: ModelPrice?

    var id: ProviderID { provider.id }
  }

  /// Who may be called for a request.
  enum Choice: Sendable {
    /// This one, at the call's start; and what is to be told.
    case call(Call, CompanionEvent.Kind?)
    /// Nobody before a time, at which it may be this one; something may happen before. `nil` for nobody before
    /// something happens.
    case wait(ProviderID, until: Timestamp?, because: String)
    /// Nobody any more.
    case none(ProviderFailure)
  }

  /// How a call ended.
  enum End: Sendable {
    case succeeded
    case failed(ProviderFailure)
    /// It says nothing about the provider.
    case abandoned
    /// It was not made.
    case notMade
  }

  private(set) var rows: [Row] = []
  let strategy: RoutingStrategy
  let prices: [ModelIdentity: ModelPrice]
  private var nextNumber = 0
  private var turn = 0
  /// Which provider failed a task last, and the tasks in the order in which that was noted.
  private var failedFor: [TaskID: ProviderID] = [:]
  private var failedTasks: [TaskID] = []

  init(
    _ providers: [Provider], strategy: RoutingStrategy, prices: [ModelIdentity: ModelPrice], at now: Timestamp
  ) {
    self.strategy = strategy
    self.prices = prices
    for provider in providers { rows.append(makeRow(of: provider, at: now)) }
  }

  private mutating func makeRow(of provider: Provider, at now: Timestamp) -> Row {
    nextNumber += 1
    let limits = provider.configuration.limits
    return Row(
      provider: provider, number: nextNumber,
      breaker: CircuitBreaker(policy: provider.configuration.breaker),
      requests: limits.requestsPerMinute.map { TokenBucket(perMinute: $0, at: now) },
      tokens: limits.tokensPerMinute.map { TokenBucket(perMinute: $0, at: now) },
      spending: limits.budget.map { Spending($0, at: now) })
  }

  func row(_ id: ProviderID) -> Row? { rows.first { $0.id == id } }

  func price(of provider: Provider) -> ModelPrice? { provider.configuration.price ?? prices[provider.model] }
}

// MARK: - Choosing

extension ProviderTable {
  private struct Candidate {
    var place: Int
    var isLast: Bool
    var priority: Int
    var isPreferred: Bool
    var key: Double
  }

  /// Chooses who is called for a request, and takes what the call is expected to use.
  ///
  /// - Parameter latest: when the call has to start at the latest.
  mutating func choose(_ needs: RoutingNeeds, latest: Timestamp, at now: Timestamp) -> Choice {
    var best: Candidate?
    var soonest: (place: Int, until: Timestamp?, isSure: Bool, why: String)?
    var refusal: ProviderFailure?
    for place in rows.indices {
      if let lack = needs.lack(of: rows[place].provider) {
        if refusal == nil { refusal = Self.notCapable(needs, rows[place].id, lack) }
        continue
      }
      guard !needs.excluded.contains(rows[place].id) else { continue }
      switch readiness(ofPlace: place, needs, at: now) {
      case .ready:
        let candidate = candidate(place, needs)
        if best.map({ precedes(candidate, $0) }) ?? true { best = candidate }
      case .later(let until, let isSure, let why):
        if soonest.map({ isSooner(until, than: $0.until) }) ?? true { soonest = (place, until, isSure, why) }
      case .never(let failure):
        refusal = failure
      }
    }
    if let best { return call(best.place, needs, start: now, at: now) }
    if let soonest {
      // Whoever waits for a rate has its place: what comes later waits behind it.
      if soonest.isSure, let until = soonest.until, until <= latest {
        return call(soonest.place, needs, start: until, at: now)
      }
      return .wait(rows[soonest.place].id, until: soonest.until, because: soonest.why)
    }
    return .none(refusal ?? Self.nobody(needs))
  }

  private enum Readiness {
    case ready
    /// At a time, or when something happens; whether it is sure to be ready then.
    case later(Timestamp?, isSure: Bool, String)
    case never(ProviderFailure)
  }

  private mutating func readiness(
    ofPlace place: Int, _ needs: RoutingNeeds, at now: Timestamp
  ) -> Readiness {
    let id = rows[place].id
    if !needs.isPaidFor, rows[place].spending?.isExhausted(at: now) == true,
      let budget = rows[place].spending?.budget
    {
      let end = budget.period.end(at: now)
      let message = "the budget of \(budget.limit) \(budget.currency) for \(id) is spent"
      guard let end else { return .never(ProviderFailure(.budgetExhausted, message: message)) }
      return .later(end, isSure: false, message)
    }
    switch rows[place].breaker.availability(at: now) {
    case .ready: break
    case .resting(let until): return .later(until, isSure: false, "\(id) rests after failures")
    case .probing(let until): return .later(until, isSure: false, "\(id) is being probed")
    }
    if let limit = rows[place].provider.configuration.limits.concurrentCalls,
      rows[place].calls.count >= max(limit, 1)
    {
      return .later(nil, isSure: false, "\(id) has \(limit) calls under way")
    }
    let wait = max(
      rows[place].requests?.wait(for: 1, at: now) ?? .zero,
      rows[place].tokens?.wait(for: needs.expectedTokens, at: now) ?? .zero)
    guard wait > .zero else { return .ready }
    return .later(now.advanced(by: wait), isSure: true, "\(id) is at its rate limit")
  }

  private func candidate(_ place: Int, _ needs: RoutingNeeds) -> Candidate {
    let row = rows[place]
    let key: Double =
      switch strategy {
      case .cheapest: price(of: row.provider)?.cost(of: needs.expected) ?? .infinity
      case .lowestLatency: row.latency?.milliseconds ?? -1
      case .roundRobin: Double((place + rows.count - turn % max(rows.count, 1)) % max(rows.count, 1))
      default: Double(place)
      }
    return Candidate(
      place: place, isLast: needs.task.map { failedFor[$0] == row.id } ?? false,
      priority: row.provider.configuration.priority, isPreferred: row.isPreferred, key: key)
  }

  private func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
    if left.isLast != right.isLast { return right.isLast }
    if left.priority != right.priority { return left.priority < right.priority }
    if left.isPreferred != right.isPreferred { return left.isPreferred }
    return (left.key, left.place) < (right.key, right.place)
  }

  /// A time comes before what nobody can say the time of.
  private func isSooner(_ left: Timestamp?, than right: Timestamp?) -> Bool {
    guard let left else { return false }
    guard let right else { return true }
    return left < right
  }

  private mutating func call(
    _ place: Int, _ needs: RoutingNeeds, start: Timestamp, at now: Timestamp
  ) -> Choice {
    let phase = rows[place].breaker.phase
    guard let permit = rows[place].breaker.reduce(.admit, at: now) else {
      return .wait(rows[place].id, until: nil, because: "\(rows[place].id) rests")
    }
    turn = place + 1
    nextNumber += 1
    let price = price(of: rows[place].provider)
    let cost = rows[place].spending == nil ? 0 : price?.cost(of: needs.expected) ?? 0
    rows[place].requests?.take(1, at: now)
    rows[place].tokens?.take(needs.expectedTokens, at: now)
    rows[place].spending?.reserve(cost)
    rows[place].calls[nextNumber] = .some(needs.task)
    let call = Call(
      provider: rows[place].provider, number: nextNumber, row: rows[place].number, permit: permit,
      start: start,
      expectedTokens: needs.expectedTokens, expectedCost: cost, price: price)
    let event = phase == rows[place].breaker.phase ? nil : healthEvent(ofPlace: place, nil, at: now)
    return .call(call, event)
  }

  private static func notCapable(_ needs: RoutingNeeds, _ id: ProviderID, _ lack: String) -> ProviderFailure {
    if let only = needs.only {
      return id == only
        ? ProviderFailure(.notCapable, message: "\(id) \(lack)")
        : ProviderFailure(.notCapable, message: "there is no provider \(only)")
    }
    return ProviderFailure(.notCapable, message: "\(id) \(lack)")
  }

  private static func nobody(_ needs: RoutingNeeds) -> ProviderFailure {
    ProviderFailure(.notCapable, message: "no provider is left for \(needs.names)")
  }
}

extension RoutingNeeds {
  fileprivate var expectedTokens: Double { Double(expected.input) + Double(expected.output) }
}

// MARK: - What came of it

extension ProviderTable {
  /// Takes in how a call ended.
  ///
  /// - Parameters:
  ///   - usage: the tokens as the provider counted them.
  ///   - cost: what they cost.
  ///   - latency: how soon it answered; `nil` when it did not.
  /// - Returns: what is to be told.
  mutating func settle(
    _ call: Call, _ end: End, usage: TokenUsage?, cost: Cost?, latency: Duration?, at now: Timestamp
  ) -> [CompanionEvent.Kind] {
    guard let place = rows.firstIndex(where: { $0.number == call.row }) else { return [] }
    rows[place].calls[call.number] = nil
    settleTokens(ofPlace: place, call, end, usage, at: now)
    var events: [CompanionEvent.Kind] = []
    if let level = rows[place].spending?.settle(reserved: call.expectedCost, spent: cost, at: now),
      let spending = rows[place].spending
    {
      events.append(.budgetReached(call.id, level, spent: spending.spent, spending.budget))
    }
    let phase = rows[place].breaker.phase
    var cause: ProviderFailure?
    switch end {
    case .succeeded:
      _ = rows[place].breaker.reduce(.succeeded(call.permit), at: now)
      if let latency { rows[place].noteLatency(latency) }
    case .failed(let failure):
      _ = rows[place].breaker.reduce(.failed(call.permit, failure), at: now)
      rows[place].lastFailure = failure
      cause = failure
    case .abandoned, .notMade: _ = rows[place].breaker.reduce(.abandoned(call.permit), at: now)
    }
    if phase != rows[place].breaker.phase { events.append(healthEvent(ofPlace: place, cause, at: now)) }
    return events
  }

  /// Puts the tokens that were used in the place of those that were expected. What was not sent used none; of
  /// what nobody has counted, the expectation stands.
  private mutating func settleTokens(
    ofPlace place: Int, _ call: Call, _ end: End, _ usage: TokenUsage?, at now: Timestamp
  ) {
    var used = call.expectedTokens
    if case .notMade = end {
      used = 0
      rows[place].requests?.take(-1, at: now)
    } else if let usage {
      used = Double(usage.input) + Double(usage.output)
    } else if case .failed(let failure) = end, failure.disposition != .ambiguous {
      used = 0
    }
    rows[place].tokens?.take(used - call.expectedTokens, at: now)
  }

  private func healthEvent(
    ofPlace place: Int, _ cause: ProviderFailure?, at now: Timestamp
  ) -> CompanionEvent.Kind {
    var until: Timestamp?
    if case .resting(let end) = rows[place].breaker.availability(at: now) { until = end }
    return .providerHealthChanged(rows[place].id, rows[place].breaker.phase, until: until, cause)
  }

  /// Counts what was spent outside of a call, by a job.
  ///
  /// - Returns: what is to be told.
  mutating func spend(_ cost: Cost, at id: ProviderID, at now: Timestamp) -> CompanionEvent.Kind? {
    guard let place = rows.firstIndex(where: { $0.id == id }),
      let level = rows[place].spending?.settle(reserved: 0, spent: cost, at: now),
      let spending = rows[place].spending
    else { return nil }
    return .budgetReached(id, level, spent: spending.spent, spending.budget)
  }

  mutating func count(_ entry: LedgerEntry) {
    guard let place = rows.firstIndex(where: { $0.id == entry.provider }) else { return }
    rows[place].totals.add(entry)
  }

  /// Notes that a provider has failed a task, so that the next attempt asks it last.
  mutating func noteFailure(of id: ProviderID, for task: TaskID) {
    if failedFor.updateValue(id, forKey: task) == nil { failedTasks.append(task) }
    if failedTasks.count > 1_000 { failedFor[failedTasks.removeFirst()] = nil }
  }
}

extension ProviderTable.Row {
  /// A moving average: a fifth of it is new.
  fileprivate mutating func noteLatency(_ latest: Duration) {
    latency = latency.map { $0 * 4 / 5 + latest / 5 } ?? latest
  }
}

// MARK: - Changes

extension ProviderTable {
  /// Puts a provider in the place of the one of the same name.
  ///
  /// What was spent and what the rates have given stay where the limits do; calls that are under way end by
  /// themselves, and change nothing any more.
  mutating func replace(_ provider: Provider, at now: Timestamp) {
    guard let place = rows.firstIndex(where: { $0.id == provider.id }) else { return }
    let old = rows[place]
    var new = makeRow(of: provider, at: now)
    let (before, after) = (old.provider.configuration.limits, provider.configuration.limits)
    if before.requestsPerMinute == after.requestsPerMinute { new.requests = old.requests }
    if before.tokensPerMinute == after.tokensPerMinute { new.tokens = old.tokens }
    if let spending = old.spending, let budget = after.budget, budget.currency == spending.budget.currency,
      budget.period == spending.budget.period
    {
      new.spending?.add(spending.spent)
    }
    new.totals = old.totals
    new.leftAt = old.leftAt
    rows[place] = new
  }

  /// Makes a provider the first of those of another's priority, and that one the last of all.
  mutating func prefer(_ target: ProviderID, to source: ProviderID) {
    guard let to = rows.firstIndex(where: { $0.id == target }),
      let from = rows.firstIndex(where: { $0.id == source })
    else { return }
    let first = min(
      rows[from].provider.configuration.priority, rows[to].provider.configuration.priority)
    let last = rows.map(\.provider.configuration.priority).max() ?? first
    for place in rows.indices where rows[place].provider.configuration.priority == first {
      rows[place].isPreferred = false
    }
    rows[to].provider.configuration.priority = first
    rows[to].isPreferred = true
    rows[to].leftAt = nil
    rows[from].provider.configuration.priority = last == .max ? .max : last + 1
    rows[from].isPreferred = false
  }

  /// Notes that the jobs that a provider has so far are to go elsewhere.
  mutating func leave(_ id: ProviderID, at now: Timestamp) {
    guard let place = rows.firstIndex(where: { $0.id == id }) else { return }
    rows[place].leftAt = now
  }

  /// Whether a call that waits for its start may still be made: the provider is the same, and has not been
  /// left alone meanwhile.
  func isCurrent(_ call: Call, at now: Timestamp) -> Bool {
    guard let row = rows.first(where: { $0.number == call.row }) else { return false }
    switch (row.breaker.phase, row.breaker.availability(at: now)) {
    case (.closed, .ready): return true
    case (.halfOpen, .probing): return call.permit.isProbe
    default: return false
    }
  }

  /// Adds what providers have spent of their budgets before.
  mutating func addSpending(_ spent: [ProviderID: Double]) {
    for place in rows.indices {
      if let earlier = spent[rows[place].id] { rows[place].spending?.add(earlier) }
    }
  }

  /// The beginnings of the periods for which budgets are kept.
  mutating func budgetPeriods(at now: Timestamp) -> [(id: ProviderID, since: Timestamp, currency: String)] {
    var periods: [(id: ProviderID, since: Timestamp, currency: String)] = []
    for place in rows.indices {
      guard let since = rows[place].spending?.start(at: now), let budget = rows[place].spending?.budget else {
        continue
      }
      periods.append((rows[place].id, since, budget.currency))
    }
    return periods
  }

  /// The tasks that a provider works on in this process.
  func tasks(of id: ProviderID) -> [TaskID] {
    rows.filter { $0.id == id }.flatMap { row in row.calls.values.compactMap(\.self) }
  }
}
