import CompanionApplication
import CompanionDomain
import CompanionPorts

extension TaskScenario {
  init(seed: UInt64) {
    var dice = Dice(seed: seed)
    calm = dice.milliseconds(in: 60_000...420_000)
    let count = dice.pick(weighted: [(6, 2), (3, 3), (1, 4)])
    processes = (0..<count).map { _ in Self.process(&dice) }
    // Whoever asks for the rare kind has to know it.
    for index in processes[0].settings.indices { processes[0].settings[index].knowsRareKind = true }
    // One at the most, so that somebody is left to do the work.
    if dice.happens(percent: 25) { processes[count - 1].staysDown = true }
    jobs = []
    for index in 0..<dice.number(in: 3...8) { jobs.append(Self.job(index, &dice)) }
    schedule = dice.happens(percent: 25) ? .seconds(dice.number(in: 40...200)) : nil
    steps = []
    drawCommands(&dice)
    jobs.append(
      Job(kind: .quick, behaviour: .succeed(after: .seconds(1)), payload: TaskPayload(json: "filler")))
    drawFaults(&dice)
  }

  // MARK: Processes

  private static func process(_ dice: inout Dice) -> Process {
    var odds = StoreFaultPlan.Odds()
    if dice.happens(percent: 40) { odds.crash = Double(dice.number(in: 1...12)) / 1000 }
    if dice.happens(percent: 50) { odds.errorAfter = Double(dice.number(in: 1...60)) / 1000 }
    if dice.happens(percent: 50) { odds.busy = Double(dice.number(in: 1...80)) / 1000 }
    if dice.happens(percent: 40) { odds.slow = Double(dice.number(in: 1...80)) / 1000 }
    if dice.happens(percent: 30) { odds.hang = Double(dice.number(in: 1...20)) / 1000 }
    if dice.happens(percent: 40) { odds.lostNews = Double(dice.number(in: 1...100)) / 100 }
    if dice.happens(percent: 30) { odds.doubledNews = Double(dice.number(in: 1...50)) / 100 }
    if dice.happens(percent: 30) { odds.lateNews = Double(dice.number(in: 1...50)) / 100 }
    odds.slowest = dice.milliseconds(in: 50...15_000)
    let isSkewed = dice.happens(percent: 50)
    return Process(
      offset: isSkewed ? dice.milliseconds(in: -120_000...120_000) : .zero,
      reusesWorkerID: dice.happens(percent: 30),
      restartDelay: dice.milliseconds(in: 0...20_000), staysDown: false, odds: odds,
      settings: (0..<3).map { _ in settings(&dice) })
  }

  private static func settings(_ dice: inout Dice) -> ProcessSettings {
    var tasks = TaskConfiguration()
    tasks.workers = dice.number(in: 1...4)
    tasks.leaseLength = dice.milliseconds(in: 4_000...30_000)
    tasks.attemptLimit = dice.milliseconds(in: 5_000...25_000)
    tasks.retry = retry(&dice)
    tasks.shutdownGrace = dice.milliseconds(in: 0...4_000)
    tasks.sweepInterval = dice.milliseconds(in: 15_000...120_000)
    tasks.reviewInterval = dice.milliseconds(in: 60_000...400_000)
    tasks.automaticRequeues = dice.number(in: 0...2)
    tasks.maximumRequeues = dice.number(in: 2...4)
    tasks.storeTimeout = dice.milliseconds(in: 2_000...10_000)
    tasks.leavesUnknownKinds = dice.happens(percent: 50)
    tasks.providerConcurrency = [ModelIdentity.scripted.provider: dice.number(in: 1...2)]
    var concurrency: [TaskKind: Int] = [:]
    concurrency[.narrow] = dice.number(in: 1...2)
    if dice.happens(percent: 30) { concurrency[.quick] = dice.number(in: 1...3) }
    return ProcessSettings(
      configuration: tasks, concurrency: concurrency,
      narrowAttemptLimit: dice.milliseconds(in: 4_000...15_000), knowsRareKind: dice.happens(percent: 50))
  }

  private static func retry(_ dice: inout Dice) -> RetryPolicy {
    RetryPolicy(
      maximumRetries: dice.number(in: 0...4), base: dice.milliseconds(in: 50...2_000),
      cap: dice.milliseconds(in: 1_000...20_000))
  }

  // MARK: Jobs

  private static func job(_ index: Int, _ dice: inout Dice) -> Job {
    let behaviour = JobBehaviour(&dice)
    var kind = dice.pick([.quick, .quick, .narrow, .narrow, .versioned, .endless, .rare] as [TaskKind])
    switch behaviour {
    case .callModel: kind = .textGeneration
    // Nothing would end it there.
    case .hang where kind == .endless: kind = .narrow
    default: break
    }
    var job = Job(kind: kind, behaviour: behaviour, payload: payload(index, of: kind, &dice))
    if dice.happens(percent: 60) { job.key = "key-\(index)" }
    if dice.happens(percent: 40) { job.priority = dice.pick([.low, .high, .init(rawValue: 1)]) }
    if dice.happens(percent: 20) { job.notBefore = dice.milliseconds(in: 0...120_000) }
    if dice.happens(percent: 15) {
      job.deadline = (job.notBefore ?? .zero) + dice.milliseconds(in: 1_000...240_000)
    }
    job.isFromConversation = dice.happens(percent: 30)
    return job
  }

  private static func payload(_ index: Int, of kind: TaskKind, _ dice: inout Dice) -> TaskPayload {
    switch kind {
    case .textGeneration: modelPayload
    case .versioned where dice.happens(percent: 50): TaskPayload(json: "\(index)", version: 1)
    case .versioned: TaskPayload(json: "[\(index)]", version: 2)
    default: TaskPayload(json: dice.happens(percent: 4) ? "{}" : "\(index)")
    }
  }

