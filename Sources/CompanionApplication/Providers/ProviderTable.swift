import CompanionDomain
import CompanionPorts

/// The configured providers and how each of them stands: which is called next, and what its calls come to.
///
/// It knows nothing of waiting: it says until when, and whom to wake.
struct ProviderTable: Sendable {
  /// What does not change of a provider until it is configured anew. It is looked at for every call, and copied
  /// for none.
  final class Setup: Sendable {
    let provider: Provider
    /// Tells a provider from one that was configured under the same name before.
    let number: Int
    let id: ProviderID
    /// The model, as its services tell it.
    let model: ModelIdentity
    /// What it is said to do, and does.
    let kinds: Set<ModelCapabilities.Kind>
    let capabilities: ModelCapabilities
    /// The most calls at the same time; `nil` for no limit.
    let concurrentCalls: Int?
    /// What it costs; `nil` where that is not known.
    let price: ModelPrice?

    /// What makes its vectors; `nil` where it makes none.
    var embeddingModel: ModelIdentity? {
      kinds.contains(.embedding) ? provider.services.embeddings?.identity : nil
    }

    init(_ provider: Provider, number: Int) {
      self.provider = provider
      self.number = number
      model = provider.model
      price = provider.configuration.price
      id = provider.id
      capabilities = provider.configuration.capabilities
      kinds = capabilities.kinds.intersection(provider.services.kinds)
      concurrentCalls = provider.configuration.limits.concurrentCalls.map { max($0, 1) }
    }
  }

  /// A provider and how it stands.
  struct Row: Sendable {
    let setup: Setup
    /// Those of a lower number are asked first. A switch changes it.
    var priority: Int
    var breaker: CircuitBreaker
    var requests: TokenBucket?
    var tokens: TokenBucket?
    var spending: Spending?
    /// Whether it is known what was spent of its budget before this process began.
    var isSpendingKnown: Bool
    /// The provider has asked not to be called before the end of this.
    var rest: TimeSpan?
    /// The calls that are under way, by their number, and the tasks that they are made for.
    var calls: [Int: TaskID?] = [:]
    /// The number of its last call, by which providers take turns.
    var lastCall = 0
    /// How soon it has lately answered; `nil` before its first answer.
    var latency: Duration?
    var totals = LedgerTotals()
    var lastFailure: ProviderFailure?
    /// Whether it was switched to: it comes first among those of its priority.
    var isPreferred = false
    /// When its jobs were told to go elsewhere; `nil` when they were not.
    var leftAt: Timestamp?

    /// How it is configured, with its present priority.
    var configuration: ProviderConfiguration {
      var configuration = setup.provider.configuration
      configuration.priority = priority
      return configuration
    }
  }

  /// A call that may be made.
  struct Call: Sendable {
    let setup: Setup
    let number: Int
    let permit: CircuitBreaker.Permit
    let expectedTokens: Double
    let expectedCost: Double

    var id: ProviderID { setup.id }
  }

  /// Who may be called for a request.
  enum Choice: Sendable {
    /// This one; and what is to be told. What the call is expected to use is taken.
    case call(Call, CompanionEvent.Kind?)
    /// Nobody yet.
    case wait(Wait)
    /// Nobody any more.
    case none(ProviderFailure)
  }

  /// What keeps a request from being made now.
  struct Wait: Hashable, Sendable {
    /// The provider that is expected to be ready first.
    var provider: ProviderID
    /// When it may be; `nil` when nobody can say.
    var until: Timestamp?
    var obstacle: Obstacle
    /// Whether another one may be ready before, of which nobody can say when.
    var mayBeSooner = false

    /// Whether somebody may be ready by a time.
    func mayEnd(by latest: Timestamp) -> Bool { mayBeSooner || until.map { $0 <= latest } ?? true }
  }

  /// Who is to be told of a change, and of what.
  struct News: Sendable {
    var events: [CompanionEvent.Kind] = []
    var wakeUps: [WakeUp] = []
  }

