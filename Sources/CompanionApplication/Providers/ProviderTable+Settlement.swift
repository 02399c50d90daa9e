import CompanionDomain
import CompanionPorts

extension ProviderTable {
  /// How a call ended.
  enum End: Sendable {
    case succeeded
    case failed(ProviderFailure)
    /// It failed, which may be for what was asked: it says nothing about the provider, unless another one answers
    /// the same; see ``ProviderTable/blame(_:_:at:)``.
    case rejected(ProviderFailure)
    /// It says nothing about the provider.
    case abandoned
    /// It was not made.
    case notMade

    /// What has failed.
    var failure: ProviderFailure? {
      switch self {
      case .failed(let failure), .rejected(let failure): failure
      case .succeeded, .abandoned, .notMade: nil
      }
    }
  }

  /// Takes in how a call ended, and lets those go on who have waited for it.
  ///
  /// A call that was made by an earlier configuration of the provider says nothing about the present one, but
  /// it has used what it has used.
  ///
  /// - Parameters:
  ///   - usage: the tokens as the provider counted them.
  ///   - cost: what they cost.
  ///   - latency: how soon it answered; `nil` when it did not.
  mutating func settle(
    _ call: Call, _ end: End, usage: TokenUsage?, cost: Cost?, latency: Duration?, at now: Timestamp
  ) -> News {
    var news = News()
    adjust(to: now)
    guard let place = place(of: call.id), rows[place].calls.removeValue(forKey: call.number) != nil else {
      return news
    }
    let isCurrent = rows[place].setup === call.setup
    if isCurrent { settleRates(ofPlace: place, call, end, usage, at: now) }
    if let event = spend(cost, reserved: isCurrent ? call.expectedCost : 0, atPlace: place, at: now) {
      news.events.append(event)
    }
    if let failure = end.failure {
      // What the same account is told holds for its present configuration, too; another's does not.
      let (then, present) = (call.setup.provider.configuration, rows[place].setup.provider.configuration)
      if isCurrent || then.hasSameAccount(as: present) { noteRest(failure, ofPlace: place, at: now) }
      if isCurrent { rows[place].lastFailure = failure }
    }
    if isCurrent, let event = settleBreaker(ofPlace: place, call, end, at: now) { news.events.append(event) }
    if isCurrent, case .succeeded = end, let latency { rows[place].noteLatency(latency) }
    news.wakeUps = serve(at: now)
    return news
  }

  /// Holds it against a provider that it has failed at what another one has answered since. The call is settled.
  mutating func blame(_ call: Call, _ failure: ProviderFailure, at now: Timestamp) -> News {
    var news = News()
    adjust(to: now)
    guard let place = place(of: call.id), rows[place].setup === call.setup else { return news }
    let phase = rows[place].breaker.phase
    _ = rows[place].breaker.reduce(.blamed(call.permit, failure), at: now)
    if phase != rows[place].breaker.phase {
      news.events.append(healthEvent(ofPlace: place, failure, at: now))
    }
    news.wakeUps = serve(at: now)
    return news
  }

  /// From when on entries of the ledger count for a budget; `nil` where there is none.
  mutating func countedSince(_ now: Timestamp) -> Timestamp? {
    rows.indices.compactMap { rows[$0].spending?.start(at: now) }.min()
  }

  /// Holds back what a job is expected to cost, as long as it runs.
  mutating func noteJob(of task: TaskID, at id: ProviderID, cost: Double, at now: Timestamp) {
    guard let place = place(of: id) else { return }
    rows[place].spending?.noteJob(of: task, cost: cost, at: now)
  }

  /// Takes in that a job has ended.
  ///
  /// - Returns: who is to be woken.
  mutating func endJob(of task: TaskID, at id: ProviderID, at now: Timestamp) -> [WakeUp] {
    guard let place = place(of: id) else { return [] }
    rows[place].spending?.endJob(of: task)
    return serve(at: now)
  }

  private mutating func settleBreaker(
    ofPlace place: Int, _ call: Call, _ end: End, at now: Timestamp
  ) -> CompanionEvent.Kind? {
    let phase = rows[place].breaker.phase
    var cause: ProviderFailure?
    switch end {
    case .succeeded: _ = rows[place].breaker.reduce(.succeeded(call.permit), at: now)
    case .failed(let failure):
      cause = failure
      _ = rows[place].breaker.reduce(.failed(call.permit, failure), at: now)
    case .rejected, .abandoned, .notMade: _ = rows[place].breaker.reduce(.abandoned(call.permit), at: now)
    }
    return phase == rows[place].breaker.phase ? nil : healthEvent(ofPlace: place, cause, at: now)
  }

  /// Whoever asks not to be called before a time is not, whatever else is known of it.
  private mutating func noteRest(_ failure: ProviderFailure, ofPlace place: Int, at now: Timestamp) {
    guard failure.isAboutProvider, let asked = failure.retryAfter, asked > .zero else { return }
    let until = now.advanced(by: asked)
    rows[place].rest = TimeSpan(from: now, until: max(until, rows[place].rest?.end(at: now) ?? until))
  }

  /// Puts the tokens that were used in the place of those that were expected. What was not sent used none; of
  /// what nobody has counted, the expectation stands.
  private mutating func settleRates(
    ofPlace place: Int, _ call: Call, _ end: End, _ usage: TokenUsage?, at now: Timestamp
  ) {
    var used = call.expectedTokens
    if case .notMade = end {
      used = 0
      rows[place].requests?.take(-1, at: now)
    } else if let usage = usage?.counted {
      used = Double(usage.input) + Double(usage.output)
    } else if let failure = end.failure, failure.disposition != .ambiguous {
      used = 0
    }
    if used != call.expectedTokens { rows[place].tokens?.take(used - call.expectedTokens, at: now) }
  }

  private mutating func spend(
    _ cost: Cost?, reserved: Double, atPlace place: Int, at now: Timestamp
  ) -> CompanionEvent.Kind? {
    guard let level = rows[place].spending?.settle(reserved: reserved, spent: cost, at: now),
      let spending = rows[place].spending
    else { return nil }
    return .budgetReached(rows[place].setup.id, level, spent: spending.spent, spending.budget)
  }

  /// Counts what was spent outside of a call, by a job.
  ///
  /// - Returns: what is to be told.
  mutating func spend(_ cost: Cost, at id: ProviderID, at now: Timestamp) -> CompanionEvent.Kind? {
    place(of: id).flatMap { spend(cost, reserved: 0, atPlace: $0, at: now) }
  }

  mutating func count(_ entry: LedgerEntry) {
    if let place = place(of: entry.provider) { rows[place].totals.add(entry) }
  }

  /// Notes that a provider has failed a task, so that the next attempt asks it last.
  mutating func noteFailure(of id: ProviderID, for task: TaskID) {
    if failedFor.updateValue(id, forKey: task) == nil { failedTasks.append(task) }
    guard failedTasks.count > 2_000 else { return }
    for task in failedTasks.prefix(1_000) { failedFor[task] = nil }
    failedTasks.removeFirst(1_000)
  }
}

extension ProviderTable.Row {
  /// A moving average: a fifth of it is new.
  fileprivate mutating func noteLatency(_ latest: Duration) {
    latency = latency.map { $0 * 4 / 5 + latest / 5 } ?? latest
  }
}
