import CompanionApplication
import CompanionDomain
import CompanionPorts

extension MemoryScenario {
  init(seed: UInt64) {
    var dice = Dice(seed: seed)
    isQuiet = dice.happens(percent: 15)
    calm = dice.milliseconds(in: 3_600_000...14_400_000)
    talks = Self.talks(&dice)
    sharing = dice.pick([
      .none, .all, .all, .only(["kitchen"]), .allExcept(["kitchen"]), .only(["garden", "kitchen"]),
    ])
    model = Self.model(isQuiet: isQuiet, &dice)
    let memory = Self.memory(sharing: sharing, isQuiet: isQuiet, &dice)
    let count = isQuiet ? 1 : dice.pick(weighted: [(3, 1), (4, 2), (2, 3)])
    processes = []
    for _ in 0..<count { processes.append(Self.process(memory, isQuiet: isQuiet, &dice)) }
    steps = []
    drawSteps(&dice)
  }

  // MARK: Talks

  private static func talks(_ dice: inout Dice) -> [Talk] {
    var talks: [Talk] = []
    func add(_ place: ConversationPlace?, user: UserID, _ speakers: [UserID]) {
      let session = ChatSession(
        id: SessionID(bits: UInt128(100 + talks.count)), place: place, user: user,
        createdAt: Timestamp(nanosecondsSinceEpoch: 0))
      talks.append(Talk(session: session, speakers: speakers))
    }
    add(nil, user: "anna", ["anna"])
    add(nil, user: "ben", dice.happens(percent: 30) ? ["ben", "cara"] : ["ben"])
    let others: [(ConversationPlace, UserID, [UserID])] = [
      (ConversationPlace(channel: "kitchen"), "anna", ["anna", "ben", "cara"]),
      (ConversationPlace(channel: "garden"), "ben", ["ben", "cara"]),
      (ConversationPlace(channel: "garden", thread: "roses"), "ben", ["anna", "ben"]),
      (ConversationPlace(channel: "kitchen", thread: "soup"), "cara", ["cara"]),
      (ConversationPlace(channel: "kitchen"), "ben", ["ben", "anna"]),
      (ConversationPlace(workspace: "elsewhere", channel: "kitchen"), "anna", ["anna", "dora"]),
      (ConversationPlace(channel: "attic"), "dora", ["dora"]),
    ]
    for (place, user, speakers) in others where dice.happens(percent: 65) { add(place, user: user, speakers) }
    if dice.happens(percent: 30) { add(nil, user: "anna", ["anna"]) }
    return talks
  }

  // MARK: The model

  private static func model(isQuiet: Bool, _ dice: inout Dice) -> Model {
    let latency = dice.pick(weighted: [(3, 200...3_000), (3, 2_000...30_000), (2, 20_000...150_000)])
    guard !isQuiet else { return Model(latency: 200...20_000, oddsOfFault: 0, oddsOfNonsense: 0) }
    return Model(
      latency: latency, oddsOfFault: dice.pick([0, 3, 10, 30]), oddsOfNonsense: dice.pick([0, 5, 25]))
  }

  // MARK: Processes

  private static func memory(
    sharing: ChannelSharing, isQuiet: Bool, _ dice: inout Dice
  ) -> MemoryConfiguration {
    var memory = MemoryConfiguration()
    memory.sharing = sharing
    memory.window = dice.milliseconds(in: 3_600_000...14_400_000)
    memory.shortTermTokens = dice.number(in: 40...300)
    memory.longTermTokens = dice.number(in: 40...500)
    memory.batchTokens = dice.pick([64, 200, 600, 3_000])
    memory.growth = dice.number(in: 2...20)
    memory.debounce = dice.milliseconds(in: 1_000...60_000)
    memory.callDeadline = isQuiet ? .seconds(120) : dice.milliseconds(in: 30_000...180_000)
    memory.recallTokens = dice.pick([0, 200, 800])
    if !isQuiet, dice.happens(percent: 30) { memory.callBudget = dice.number(in: 6...40) }
    if !isQuiet, dice.happens(percent: 20) { memory.tokenBudget = dice.number(in: 8_000...40_000) }
    return memory
  }

