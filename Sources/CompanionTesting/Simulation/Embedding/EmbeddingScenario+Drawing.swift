import CompanionApplication
import CompanionDomain
import CompanionPorts

extension EmbeddingScenario {
  init(seed: UInt64) {
    var dice = Dice(seed: seed ^ 0x656d_6265)
    isQuiet = dice.happens(percent: 15)
    calm = dice.milliseconds(in: 1_200_000...7_200_000)
    talks = Self.talks()
    versions = Self.versions(isQuiet: isQuiet, &dice)
    service = Self.service(until: calm, isQuiet: isQuiet, &dice)
    let embedding = Self.embedding(isQuiet: isQuiet, &dice)
    let count = isQuiet ? 1 : dice.pick(weighted: [(3, 1), (4, 2), (2, 3)])
    processes = []
    for _ in 0..<count { processes.append(Self.process(embedding, isQuiet: isQuiet, &dice)) }
    steps = []
    drawSteps(&dice)
  }

  private static func talks() -> [ChatSession] {
    let places: [(ConversationPlace?, UserID)] = [
      (nil, "anna"), (ConversationPlace(channel: "kitchen"), "anna"),
      (ConversationPlace(channel: "garden"), "ben"), (ConversationPlace(channel: "kitchen"), "ben"),
    ]
    return places.enumerated().map { number, place in
      ChatSession(
        id: SessionID(bits: UInt128(100 + number)), place: place.0, user: place.1,
        createdAt: Timestamp(nanosecondsSinceEpoch: 0))
    }
  }

  // MARK: The service

  private static func versions(isQuiet: Bool, _ dice: inout Dice) -> [Version] {
    let window = dice.pick([nil, nil, 64, 256])
    // A provider that fails is left alone sooner or later.
    let patience = dice.pick([2, 5, 5, 20])
    let first = Version(model: "first", dimension: dice.pick([8, 16]), window: window, patience: patience)
    guard !isQuiet else { return [first] }
    var versions = [first]
    for _ in 0..<dice.pick([0, 1, 1, 2]) {
      var version = versions[versions.count - 1]
      if dice.happens(percent: 50) {
        version.dimension = version.dimension == 8 ? 16 : 8
      } else {
        version.model = version.model == "first" ? "second" : "first"
      }
      versions.append(version)
    }
    return versions
  }

  private static func service(until calm: Duration, isQuiet: Bool, _ dice: inout Dice) -> Service {
    let latency = dice.pick([20...200, 100...2_000, 1_000...3_500])
    // Always more than half of a piece that is cut in halves as far as that goes.
    let longestText = dice.pick([400, 100_000])
    guard !isQuiet else {
      return Service(
        latency: latency, oddsOfFault: 0, oddsOfEdit: 0, longestText: 100_000, troubles: [])
    }
    var service = Service(
      latency: latency, oddsOfFault: dice.pick([0, 3, 10, 30]), oddsOfEdit: dice.pick([0, 5, 20]),
      longestText: longestText, troubles: [])
    for _ in 0..<dice.number(in: 0...3) {
      let begin = dice.milliseconds(in: 0...Int(calm.milliseconds))
      let fault = dice.pick([
        EmbeddingFault.failure(ProviderFailure(.unreachable)), .hang,
        .failure(ProviderFailure(.serverError, status: 500)),
        .failure(ProviderFailure(.rateLimited, retryAfter: .seconds(90), status: 429)),
        .failure(ProviderFailure(.overloaded, status: 529)),
      ])
      let length = dice.milliseconds(in: 30_000...900_000)
      service.troubles.append(Trouble(time: begin..<(begin + length), fault: fault))
    }
    return service
  }

  // MARK: Processes

  private static func embedding(isQuiet: Bool, _ dice: inout Dice) -> EmbeddingConfiguration {
    var embedding = EmbeddingConfiguration()
    embedding.interval = dice.milliseconds(in: 30_000...600_000)
    embedding.debounce = dice.milliseconds(in: 0...10_000)
    embedding.batchSize = dice.pick([1, 2, 8, 8, 8, 32])
    embedding.pageSize = dice.pick([1, 5, 20, 160])
    embedding.pieceTokens = dice.pick([32, 100, 512])
    embedding.pieceOverlap = dice.pick([0, 0.15, 0.5])
    embedding.retry = RetryPolicy(
      maximumRetries: dice.number(in: 0...4), base: dice.milliseconds(in: 5_000...60_000),
      cap: dice.milliseconds(in: 60_000...1_800_000))
    embedding.callDeadline = isQuiet ? .seconds(120) : dice.milliseconds(in: 8_000...60_000)
    embedding.stopGrace = dice.milliseconds(in: 0...30_000)
    embedding.recallPatience = dice.milliseconds(in: 100...3_000)
    return embedding
  }

