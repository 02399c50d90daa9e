import CompanionApplication
import CompanionDomain
import CompanionPorts

extension ChatScenario {
  init(seed: UInt64) {
    var dice = Dice(seed: seed)
    isQuiet = dice.happens(percent: 25)
    countsExactly = dice.happens(percent: 50)
    hasClassifier = dice.happens(percent: 20)
    oddsOfAnswer = dice.pick([0, 50, 80, 100])
    calm = dice.milliseconds(in: 300_000...1_800_000)
    talks = dice.number(in: 1...4)
    remotes = []
    for _ in Self.providers { remotes.append(Self.remote(until: calm, &dice)) }
    let prompts = Self.prompts(&dice)
    let count = isQuiet ? 1 : dice.pick(weighted: [(3, 1), (4, 2), (2, 3)])
    processes = []
    for _ in 0..<count { processes.append(Self.process(prompts, isQuiet: isQuiet, &dice)) }
    steps = []
    drawSteps(&dice)
  }

  // MARK: Providers

  private static func remote(until calm: Duration, _ dice: inout Dice) -> Remote {
    var outages: [Range<Duration>] = []
    for _ in 0..<dice.pick([0, 0, 1, 2]) {
      let start = dice.milliseconds(in: 0...Int(calm.milliseconds))
      outages.append(start..<(start + dice.milliseconds(in: 10_000...400_000)))
    }
    return Remote(
      latency: dice.pick([10...200, 200...3_000, 1_000...15_000]),
      gap: dice.pick([0...20, 5...300, 50...2_000]),
      oddsOfFault: dice.pick([0, 3, 10, 30]), oddsOfNonsense: dice.pick([0, 10, 30]), outages: outages)
  }

  // MARK: Processes

  private static func prompts(_ dice: inout Dice) -> PromptConfiguration {
    var prompts = PromptConfiguration()
    prompts.limit = dice.pick([3_500, 5_000, 8_000])
    prompts.reservedOutput = dice.number(in: 200...900)
    prompts.summaryTokens = dice.number(in: 80...300)
    if dice.happens(percent: 50) { prompts.rules = ["Be brief.", "Never speak of the weather."] }
    return prompts
  }

  private static func process(
    _ prompts: PromptConfiguration, isQuiet: Bool, _ dice: inout Dice
  ) -> ProcessPlan {
    let odds = StoreFaultPlan.Odds(isQuiet: isQuiet, &dice)
    var configuration = CompanionConfiguration()
    configuration.intents = dice.pick([.model, .model, .model, .rules])
    configuration.answerDeadline = dice.milliseconds(in: 15_000...120_000)
    configuration.checkpointInterval = dice.milliseconds(in: 20...250)
    configuration.waitingMessages = dice.number(in: 2...16)
    configuration.mode = dice.pick([.standard, .enhanced])
    let sent = dice.number(in: 1...4)
    configuration.history = HistoryPolicy(hot: sent * 5, trimmed: sent * 4, sent: sent) ?? .standard
    configuration.prompts = prompts
    configuration.sessions.maximumOpen = dice.pick([1, 2, 1_000])
    configuration.sessions.idleTime = dice.milliseconds(in: 1_000...300_000)
    configuration.work.maximumRounds = dice.number(in: 2...6)
    configuration.work.maximumCalls = dice.number(in: 2...6)
    configuration.work.maximumResultBytes = dice.number(in: 256...4_000)
    configuration.work.callLimit = dice.milliseconds(in: 20_000...100_000)
    configuration.work.attemptLimit = dice.milliseconds(in: 40_000...200_000)
    configuration.work.approvalLifetime = dice.milliseconds(in: 30_000...900_000)
    configuration.work.answerLifetime = dice.milliseconds(in: 30_000...900_000)
    configuration.memory.isAutomatic = false
    configuration.embedding.isAutomatic = false
    configuration.tasks = tasks(&dice)
    return ProcessPlan(
      offset: isQuiet || dice.happens(percent: 60) ? .zero : dice.milliseconds(in: -5_000...5_000),
      restartDelay: dice.milliseconds(in: 0...30_000), odds: odds, configuration: configuration)
  }

