import CompanionApplication
import CompanionDomain
import CompanionPorts

extension ProviderScenario {
  init(seed: UInt64) {
    var dice = Dice(seed: seed)
    let calm = dice.milliseconds(in: 60_000...360_000)
    self.calm = calm
    let count = dice.number(in: 2...4)
    remotes = (0..<count).map { Self.remote($0, calm: calm, &dice) }
    // Somebody is left to work when every budget is spent, and everybody can be waited for.
    let free = dice.number(in: 0...(count - 1))
    remotes[free].configuration.limits.budget = nil
    if dice.happens(percent: 20) {
      // Until all is calm, whoever has a budget has to do with it.
      let fault = RemoteFault.refusal(
        ProviderFailure(.quotaExhausted, status: 429, code: "insufficient_quota"))
      remotes[free].troubles = [Trouble(from: .zero, to: calm, fault: fault, percent: 100)]
    }
    processes = (0..<dice.pick(weighted: [(3, 1), (2, 2)])).map { _ in Self.process(&dice) }
    jobs = (0..<dice.number(in: 2...6)).map { _ in
      Job(
        kind: dice.happens(percent: 60) ? .reasoning : .chatCompletion,
        deadline: dice.happens(percent: 15) ? dice.milliseconds(in: 5_000...300_000) : nil)
    }
    steps = []
    drawSteps(&dice)
  }

  // MARK: Providers

  private static func remote(_ index: Int, calm: Duration, _ dice: inout Dice) -> Remote {
    let fastest = dice.number(in: 20...600)
    let shortest = dice.number(in: 500...40_000)
    var troubles: [Trouble] = []
    for _ in 0..<dice.number(in: 0...4) {
      let from = dice.milliseconds(in: 0...Int(calm.milliseconds))
      troubles.append(
        Trouble(
          from: from, to: from + dice.milliseconds(in: 3_000...120_000), fault: RemoteFault(&dice),
          percent: dice.number(in: 40...100)))
    }
    return Remote(
      configuration: configuration(index, &dice), honoursKeys: dice.happens(percent: 70),
      latency: fastest...(fastest + dice.number(in: 0...1_500)),
      jobLength: shortest...(shortest + dice.number(in: 0...90_000)),
      oddsOfFault: dice.pick([0, 0, 5, 15, 40]), troubles: troubles)
  }

  private static func configuration(_ index: Int, _ dice: inout Dice) -> ProviderConfiguration {
    ProviderConfiguration(
      id: ids[index], api: .custom, model: "model", priority: dice.number(in: 0...2),
      capabilities: ModelCapabilities(
        kinds: dice.happens(percent: 50) ? [.text, .background] : [.text],
        contextWindow: dice.happens(percent: 30) ? 100_000 * dice.number(in: 1...3) : nil),
      limits: limits(&dice),
      price: dice.happens(percent: 80)
        ? ModelPrice(
          perMillionInput: Double(dice.number(in: 100...2_000)),
          perMillionOutput: Double(dice.number(in: 100...4_000)))
        : nil,
      breaker: policy(&dice))
  }

  private static func limits(_ dice: inout Dice) -> ProviderLimits {
    ProviderLimits(
      requestsPerMinute: dice.happens(percent: 40) ? dice.number(in: 6...60) : nil,
      tokensPerMinute: dice.happens(percent: 25) ? dice.number(in: 500...20_000) : nil,
      concurrentCalls: dice.happens(percent: 50) ? dice.number(in: 1...3) : nil,
      budget: dice.happens(percent: 40)
        ? CostBudget(
          limit: Double(dice.number(in: 1...20)) / 10, period: dice.pick([.total, .month, .day]))
        : nil)
  }

  private static func policy(_ dice: inout Dice) -> CircuitBreaker.Policy {
    let cooldown = dice.milliseconds(in: 2_000...40_000)
    return CircuitBreaker.Policy(
      consecutiveFailures: dice.number(in: 1...5), failureRatio: Double(dice.number(in: 3...10)) / 10,
      window: dice.milliseconds(in: 10_000...60_000), minimumCalls: dice.number(in: 3...20),
      cooldown: cooldown, maximumCooldown: cooldown * dice.number(in: 1...4),
      permanentCooldown: dice.milliseconds(in: 10_000...150_000), successesToClose: dice.number(in: 1...3))
  }

  // MARK: Processes

