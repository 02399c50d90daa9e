import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

struct ProactiveCheckTests {
  /// A store, a model that gives one judgement, and the check.
  private struct Scene {
    let clock = FakeClock()
    let store: InMemoryStore
    let model: ScriptedModel
    let events = RecordingEventSink()
    let check: ProactiveCheck

    init(
      _ answer: String = #"{"should_respond": true, "reason": "They wait.", "confidence": 0.95}"#,
      jitter: Double = 0, callBudget: Int = 8
    ) {
      store = InMemoryStore(time: clock)
      model = .answering(.text(answer))
      var proactivity = ProactivityConfiguration()
      proactivity.jitter = jitter
      proactivity.callBudget = callBudget
      let environment = Environment(
        providers: [Provider("scripted", model: model)], store: store, time: clock,
        identifiers: SequentialIdentifiers(), random: SeededRandom(seed: 7), bus: EventBus(sink: events),
        configuration: CompanionConfiguration())
      check = ProactiveCheck(environment: environment, configuration: proactivity)
    }

    func say(_ text: String, as role: ChatMessage.Role = .user, in id: SessionID = "one") async throws {
      if try await store.session(id) == nil {
        try await store.commit(.insertSession(ChatSession(id: id, createdAt: clock.now)))
      }
      let last = try #require(try await store.session(id)).lastSequence
      let message = ChatMessage(
        sequence: SequenceNumber(rawValue: last.rawValue + 1), turn: SequentialIdentifiers().next(),
        role: role,
        parts: [.text(text)], time: clock.now, origin: role == .user ? .person : .model)
      try await store.commit(.append([message], to: id, after: last))
    }
  }

  @Test func `it speaks up where a person has waited, and not where the companion spoke last`() async throws {
    let scene = Scene()
    try await scene.say("Are you there?")
    try await scene.say("Hello", in: "two")
    try await scene.say("Hi", as: .assistant, in: "two")
    scene.clock.advance(by: .seconds(299))
    #expect(await scene.check.look() == [])
    #expect(scene.model.requests.isEmpty)
    scene.clock.advance(by: .seconds(1))
    #expect(await scene.check.look() == ["one"])
    let event = try #require(scene.events.events.last { $0.session == "one" })
    let judgement = SpeakUpJudgement(shouldRespond: true, reason: "They wait.", confidence: 0.95)
    #expect(event.kind == .speakUpSuggested(judgement, after: SequenceNumber(rawValue: 1)))
    #expect(scene.model.requests.map(\.temperature) == [0.3])
    #expect(scene.model.requests.map(\.purpose) == [.judgement])
  }

  @Test func `what is older than half a day is left alone`() async throws {
    let scene = Scene()
    try await scene.say("Are you there?")
    scene.clock.advance(by: .seconds(12 * 3_600))
    #expect(await scene.check.look() == [])
    #expect(scene.model.requests.isEmpty)
  }

  @Test(arguments: [
    (0.95, 12 * 3_600 - 300), (0.9, 12 * 3_600 - 300), (0.89, 3_600), (0.7, 3_600), (0.69, 600), (0, 600),
  ])
  func `a judgement holds as long as it is sure, and until something is said`(
    confidence: Double, seconds: Int
  ) async throws {
    let scene = Scene(#"{"should_respond": false, "reason": "", "confidence": \#(confidence)}"#)
    try await scene.say("Are you there?")
    scene.clock.advance(by: .seconds(300))
    await scene.check.look()
    scene.clock.advance(by: .seconds(seconds - 1))
    await scene.check.look()
    #expect(scene.model.requests.count == 1)
    if seconds < 12 * 3_600 - 300 {
      scene.clock.advance(by: .seconds(1))
      await scene.check.look()
      #expect(scene.model.requests.count == 2)
    }
    let asked = scene.model.requests.count
    try await scene.say("Hello?")
    scene.clock.advance(by: .seconds(300))
    await scene.check.look()
    #expect(scene.model.requests.count == asked + 1)
  }

  @Test(arguments: [
    "yes", "{}", #"{"should_respond": "true", "confidence": 1}"#, #"{"should_respond": true}"#, "",
  ])
  func `an answer that cannot be read means no`(_ answer: String) async throws {
    let scene = Scene(answer)
    try await scene.say("Are you there?")
    scene.clock.advance(by: .seconds(300))
    #expect(await scene.check.look() == [])
    #expect(scene.model.requests.count == 1)
  }

  @Test func `how long it waits varies by chance within its bounds`() async throws {
    let scene = Scene(jitter: 0.3, callBudget: 1_000)
    for number in 1...200 { try await scene.say("?", in: try #require(SessionID(rawValue: "s\(number)"))) }
    scene.clock.advance(by: .seconds(209))
    #expect(await scene.check.look().isEmpty)
    scene.clock.advance(by: .seconds(91))
    let half = await scene.check.look().count
    #expect((60...140).contains(half))
    scene.clock.advance(by: .seconds(90))
    #expect(await scene.check.look().count == 200 - half)
  }

  @Test func `a look makes no more calls than it may`() async throws {
    let scene = Scene(callBudget: 3)
    for number in 1...9 { try await scene.say("?", in: try #require(SessionID(rawValue: "s\(number)"))) }
    scene.clock.advance(by: .seconds(300))
    for count in [3, 6, 9, 9] {
      await scene.check.look()
      #expect(scene.model.requests.count == count)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `it looks once a minute until it is cancelled`() async throws {
    let scene = Scene()
    try await scene.say("Are you there?")
    let service = Task { await scene.check.run() }
    for _ in 1...6 {
      await scene.clock.sleepers(atLeast: 1)
      scene.clock.advance(by: .seconds(60))
    }
    await scene.events.first { if case .speakUpSuggested = $0.kind { true } else { false } }
    service.cancel()
    await service.value
    #expect(scene.events.events.last?.kind == .serviceStopped("proactive check"))
  }
}