  private static func tasks(_ dice: inout Dice) -> TaskConfiguration {
    var tasks = TaskConfiguration()
    tasks.workers = dice.number(in: 1...5)
    tasks.leaseLength = dice.milliseconds(in: 9_000...60_000)
    tasks.attemptLimit = dice.milliseconds(in: 40_000...200_000)
    tasks.sweepInterval = dice.milliseconds(in: 20_000...120_000)
    tasks.shutdownGrace = dice.milliseconds(in: 0...5_000)
    tasks.storeTimeout = dice.milliseconds(in: 4_000...10_000)
    return tasks
  }

  // MARK: Steps

  private mutating func drawSteps(_ dice: inout Dice) {
    for _ in 0..<dice.number(in: 8...30) {
      // Messages come in bursts, so that one interrupts the other.
      let (time, talk) = (dice.number(in: 0...Int(calm.milliseconds)), dice.number(in: 0...(talks - 1)))
      for place in 0..<dice.pick(weighted: [(5, 1), (3, 2), (1, 5)]) {
        let later = place == 0 ? 0 : dice.pick([0...200, 200...5_000, 2_000...40_000]).randomPoint(&dice)
        add(.send(Self.message(&dice)), at: time + later, in: talk, &dice)
      }
    }
    for _ in 0..<dice.number(in: 3...20) {
      add(Self.change(&dice), at: dice.number(in: 0...Int(calm.milliseconds)), in: nil, &dice)
    }
    if !isQuiet {
      for _ in 0..<dice.number(in: 0...6) {
        let step: Step = dice.happens(percent: 60) ? .kill : .restart
        add(step, at: dice.number(in: 0...Int(calm.milliseconds)), in: nil, &dice)
      }
    }
    steps = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element)
  }

  private mutating func add(_ step: Step, at time: Int, in talk: Int?, _ dice: inout Dice) {
    let talk = talk ?? dice.number(in: 0...(talks - 1))
    let process =
      dice.happens(percent: 85) ? home(of: talk) : dice.number(in: 0...(processes.count - 1))
    steps.append(TimedStep(time: .milliseconds(time), process: process, talk: talk, step: step))
  }

  static func message(_ dice: inout Dice) -> Message {
    let consumer: Consumer = dice.pick(weighted: [
      (6, .takesAll), (2, .interrupts(after: dice.number(in: 0...12))),
      (1, .abandons(after: dice.number(in: 0...12))),
      (1, .isCancelled(after: dice.milliseconds(in: 0...10_000))),
    ])
    return Message(
      saying: dice.pick(weighted: [(8, .plain), (3, .work), (2, .long), (1, .huge)]),
      updatesContext: dice.happens(percent: 20),
      options: TurnOptions(
        mode: dice.pick([nil, nil, .standard, .enhanced]), recall: dice.pick([nil, nil, true, false])),
      consumer: consumer,
      pace: dice.pick([.zero, .zero, .milliseconds(dice.number(in: 1...1_500))]))
  }

  private static func change(_ dice: inout Dice) -> Step {
    let pick = dice.number(in: 0...1_000)
    return dice.pick(weighted: [
      (3, .interrupt), (2, .edit(pick)), (2, .delete(pick)), (2, .update), (3, .cancelTask(pick)),
      (2, .close),
      (2, .reopen), (1, .fork(pick)), (4, .forget(.message(pick))), (1, .forget(.session)),
      (1, .mode(dice.pick([.standard, .enhanced]))),
    ])
  }
}

extension ClosedRange<Int> {
  fileprivate func randomPoint(_ dice: inout Dice) -> Int { dice.number(in: self) }
}