  private static func process(
    _ memory: MemoryConfiguration, isQuiet: Bool, _ dice: inout Dice
  ) -> ProcessPlan {
    let odds = StoreFaultPlan.Odds(isQuiet: isQuiet, &dice)
    var configuration = CompanionConfiguration()
    configuration.persona = "A companion, \(MemoryWitness.persona.word)."
    configuration.intents = .rules
    configuration.answerDeadline = dice.milliseconds(in: 10_000...90_000)
    configuration.checkpointInterval = dice.milliseconds(in: 200...2_000)
    configuration.tasks.storeTimeout = dice.milliseconds(in: 4_000...10_000)
    configuration.memory = memory
    configuration.memory.updateInterval = dice.milliseconds(in: 600_000...3_600_000)
    configuration.memory.stopGrace = dice.milliseconds(in: 0...60_000)
    return ProcessPlan(
      offset: isQuiet || dice.happens(percent: 50) ? .zero : dice.milliseconds(in: -120_000...120_000),
      restartDelay: dice.milliseconds(in: 0...60_000), odds: odds, configuration: configuration)
  }

  // MARK: Steps

  private mutating func drawSteps(_ dice: inout Dice) {
    let forgets = isQuiet ? 0 : dice.pick([0, 1, 2, 4])
    let oddsOfPoison = isQuiet ? 0 : dice.pick([0, 0, 4])
    for _ in 0..<dice.number(in: 15...60) {
      add(Self.step(isQuiet: isQuiet, oddsOfPoison: oddsOfPoison, &dice), &dice)
    }
    for _ in 0..<forgets { add(.forget(Self.oblivion(&dice)), &dice) }
    for _ in 0..<dice.number(in: 0...8) { add(.chat, &dice) }
    if !isQuiet {
      for _ in 0..<dice.number(in: 0...3) { add(dice.happens(percent: 50) ? .kill : .restart, &dice) }
    }
    steps = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element)
  }

  private mutating func add(_ step: Step, _ dice: inout Dice) {
    let last = Int(calm.milliseconds)
    // What is asked for comes in bursts, and now and then when all is calm already.
    let base = dice.number(in: 0...4) * last / 4
    let time = min(max(0, base + dice.number(in: -300_000...300_000)), last + 300_000)
    steps.append(
      TimedStep(
        time: .milliseconds(time), process: dice.number(in: 0...(processes.count - 1)),
        talk: dice.number(in: 0...(talks.count - 1)), step: step))
  }

  private static func saying(oddsOfPoison: Int, _ dice: inout Dice) -> Saying {
    dice.happens(percent: oddsOfPoison)
      ? .poison : dice.pick(weighted: [(6, .plain), (3, .fact), (1, .long), (1, .injection)])
  }

  private static func step(isQuiet: Bool, oddsOfPoison: Int, _ dice: inout Dice) -> Step {
    let words = (0..<dice.number(in: 1...6)).map { _ in saying(oddsOfPoison: oddsOfPoison, &dice) }
    let answer: Answer = dice.pick([
      .plain, .reminded, .reminded, .tool, .announcement, .taskResult(isReminded: false),
      .taskResult(isReminded: true),
    ])
    let pick = dice.number(in: 0...1_000)
    let speaker = dice.number(in: 0...11)
    let changes = isQuiet ? 0 : 1
    return dice.pick(weighted: [
      (10, .say(words, speaker: speaker)), (4, .answer(answer)), (2 * changes, .edit(pick, words[0])),
      (2 * changes, .delete(pick)), (1, .remember(speaker: speaker)), (changes, .generate),
    ])
  }

  private static func oblivion(_ dice: inout Dice) -> Oblivion {
    let pick = dice.number(in: 0...1_000)
    return dice.pick(weighted: [
      (6, .message(pick)), (2, .talk), (1, .channel), (2, .user(pick)), (1, .userInWorkspace(pick)),
    ])
  }
}
