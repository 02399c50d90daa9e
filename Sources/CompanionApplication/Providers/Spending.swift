import CompanionDomain

/// What has been spent of a budget in its present period.
struct Spending: Sendable {
  private(set) var budget: CostBudget
  private(set) var spent = 0.0
  /// What calls that are under way are expected to cost.
  private(set) var reserved = 0.0
  /// What jobs that providers run are expected to cost, and when each was last known to run, by their tasks.
  private var jobs: [TaskID: (cost: Double, seenAt: Timestamp)] = [:]
  /// What a call has lately cost; `nil` before the first that is known.
  private var typicalCost: Double?
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
    return budget.level(spent: spent + held(at: now)) == .exhausted ? .reserved(budget) : nil
  }

  /// What is to be held back for a call: its expected cost, or what calls have cost lately where that is more.
  func holdback(expected: Double) -> Double { max(expected, typicalCost ?? 0, 0) }

  mutating func reserve(_ amount: Double) { reserved += max(amount, 0) }

  /// Holds back what a job is expected to cost for as long as it is known to run.
  mutating func noteJob(of task: TaskID, cost: Double, at now: Timestamp) {
    jobs[task] = (jobs[task]?.cost ?? holdback(expected: cost), now)
  }

  /// Holds nothing back for a job any more.
  mutating func endJob(of task: TaskID) { jobs[task] = nil }

  /// What is held back for calls and jobs. A job that nobody has looked after for long is not this process's any
  /// more.
  mutating func held(at now: Timestamp) -> Double {
    guard !jobs.isEmpty else { return reserved }
    jobs = jobs.filter { $0.value.seenAt.duration(to: now) < Self.jobMemory }
    return jobs.values.reduce(reserved) { $0 + $1.cost }
  }

  private static let jobMemory = Duration.seconds(600)

  /// Puts what a call has cost in the place of what was expected.
  ///
  /// - Returns: the level that the budget has reached by it, when that was not told yet.
  mutating func settle(
    reserved amount: Double, spent cost: Cost?, at now: Timestamp
  ) -> CostBudget.Level? {
    _ = start(at: now)
    reserved = max(0, reserved - max(amount, 0))
    if let cost, cost.currency == budget.currency, cost.amount > 0 {
      spent += cost.amount
      // It follows a rise at once, and a fall slowly.
      typicalCost = max(cost.amount, (typicalCost ?? 0) * 4 / 5 + cost.amount / 5)
    }
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
