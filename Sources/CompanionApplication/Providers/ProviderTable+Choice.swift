import CompanionDomain
import CompanionPorts

extension ProviderTable {
  /// What those who wait will take of a provider's rates before anybody else.
  struct Demand: Sendable {
    var requests = 0.0
    var tokens = 0.0
  }

  /// Who would be called for a request.
  enum Pick {
    case ready(place: Int)
    case later(Wait)
    case never(ProviderFailure)
  }

  private struct Candidate {
    var place: Int
    var isLast: Bool
    var priority: Int
    var isPreferred: Bool
    var key: Double
  }

  /// Chooses who is called for a request, and takes what the call is expected to use. Nobody who waits is
  /// overtaken.
  mutating func choose(_ needs: RoutingNeeds, at now: Timestamp) -> Choice {
    adjust(to: now)
    guard !line.isEmpty else { return choice(pick(needs, behind: nil, at: now), needs, at: now) }
    let pick = pick(needs, behind: demandOfLine(at: now), at: now)
    if case .ready(let place) = pick, line.hasGroup(of: calls(for: needs)) {
      return .wait(Wait(provider: rows[place].setup.id, until: nil, obstacle: .line))
    }
    return choice(pick, needs, at: now)
  }

  mutating func choice(_ pick: Pick, _ needs: RoutingNeeds, at now: Timestamp) -> Choice {
    switch pick {
    case .ready(let place): call(place, needs, at: now)
    case .later(let wait): .wait(wait)
    case .never(let failure): .none(failure)
    }
  }

  /// The providers that may be called for it at some time, by their places.
  func eligible(for needs: RoutingNeeds) -> Set<Int> {
    Set(
      rows.indices.filter {
        !needs.excluded.contains(rows[$0].setup.id) && needs.lack(of: rows[$0].setup) == nil
      })
  }

  /// Finds out who would be called.
  ///
  /// - Parameter demand: of those who come before, by place; `nil` where nobody does.
  mutating func pick(_ needs: RoutingNeeds, behind demand: [Demand]?, at now: Timestamp) -> Pick {
    var best: Candidate?
    var soonest: Wait?
    var isOpenEnded = false
    var spent: ProviderFailure?
    for place in rows.indices {
      let setup = rows[place].setup
      guard needs.lack(of: setup) == nil, needs.excluded.isEmpty || !needs.excluded.contains(setup.id) else {
        continue
      }
      let candidate = candidate(place, needs)
      // Whoever would not be asked anyway need not be ready.
      if let best, !precedes(candidate, best) { continue }
      switch readiness(ofPlace: place, needs, behind: demand?[place] ?? Demand(), at: now) {
      case .ready: best = candidate
      case .later(let until, let obstacle):
        if until == nil { isOpenEnded = true }
        if soonest.map({ Self.isSooner(until, than: $0.until) }) ?? true {
          soonest = Wait(provider: setup.id, until: until, obstacle: obstacle)
        }
      case .never(let budget):
        let wait = Wait(provider: setup.id, until: nil, obstacle: .spent(budget))
        spent = ProviderFailure(.budgetExhausted, message: wait.description)
      }
    }
    if let best { return .ready(place: best.place) }
    if var soonest {
      soonest.mayBeSooner = isOpenEnded && soonest.until != nil
      return .later(soonest)
    }
    return .never(spent ?? notCapable(needs))
  }

  private enum Readiness {
    case ready
    /// At a time, or when something happens.
    case later(Timestamp?, Obstacle)
    case never(CostBudget)
  }

  private mutating func readiness(
    ofPlace place: Int, _ needs: RoutingNeeds, behind demand: Demand, at now: Timestamp
  ) -> Readiness {
    if let end = rows[place].rest?.end(at: now) { return .later(end, .asksForRest) }
    switch rows[place].breaker.availability(at: now) {
    case .ready: break
    case .resting(let until): return .later(until, .rests)
    case .probing(let until): return .later(until, .isProbed)
    }
    guard needs.isPaidFor || rows[place].isSpendingKnown else {
      return .later(nextSpendingLookup, .spendingUnknown)
    }
    if !needs.isPaidFor, let obstacle = rows[place].spending?.obstacle(at: now) {
      guard case .spent(let budget) = obstacle else {
        // A job may hold it for longer than a call does.
        return .later(rows[place].calls.isEmpty ? now.advanced(by: Self.jobPause) : nil, obstacle)
      }
      guard let end = budget.period.end(at: now) else { return .never(budget) }
      return .later(end, obstacle)
    }
    if let limit = rows[place].setup.concurrentCalls, rows[place].calls.count >= limit {
      return .later(nil, .calls(limit))
    }
    let wait = max(
      Self.wait(at: rows[place].requests, for: 1, behind: demand.requests, at: now),
      Self.wait(at: rows[place].tokens, for: needs.expectedTokens, behind: demand.tokens, at: now))
    return wait > .zero ? .later(now.advanced(by: wait), .rate) : .ready
  }

