import CompanionDomain
import CompanionPorts

extension ProviderTable {
  /// Puts a provider in the place of the one of the same name.
  ///
  /// What was spent and what the rates have given stay where the limits do. Calls that are under way end by
  /// themselves. How it has failed is forgotten, but not that it has asked to be left alone, unless the calls go
  /// elsewhere from now on.
  ///
  /// - Returns: who is to be woken.
  mutating func replace(_ provider: Provider, at now: Timestamp) -> [WakeUp] {
    guard let place = place(of: provider.id) else { return [] }
    adjust(to: now)
    let old = rows[place]
    var new = makeRow(of: provider, at: now)
    let (before, after) = (old.setup.provider.configuration.limits, provider.configuration.limits)
    if before.requestsPerMinute == after.requestsPerMinute { new.requests = old.requests }
    if before.tokensPerMinute == after.tokensPerMinute { new.tokens = old.tokens }
    if let spending = old.spending, let budget = after.budget, spending.isCounted(by: budget) {
      new.spending = spending.going(on: budget)
      new.isSpendingKnown = old.isSpendingKnown
    }
    if old.setup.provider.configuration.hasSameAccount(as: provider.configuration) { new.rest = old.rest }
    if old.priority == new.priority { new.isPreferred = old.isPreferred }
    new.calls = old.calls
    new.lastCall = old.lastCall
    new.totals = old.totals
    new.leftAt = old.leftAt
    rows[place] = new
    noteRows()
    return regroup(at: now)
  }

  private mutating func regroup(at now: Timestamp) -> [WakeUp] {
    guard !line.isEmpty else { return [] }
    let table = self
    line.regroup { table.calls(for: $0.needs) }
    return serve(at: now)
  }

  /// Makes a provider the first of those of another's priority, and that one the last of all.
  mutating func prefer(_ target: ProviderID, to source: ProviderID) {
    guard let to = place(of: target), let from = place(of: source) else { return }
    let first = min(rows[from].priority, rows[to].priority)
    let last = rows.map(\.priority).max() ?? first
    for place in rows.indices where rows[place].priority == first { rows[place].isPreferred = false }
    rows[to].priority = first
    rows[to].isPreferred = true
    rows[to].leftAt = nil
    rows[from].priority = last == .max ? .max : last + 1
    rows[from].isPreferred = false
  }

  /// Notes that the jobs that a provider has so far are to go elsewhere.
  mutating func leave(_ id: ProviderID, at now: Timestamp) {
    guard let place = place(of: id) else { return }
    rows[place].leftAt = now
  }

  /// Whether a call that one who waited has got may still be made: the provider is the same, and has not been
  /// left alone meanwhile.
  func isCurrent(_ call: Call, at now: Timestamp) -> Bool {
    guard let row = row(call.id), row.setup === call.setup else { return false }
    return row.rest?.end(at: now) == nil && row.breaker.stillAdmits(call.permit, at: now)
  }

  /// The tasks that a provider works on in this process.
  func tasks(of id: ProviderID) -> [TaskID] { row(id)?.calls.values.compactMap(\.self) ?? [] }

  /// Why nothing can be brought from one provider to another; `nil` when it can.
  mutating func refusal(
    from source: ProviderID, to target: ProviderID, at now: Timestamp
  ) -> ProviderCommandFailure? {
    guard let from = row(source) else { return .unknownProvider(source) }
    guard let to = row(target) else { return .unknownProvider(target) }
    // A job that the provider runs by itself can be done as a call, too.
    let lacking = from.setup.kinds.subtracting([.background]).subtracting(to.setup.kinds)
    if let kind = lacking.min(by: { $0.rawValue < $1.rawValue }) { return .notCapable(target, lacking: kind) }
    return refusal(of: target, at: now)
  }

  /// Why nothing can be brought to a provider: it is left alone, or its budget is spent. `nil` when it can.
  mutating func refusal(of id: ProviderID, at now: Timestamp) -> ProviderCommandFailure? {
    guard let place = place(of: id) else { return .unknownProvider(id) }
    adjust(to: now)
    if let end = rows[place].rest?.end(at: now) { return .unavailable(id, until: end) }
    switch rows[place].breaker.availability(at: now) {
    case .ready: break
    case .resting(let until): return .unavailable(id, until: until)
    case .probing: return .unavailable(id, until: nil)
    }
    if case .spent(let budget) = rows[place].spending?.obstacle(at: now) { return .budgetSpent(id, budget) }
    return nil
  }
}

extension ProviderConfiguration {
  /// Whether the calls of both come to the same account of the same service.
  func hasSameAccount(as other: ProviderConfiguration) -> Bool {
    api == other.api && baseURL == other.baseURL && apiKey == other.apiKey
  }
}

// MARK: - What was spent before

extension ProviderTable {
  /// A budget of which it is not known what was spent before this process began.
  struct UnknownSpending: Sendable {
    let row: Int
    let id: ProviderID
    let since: Timestamp
    let currency: String
    /// What was spent of it already that this process knows of.
    let spent: Double
  }

  /// The budgets that are to be looked up now.
  mutating func unknownSpending(at now: Timestamp) -> [UnknownSpending] {
    guard rows.contains(where: { !$0.isSpendingKnown }), nextSpendingLookup.map({ $0 <= now }) ?? true else {
      return []
    }
    return rows.indices.compactMap { place in
      guard !rows[place].isSpendingKnown, let since = rows[place].spending?.start(at: now),
        let spending = rows[place].spending
      else { return nil }
      return UnknownSpending(
        row: rows[place].setup.number, id: rows[place].setup.id, since: since,
        currency: spending.budget.currency,
        spent: spending.spent)
    }
  }

  /// Takes in what the ledger says.
  ///
  /// - Returns: who is to be woken.
  mutating func noteSpending(_ spent: Double, of unknown: UnknownSpending, at now: Timestamp) -> [WakeUp] {
    nextSpendingLookup = nil
    guard let place = rows.firstIndex(where: { $0.setup.number == unknown.row }) else { return [] }
    // What was spent since the look may be in both; a budget rather counts it twice than not.
    rows[place].spending?.add(max(spent - unknown.spent, 0))
    rows[place].isSpendingKnown = true
    return serve(at: now)
  }

  /// Takes in that the ledger could not be read.
  mutating func noteSpendingLookupFailed(at now: Timestamp) {
    nextSpendingLookup = now.advanced(by: Self.spendingPause)
  }
}
