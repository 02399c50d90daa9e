import CompanionDomain

/// What has been spent of a budget in its present period.
struct Spending: Sendable {
  let budget: CostBudget
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

  /// Whether no call may be made any more.
  mutating func isExhausted(at now: Timestamp) -> Bool {
    _ = start(at: now)
    return budget.level(spent: spent + reserved) == .exhausted
  }

  mutating func reserve(_ amount: Double) { reserved += amount }

  /// Puts what a call has cost in the place of what was expected.
  ///
  /// - Returns: the level that the budget has reached by it, when that was not told yet.
  mutating func settle(
    reserved amount: Double, spent cost: Cost?, at now: Timestamp
  ) -> CostBudget.Level? {
    _ = start(at: now)
    reserved = max(0, reserved - amount)
    if let cost, cost.currency == budget.currency { spent += cost.amount }
    let level = budget.level(spent: spent)
    guard level > toldLevel else { return nil }
    toldLevel = level
    return level
  }

  /// Adds what was spent before this process began.
  mutating func add(_ earlier: Double) { spent += earlier }
}
