/// Names one entry of the ledger.
public struct LedgerEntryID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

/// One call of a provider, as it is entered in the ledger when it is over.
public struct LedgerEntry: Hashable, Sendable, Codable {
  /// The entry's own name: entering it twice is entering it once.
  public var id: LedgerEntryID
  /// When the call ended.
  public var time: Timestamp
  /// Which configured provider was called.
  public var provider: ProviderID
  /// The model that was called.
  public var model: ModelIdentity
  /// What the call was for.
  public var purpose: CallPurpose
  /// The conversation that it was made for; `nil` for none.
  public var session: SessionID?
  /// The background task that it was made for; `nil` for none.
  public var task: TaskID?
  /// The tokens as the provider counted them; `nil` where it did not tell.
  public var usage: TokenUsage?
  /// What they cost; `nil` where the tokens, or the model's price, are not known. It is never zero for that.
  public var cost: Cost?
  /// From the request to the end.
  public var latency: Duration
  /// Why the call failed; `nil` when it did not.
  public var failure: ProviderFailure.Kind?

  /// An entry of these parts.
  public init(
    id: LedgerEntryID, time: Timestamp, provider: ProviderID, model: ModelIdentity, purpose: CallPurpose,
    session: SessionID? = nil, task: TaskID? = nil, usage: TokenUsage? = nil, cost: Cost? = nil,
    latency: Duration, failure: ProviderFailure.Kind? = nil
  ) {
    self.id = id
    self.time = time
    self.provider = provider
    self.model = model
    self.purpose = purpose
    self.session = session
    self.task = task
    self.usage = usage
    self.cost = cost
    self.latency = latency
    self.failure = failure
  }
}

/// What entries of the ledger come to.
public struct LedgerTotals: Hashable, Sendable {
  /// How many calls were made, those that failed included.
  public var calls = 0
  /// How many of them failed. One that was stopped has not.
  public var failures = 0
  /// The tokens of the calls that told of them; `nil` where none did. A negative number counts as zero.
  public var usage: TokenUsage?
  /// What is known of the cost, by currency; a sum ends at the greatest finite number.
  public var costs: [String: Double] = [:]
  /// How many calls used tokens at a price that is not known, or may have, or at one that comes to a negative
  /// amount or none that is finite: their cost is not in `costs`.
  public var callsOfUnknownCost = 0

  /// No calls.
  public init() {}

  /// Adds a call.
  public mutating func add(_ entry: LedgerEntry) {
    calls += 1
    if entry.failure.map({ $0 != .cancelled }) ?? false { failures += 1 }
    add(entry.usage)
    if let cost = entry.cost, cost.isPossible {
      costs[cost.currency] = Self.sum(costs[cost.currency, default: 0], cost.amount)
    } else if entry.cost != nil || entry.mayHaveCost {
      callsOfUnknownCost += 1
    }
  }
}

extension LedgerTotals {
  /// Adds the totals of other calls.
  public mutating func add(_ other: LedgerTotals) {
    calls += other.calls
    failures += other.failures
    add(other.usage)
    costs.merge(other.costs, uniquingKeysWith: Self.sum)
    callsOfUnknownCost += other.callsOfUnknownCost
  }

  private mutating func add(_ more: TokenUsage?) {
    // Sums that end at the highest number depend on the order as soon as one number is negative.
    guard let more = more?.counted else { return }
    usage = usage.map { $0.adding(more) } ?? more
  }

  private static func sum(_ left: Double, _ right: Double) -> Double {
    min(left + right, .greatestFiniteMagnitude)
  }
}

extension LedgerEntry {
  /// Whether the call may have been billed, as far as its end tells: one that the provider did not take was
  /// not.
  public var mayHaveCost: Bool {
    guard usage == nil else { return true }
    return switch failure {
    case nil, .timedOut?, .connectionLost?, .streamCut?, .malformedResponse?, .contentFiltered?, .refused?,
      .cancelled?, .incomplete?, .unknown?, .serverError?:
      true
    default: false
    }
  }
}