  private static func process(
    _ embedding: EmbeddingConfiguration, isQuiet: Bool, _ dice: inout Dice
  ) -> ProcessPlan {
    let odds = StoreFaultPlan.Odds(isQuiet: isQuiet, &dice)
    var configuration = CompanionConfiguration()
    configuration.tasks.storeTimeout = dice.milliseconds(in: 4_000...10_000)
    configuration.embedding = embedding
    return ProcessPlan(
      offset: isQuiet || dice.happens(percent: 50) ? .zero : dice.milliseconds(in: -120_000...120_000),
      restartDelay: dice.milliseconds(in: 0...60_000), odds: odds, configuration: configuration)
  }

  // MARK: Steps

  private mutating func drawSteps(_ dice: inout Dice) {
    let oddsOfPoison = isQuiet ? 0 : dice.pick([0, 4, 10])
    for _ in 0..<dice.number(in: 15...60) {
      add(Self.step(isQuiet: isQuiet, oddsOfPoison: oddsOfPoison, &dice), &dice)
    }
    for _ in 0..<dice.number(in: 0...6) { add(.recall(talk: dice.number(in: 0...(talks.count - 1))), &dice) }
    for _ in versions.dropFirst() { add(.reconfigure, &dice) }
    if !isQuiet {
      for _ in 0..<dice.number(in: 0...3) { add(dice.happens(percent: 50) ? .kill : .restart, &dice) }
    }
    steps = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element)
  }

  private mutating func add(_ step: Step, _ dice: inout Dice) {
    let last = Int(calm.milliseconds)
    // What is written comes in bursts, and now and then when all is calm already.
    let base = dice.number(in: 0...4) * last / 4
    let time = min(max(0, base + dice.number(in: -120_000...120_000)), last + 120_000)
    steps.append(
      TimedStep(
        time: .milliseconds(time), process: dice.number(in: 0...(processes.count - 1)), step: step))
  }

  private static func saying(oddsOfPoison: Int, _ dice: inout Dice) -> Saying {
    guard dice.happens(percent: oddsOfPoison) else {
      return dice.happens(percent: 80) ? .plain : .long(dice.number(in: 5...60))
    }
    return .poison(
      dice.pick([
        .failure(ProviderFailure(.serverError, status: 500)), .failure(ProviderFailure(.malformedResponse)),
        .failure(ProviderFailure(.contentFiltered, status: 400)),
        .failure(ProviderFailure(.invalidRequest, status: 400)), .failure(ProviderFailure(.timedOut)),
        .hang, .tooFew, .tooMany, .notFinite, .otherDimension,
      ]))
  }

  private static func step(isQuiet: Bool, oddsOfPoison: Int, _ dice: inout Dice) -> Step {
    let sayings = (0..<dice.number(in: 1...12)).map { _ in saying(oddsOfPoison: oddsOfPoison, &dice) }
    let pick = dice.number(in: 0...1_000)
    let place = dice.number(in: 0...(places.count - 1))
    let talk = dice.number(in: 0...3)
    let writing: [(weight: Int, element: Step)] = [
      (8, .putDocuments(sayings, place: place)), (5, .say(sayings, talk: talk)),
      (2, .putMemory(place: place, sayings[0])), (2, .insertFact(place: place, sayings[0])),
      (1, .embedAll),
    ]
    let changing: [(weight: Int, element: Step)] = [
      (3, .editDocument(pick, sayings[0])), (1, .archive(pick)), (1, .restore(pick)),
      (1, .move(pick, place: place)), (1, .remove(pick)), (2, .editMessage(pick, sayings[0])),
      (1, .deleteMessage(pick)), (1, .removeMemory(place: place)), (1, .supersede(pick, sayings[0])),
      (1, .removeFact(pick)), (1, .retry(pick)),
    ]
    guard !isQuiet else { return dice.pick(weighted: writing + changing) }
    return dice.pick(weighted: writing + changing + [(1, .closeSpace(pick)), (1, .eraseTalk(talk))])
  }
}