  private static let modelPayload: TaskPayload =
    (try? TaskPayload(GenerationRequest(purpose: .task, messages: []))) ?? TaskPayload(json: "{}")

  // MARK: Steps

  private mutating func drawCommands(_ dice: inout Dice) {
    let end = Int(calm.milliseconds)
    var next = 0
    while next < jobs.count {
      let size = dice.happens(percent: 20) ? min(dice.number(in: 2...4), jobs.count - next) : 1
      let together = Array(next..<(next + size))
      next += size
      // Most come early, so that faults meet them; a few when all is calm.
      let latest = dice.happens(percent: 85) ? end * 3 / 4 : end + 30_000
      let time = dice.milliseconds(in: 100...latest)
      add(.create(together), at: time, &dice)
      if dice.happens(percent: 25) {
        add(.create(together), at: time + dice.milliseconds(in: 0...30_000), &dice)
      }
    }
    for index in jobs.indices {
      if dice.happens(percent: 25) {
        for _ in 0..<dice.number(in: 1...2) {
          add(.cancel(index), at: dice.milliseconds(in: 200...(end + 45_000)), &dice)
        }
      }
      if dice.happens(percent: 10) { add(.createOther(underKeyOf: index), at: randomTime(&dice), &dice) }
      if dice.happens(percent: 15) { add(.retry(index), at: randomTime(&dice), &dice) }
      if case .wait = jobs[index].behaviour { add(.wake(index), at: randomTime(&dice), &dice) }
    }
    if dice.happens(percent: 30) {
      let kind = dice.happens(percent: 25) ? nil : dice.pick(TaskKind.simulated)
      let time = randomTime(&dice)
      add(.pause(kind), at: time, &dice)
      if dice.happens(percent: 70) { add(.resume(kind), at: time + dice.milliseconds(in: 0...90_000), &dice) }
    }
    for _ in 0..<dice.number(in: 0...2) { add(.sweep, at: randomTime(&dice), &dice) }
    if dice.happens(percent: 40) { add(.review, at: randomTime(&dice), &dice) }
    for _ in 0..<dice.number(in: 0...2) { add(.processOne, at: randomTime(&dice), &dice) }
  }

  private mutating func drawFaults(_ dice: inout Dice) {
    for _ in 0..<dice.number(in: 0...3) { add(.kill, at: randomTime(&dice), &dice) }
    for _ in 0..<dice.number(in: 0...2) { add(.restart, at: randomTime(&dice), &dice) }
    if dice.happens(percent: 30) {
      add(.restart, at: calm + dice.milliseconds(in: 1_000...40_000), &dice)
    }
    for _ in 0..<dice.number(in: 0...3) {
      add(.holdUp(dice.milliseconds(in: 1_000...90_000)), at: randomTime(&dice), &dice)
    }
    for _ in 0..<dice.number(in: 0...2) {
      add(.stallHeartbeats(dice.milliseconds(in: 5_000...60_000)), at: randomTime(&dice), &dice)
    }
    for _ in 0..<dice.number(in: 0...3) {
      let length = dice.pick([2_000, 60_000, 7_200_000, 400_000_000])
      add(.jump(dice.milliseconds(in: -length...length)), at: randomTime(&dice), &dice)
    }
  }

  private func randomTime(_ dice: inout Dice) -> Duration {
    dice.milliseconds(in: 0...Int(calm.milliseconds))
  }

  private mutating func add(_ step: Step, at time: Duration, _ dice: inout Dice) {
    steps.append(TimedStep(time: time, process: dice.number(in: 0...(processes.count - 1)), step: step))
  }
}

extension JobBehaviour {
  init(_ dice: inout Dice) {
    let short = dice.milliseconds(in: 0...8_000)
    let choices: [(weight: Int, element: JobBehaviour)] = [
      (26, .succeed(after: short)),
      (6, .succeed(after: dice.milliseconds(in: 8_000...40_000))),
      (22, .fail(times: dice.number(in: 1...5), JobFailure(&dice), after: short)),
      (6, .hang),
      (8, .ignoreCancellation(dice.milliseconds(in: 1_000...50_000))),
      (10, .report(count: dice.number(in: 1...4), every: dice.milliseconds(in: 100...3_000))),
      (10, JobBehaviour.waiting(&dice)),
      (4, .poison),
      (2, .unstorable),
      (5, .callModel),
    ]
    self = dice.pick(weighted: choices)
  }

  private static func waiting(_ dice: inout Dice) -> JobBehaviour {
    let reason = dice.pick(
      [.approval("send it"), .answer("which one?"), .providerJob("job-7")] as [WaitReason])
    return .wait(reason, limit: dice.happens(percent: 60) ? dice.milliseconds(in: 0...60_000) : nil)
  }
}

extension JobFailure {
  init(_ dice: inout Dice) {
    let asked = dice.milliseconds(in: 500...40_000)
    let choices: [(weight: Int, element: JobFailure)] = [
      (4, .provider(ProviderFailure(.overloaded, status: 529))),
      (5, .provider(ProviderFailure(.rateLimited, retryAfter: asked, status: 429))),
      (3, .provider(ProviderFailure(.streamCut))),
      (2, .provider(ProviderFailure(.refused))),
      (2, .handler(isPermanent: true)),
      (2, .handler(isPermanent: false)),
      (1, .unknown),
      (1, .cancelled),
    ]
    self = dice.pick(weighted: choices)
  }
}