  private static let jobPause = Duration.seconds(30)

  private static func wait(
    at bucket: TokenBucket?, for amount: Double, behind demand: Double, at now: Timestamp
  ) -> Duration {
    guard var bucket else { return .zero }
    if demand > 0 { bucket.take(demand, at: now) }
    return bucket.wait(for: amount, at: now)
  }

  private func candidate(_ place: Int, _ needs: RoutingNeeds) -> Candidate {
    let key: Double =
      switch strategy {
      case .cheapest: rows[place].setup.price?.cost(of: needs.likely) ?? .infinity
      case .lowestLatency: rows[place].latency?.milliseconds ?? -1
      case .roundRobin: Double(rows[place].lastCall)
      default: Double(place)
      }
    return Candidate(
      place: place, isLast: needs.task.map { failedFor[$0] == rows[place].setup.id } ?? false,
      priority: rows[place].priority, isPreferred: rows[place].isPreferred, key: key)
  }

  private func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
    if left.isLast != right.isLast { return right.isLast }
    if left.priority != right.priority { return left.priority < right.priority }
    if left.isPreferred != right.isPreferred { return left.isPreferred }
    return (left.key, left.place) < (right.key, right.place)
  }

  /// A time comes before what nobody can say the time of.
  private static func isSooner(_ left: Timestamp?, than right: Timestamp?) -> Bool {
    guard let left else { return false }
    guard let right else { return true }
    return left < right
  }

  private mutating func call(_ place: Int, _ needs: RoutingNeeds, at now: Timestamp) -> Choice {
    let phase = rows[place].breaker.phase
    guard let permit = rows[place].breaker.reduce(.admit, at: now) else {
      return .wait(Wait(provider: rows[place].setup.id, until: nil, obstacle: .rests))
    }
    let number = nextNumber()
    let expected = needs.isPaidFor ? 0 : rows[place].setup.price?.cost(of: needs.likely) ?? 0
    let cost = needs.isPaidFor ? 0 : rows[place].spending?.holdback(expected: expected) ?? 0
    rows[place].requests?.take(1, at: now)
    rows[place].tokens?.take(needs.expectedTokens, at: now)
    rows[place].spending?.reserve(cost)
    rows[place].calls[number] = .some(needs.task)
    rows[place].lastCall = number
    let call = Call(
      setup: rows[place].setup, number: number, permit: permit, expectedTokens: needs.expectedTokens,
      expectedCost: cost)
    return .call(call, phase == rows[place].breaker.phase ? nil : healthEvent(ofPlace: place, nil, at: now))
  }

  /// Why no provider can do it, or can do it any more.
  private func notCapable(_ needs: RoutingNeeds) -> ProviderFailure {
    if let only = needs.only, place(of: only) == nil {
      return ProviderFailure(.notCapable, message: "there is no provider \(only)")
    }
    let lacks = rows.compactMap { row -> String? in
      guard needs.only == nil || needs.only == row.setup.id else { return nil }
      return needs.lack(of: row.setup).map { "\(row.setup.id) \($0)" }
    }
    guard !lacks.isEmpty else {
      return ProviderFailure(.notCapable, message: "no provider is left for \(needs.names)")
    }
    return ProviderFailure(.notCapable, message: lacks.joined(separator: "; "))
  }

  func healthEvent(
    ofPlace place: Int, _ cause: ProviderFailure?, at now: Timestamp
  ) -> CompanionEvent.Kind {
    var until: Timestamp?
    if case .resting(let end) = rows[place].breaker.availability(at: now) { until = end }
    return .providerHealthChanged(rows[place].setup.id, rows[place].breaker.phase, until: until, cause)
  }
}
