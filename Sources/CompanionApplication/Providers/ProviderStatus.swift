public import CompanionDomain
import CompanionPorts
import Synchronization

/// How a provider stands, as it is shown to a person. What it counts began with the process.
public struct ProviderStatus: Hashable, Sendable {
  /// How it is configured at present.
  public var configuration: ProviderConfiguration
  /// The model, as its services name it.
  public var model: ModelIdentity
  /// How its circuit breaker stands.
  public var breaker: CircuitBreaker.Phase
  /// When its cooldown ends, after failures or as a `Retry-After` has asked for; `nil` when it is in none.
  public var restsUntil: Timestamp?
  /// How many calls are under way, those included that were told to stop and have not ended.
  public var callsUnderWay: Int
  /// The requests in its token bucket, which may be made at once; `nil` without a rate limit. Less than zero, so many
  /// wait.
  public var requestsLeft: Double?
  /// The tokens in its token bucket, which may be used at once; `nil` without a rate limit. Less than zero, so many
  /// wait or were used beyond it.
  public var tokensLeft: Double?
  /// What is spent of the budget in its present period, what this process knows of; `nil` without a budget.
  public var spent: Double?
  /// What is held back of the budget for calls and jobs under way, until it is known what they cost; `nil` without a
  /// budget.
  public var held: Double?
  /// How soon it has lately answered; `nil` before its first answer.
  public var latency: Duration?
  /// What its calls have come to.
  public var totals: LedgerTotals
  /// The last call that failed.
  public var lastFailure: ProviderFailure?
}

extension ModelRouter {
  /// How the providers stand, in the order in which they are asked.
  package func status() -> [ProviderStatus] {
    let now = time.now
    return table.withLock { $0.status(at: now) }
  }
}

extension ProviderTable {
  /// The places of the providers in the order in which they are asked, as far as the strategy leaves it open.
  var places: [Int] {
    rows.indices.sorted { left, right in
      (rows[left].priority, rows[left].isPreferred ? 0 : 1, left)
        < (rows[right].priority, rows[right].isPreferred ? 0 : 1, right)
    }
  }

  func status(at now: Timestamp) -> [ProviderStatus] {
    let demand = line.demand(places: self.rows.count)
    return places.map { place in
      let row = rows[place]
      var restsUntil = row.rest?.end(at: now)
      if case .resting(let until) = row.breaker.availability(at: now) {
        restsUntil = restsUntil.map { max($0, until) } ?? until
      }
      // The last call may have been in an earlier period.
      var spending = row.spending
      _ = spending?.start(at: now)
      return ProviderStatus(
        configuration: row.configuration, model: row.setup.model, breaker: row.breaker.phase,
        restsUntil: restsUntil, callsUnderWay: row.calls.count,
        requestsLeft: row.requests.map { $0.level(at: now) - demand[place].requests },
        tokensLeft: row.tokens.map { $0.level(at: now) - demand[place].tokens },
        spent: spending?.spent, held: spending?.held(at: now), latency: row.latency, totals: row.totals,
        lastFailure: row.lastFailure)
    }
  }
}
