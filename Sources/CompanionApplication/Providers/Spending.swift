import CompanionDomain

/// What has been spent of a budget in its present period.
struct Spending: Sendable {
  private(set) var budget: CostBudget
  private(set) var spent = 0.0
  /// What calls that are under way are expected to cost.
  private(set) var reserved = 0.0
  private var periodStart: Timestamp
  private var toldLevel = CostBudget.Level.ample

  init(_ budget: CostBudget, at now: Timestamp) {
    self.budget = budget
    periodStart = budget.period.start(at: now)
  }

  /// When the period began, of which spending counts.
  mutating func start(at now: Timestamp) -> Timestamp {
    let start = budget.period.start(at: now)
    if start > periodStart {
      periodStart = start
      spent = 0
      toldLevel = .ample
    }
    return periodStart
  }

  /// What keeps a call from being paid for; `nil` for nothing.
  mutating func obstacle(at now: Timestamp) -> ProviderTable.Obstacle? {
    _ = start(at: now)
    if budget.level(spent: spent) == .exhausted { return .spent(budget) }
    // What is not used up of what is reserved is there again soon.
    return budget.level(spent: spent + reserved) == .exhausted ? .reserved(budget) : nil
  }

  mutating func reserve(_ amount: Double) { reserved += max(amount, 0) }

  /// Puts what a call has cost in the place of what was expected.
  ///
  /// - Returns: the level that the budget has reached by it, when that was not told yet.
  mutating func settle(
    reserved amount: Double, spent cost: Cost?, at now: Timestamp
  ) -> CostBudget.Level? {
    _ = start(at: now)
    reserved = max(0, reserved - max(amount, 0))
    if let cost, cost.currency == budget.currency, cost.amount > 0 { spent += cost.amount }
    let level = budget.level(spent: spent)
    guard level > toldLevel else { return nil }
    toldLevel = level
    return level
  }

  /// Adds what was spent before this process began.
  mutating func add(_ earlier: Double) { spent += earlier }

  /// Whether another budget counts the same costs of the same time.
  func isCounted(by other: CostBudget) -> Bool {
    other.currency == budget.currency && other.period == budget.period
  }

  /// The same, of another limit. What calls under way have reserved is not held for them any more.
  func going(on other: CostBudget) -> Spending {
    var next = self
    next.budget = other
    next.reserved = 0
    if other.limit != budget.limit { next.toldLevel = .ample }
    return next
  }
}