  private static func process(_ dice: inout Dice) -> ProcessPlan {
    var odds = StoreFaultPlan.Odds()
    if dice.happens(percent: 30) { odds.crash = Double(dice.number(in: 1...8)) / 1000 }
    if dice.happens(percent: 40) { odds.errorAfter = Double(dice.number(in: 1...40)) / 1000 }
    if dice.happens(percent: 40) { odds.busy = Double(dice.number(in: 1...50)) / 1000 }
    if dice.happens(percent: 30) { odds.slow = Double(dice.number(in: 1...40)) / 1000 }
    odds.slowest = dice.milliseconds(in: 50...3_000)
    var configuration = CompanionConfiguration()
    configuration.persona = "A companion."
    configuration.intents = dice.happens(percent: 40) ? .model : .rules
    configuration.answerDeadline = dice.milliseconds(in: 5_000...90_000)
    configuration.routing.strategy = dice.pick(RoutingStrategy.allCases)
    configuration.routing.hedgeAfter =
      dice.happens(percent: 30) ? dice.milliseconds(in: 100...4_000) : nil
    configuration.tasks.workers = dice.number(in: 1...4)
    configuration.tasks.leaseLength = dice.milliseconds(in: 10_000...60_000)
    configuration.tasks.attemptLimit = dice.milliseconds(in: 10_000...90_000)
    configuration.tasks.retry = RetryPolicy(
      maximumRetries: dice.number(in: 1...6), base: dice.milliseconds(in: 50...2_000),
      cap: dice.milliseconds(in: 1_000...20_000))
    configuration.tasks.shutdownGrace = dice.milliseconds(in: 0...4_000)
    configuration.tasks.sweepInterval = dice.milliseconds(in: 30_000...120_000)
    configuration.tasks.reviewInterval = dice.milliseconds(in: 120_000...400_000)
    configuration.tasks.automaticRequeues = dice.number(in: 0...1)
    configuration.tasks.storeTimeout = dice.milliseconds(in: 4_000...10_000)
    return ProcessPlan(
      offset: dice.happens(percent: 50) ? dice.milliseconds(in: -120_000...120_000) : .zero,
      restartDelay: dice.milliseconds(in: 0...20_000), odds: odds, configuration: configuration)
  }

  // MARK: Steps

  private mutating func drawSteps(_ dice: inout Dice) {
    let end = Int(calm.milliseconds)
    for index in jobs.indices {
      let time = dice.milliseconds(in: 0...(end * 3 / 4))
      add(.ask(index), at: time, &dice)
      if dice.happens(percent: 20) {
        add(.ask(index), at: time + dice.milliseconds(in: 0...30_000), &dice)
      }
      if dice.happens(percent: 30) {
        add(.cancel(index), at: time + dice.milliseconds(in: 0...(dice.pick([3_000, 60_000]))), &dice)
      }
    }
    // Somebody may say much at once.
    let rush = dice.happens(percent: 30) ? randomTime(&dice) : nil
    for turn in 0..<dice.number(in: 4...24) {
      let stop = dice.happens(percent: 15) ? dice.milliseconds(in: 10...10_000) : nil
      let time = rush.map { $0 + dice.milliseconds(in: 0...10_000) } ?? randomTime(&dice)
      add(.chat(turn, stopAfter: stop), at: time, &dice)
    }
    for _ in 0..<dice.number(in: 0...2) {
      let from = dice.number(in: 0...(remotes.count - 1))
      let to = (from + dice.number(in: 1...(remotes.count - 1))) % remotes.count
      add(
        .switchProvider(from: from, to: to, includingRunning: dice.happens(percent: 40)),
        at: randomTime(&dice), &dice)
    }
    for _ in 0..<dice.number(in: 0...2) { add(.update(update(&dice)), at: randomTime(&dice), &dice) }
    for _ in 0..<dice.pick([0, 0, 1, 2]) { add(.kill, at: randomTime(&dice), &dice) }
    for _ in 0..<dice.pick([0, 0, 1]) { add(.restart, at: randomTime(&dice), &dice) }
  }

  /// A provider's configuration as somebody changes it. What it can do, and what it costs, stays.
  private func update(_ dice: inout Dice) -> ProviderConfiguration {
    var configuration = remotes[dice.number(in: 0...(remotes.count - 1))].configuration
    if dice.happens(percent: 40) { configuration.model = Self.missingModel }
    if dice.happens(percent: 50) { configuration.priority = dice.number(in: 0...2) }
    if dice.happens(percent: 50) { configuration.breaker = Self.policy(&dice) }
    if dice.happens(percent: 50) {
      let budget = configuration.limits.budget
      configuration.limits = Self.limits(&dice)
      configuration.limits.budget = budget
    }
    return configuration
  }

  private func randomTime(_ dice: inout Dice) -> Duration {
    dice.milliseconds(in: 0...Int(calm.milliseconds))
  }

  private mutating func add(_ step: Step, at time: Duration, _ dice: inout Dice) {
    steps.append(TimedStep(time: time, process: dice.number(in: 0...(processes.count - 1)), step: step))
  }
}

extension RemoteFault {
  init(_ dice: inout Dice) {
    let asked = dice.milliseconds(in: 500...60_000)
    let choices: [(weight: Int, element: RemoteFault)] = [
      (5, .refusal(ProviderFailure(.rateLimited, retryAfter: asked, status: 429))),
      (2, .refusal(ProviderFailure(.rateLimited, status: 429))),
      (3, .refusal(ProviderFailure(.serverError, status: 500))),
      (2, .refusal(ProviderFailure(.overloaded, status: 503))),
      (2, .refusal(ProviderFailure(.overloaded, retryAfter: asked, status: 503))),
      (2, .refusal(ProviderFailure(.overloaded, status: 529))),
      (2, .refusal(ProviderFailure(.quotaExhausted, status: 429, code: "insufficient_quota"))),
      (1, .refusal(ProviderFailure(.contentFiltered, status: 400))),
      (1, .refusal(ProviderFailure(.contextLengthExceeded, status: 400))),
      (4, .timeout(after: dice.milliseconds(in: 2_000...20_000), isDone: dice.happens(percent: 50))),
      (3, .timeout(after: dice.milliseconds(in: 60_000...150_000), isDone: dice.happens(percent: 50))),
      (2, .cut(afterFirst: false)),
      (3, .cut(afterFirst: true)),
      (2, .malformed),
      (1, .empty),
      (1, .length),
      (1, .filteredMidway),
    ]
    self = dice.pick(weighted: choices)
  }
}