  var rows: [Row] = []
  /// Those who wait for a call.
  var line = CallLine()
  /// What those who waited have got, until they take it.
  var answers: [Int: Choice] = [:]
  let strategy: RoutingStrategy
  /// The number of the last call, row or waiter.
  private var lastNumber = 0
  /// Which provider failed a task last, and the tasks in the order in which that was noted.
  var failedFor: [TaskID: ProviderID] = [:]
  var failedTasks: [TaskID] = []
  /// When what budgets have spent is looked up again, after that has failed.
  var nextSpendingLookup: Timestamp?
  /// The time that was last seen.
  private var lastTime: Timestamp
  /// Whether anything here depends on how many tokens a request has.
  private(set) var countsTokens = false

  init(_ providers: [Provider], strategy: RoutingStrategy, at now: Timestamp) {
    self.strategy = strategy
    lastTime = now
    for provider in providers { rows.append(makeRow(of: provider, at: now)) }
    noteRows()
  }

  mutating func makeRow(of provider: Provider, at now: Timestamp) -> Row {
    let limits = provider.configuration.limits
    return Row(
      setup: Setup(provider, number: nextNumber()), priority: provider.configuration.priority,
      breaker: CircuitBreaker(policy: provider.configuration.breaker),
      requests: limits.requestsPerMinute.map { TokenBucket(perMinute: $0, at: now) },
      tokens: limits.tokensPerMinute.map { TokenBucket(perMinute: $0, at: now) },
      spending: limits.budget.map { Spending($0, at: now) }, isSpendingKnown: limits.budget == nil)
  }

  /// Takes in that the rows are others.
  mutating func noteRows() {
    countsTokens =
      strategy == .cheapest
      || rows.contains { row in
        row.tokens != nil || row.spending != nil || row.setup.capabilities.contextWindow != nil
      }
  }

  mutating func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  func place(of id: ProviderID) -> Int? { rows.indices.first { rows[$0].setup.id == id } }

  func row(_ id: ProviderID) -> Row? { place(of: id).map { rows[$0] } }

  /// Takes in what time it is. Where the clock was set back, nothing lasts longer by that.
  mutating func adjust(to now: Timestamp) {
    defer { lastTime = now }
    guard now < lastTime else { return }
    for place in rows.indices {
      rows[place].breaker.adjust(to: now)
      rows[place].requests?.adjust(to: now)
      rows[place].tokens?.adjust(to: now)
      rows[place].rest = rows[place].rest?.adjusted(to: now)
    }
    nextSpendingLookup = nextSpendingLookup.map { min($0, now.advanced(by: Self.spendingPause)) }
  }

  static let spendingPause = Duration.seconds(1)
}

extension ProviderTable {
  /// Why a provider that can do something does not do it now.
  enum Obstacle: Hashable, Sendable {
    case rests
    /// It has said itself until when it is not to be called.
    case asksForRest
    case isProbed
    case rate
    case calls(Int)
    case spent(CostBudget)
    case reserved(CostBudget)
    case spendingUnknown
    case line
  }
}

extension ProviderTable.Wait: CustomStringConvertible {
  var description: String {
    switch obstacle {
    case .rests: "the circuit breaker of \(provider) is open after failures"
    case .asksForRest: "\(provider) is in a cooldown that it has asked for"
    case .isProbed: "\(provider) is being probed: its circuit breaker is half-open"
    case .rate: "\(provider) is at its rate limit"
    case .calls(let limit): "\(provider) has \(limit) calls under way"
    case .spent(let budget): "the budget of \(budget.limit) \(budget.currency) for \(provider) is spent"
    case .reserved(let budget):
      "what is left of the budget of \(budget.limit) \(budget.currency) for \(provider) is in use"
    case .spendingUnknown: "what was spent at \(provider) is not known, for the ledger cannot be read"
    case .line: "others wait for \(provider)"
    }
  }
}
