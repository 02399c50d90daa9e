import CompanionDomain
import CompanionKit
import CompanionTesting
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

/// A companion with two providers, one of which fails half of the time, over real connections.
struct RoutingLoopbackTests {
  /// What the first server does at each request.
  private enum Behaviour: CaseIterable {
    case rateLimited, serverError, overloaded, stalls, hangsUp, cutsOff, garbage, empty
  }

  /// Draws what each request gets: every second fails, in one way or another.
  private final class Fate: Sendable {
    private let state: Mutex<(random: SplitMix64, counts: [Behaviour: Int])>

    init(seed: UInt64) { state = Mutex((SplitMix64(seed: seed), [:])) }

    var counts: [Behaviour: Int] { state.withLock { $0.counts } }

    func next() -> Behaviour? {
      state.withLock { state in
        let bits = state.random.next()
        guard bits % 2 == 0 else { return nil }
        // A stall takes as long as the client's patience, which is long enough for a busy machine: one will do.
        let others = Behaviour.allCases.filter { $0 != .stalls }
        let isStall = state.counts.values.reduce(0, +) == 20
        let behaviour = isStall ? .stalls : others[Int(bits / 2 % UInt64(others.count))]
        state.counts[behaviour, default: 0] += 1
        return behaviour
      }
    }
  }

  private static func act(_ behaviour: Behaviour?, _ connection: LoopbackConnection) throws {
    switch behaviour {
    case nil: try connection.stream(OpenAIScript.stream(text: "first"))
    case .rateLimited: try connection.respond(429, ["Retry-After-Ms": "3"], OpenAIScript.error("slow down"))
    case .serverError: try connection.respond(500, [:], OpenAIScript.error("oops"))
    case .overloaded: try connection.respond(529, [:], OpenAIScript.error("busy"))
    case .stalls: try connection.stall()
    // Most of the connections are not in their first use: the system is tempted to send the request again.
    case .hangsUp: connection.cut()
    case .cutsOff:
      try connection.streamHead()
      connection.cut()
    case .garbage:
      try connection.stream("data: {\"choices\":[{\"delta\":{\"content\":\n\n")
    case .empty: try connection.respond(200, ["Content-Type": "text/event-stream"], "")
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `a thousand turns are answered although one provider fails half of the time`() async throws {
    let turns = 1_000
    let fate = Fate(seed: 20)
    let first = try LoopbackServer { _, connection in try Self.act(fate.next(), connection) }
    let second = try LoopbackServer { _, connection in
      try connection.stream(OpenAIScript.stream(text: "second"))
    }
    let events = RecordingEventSink()
    let companion = try Self.companion([first, second], events)
    companion.start()
    let session = SessionID(bits: 1)
    try await companion.startSession(session)
    var answers: [String: Int] = [:]
    for turn in 1...turns {
      let reply = try await companion.send("Turn \(turn)", in: session)
      answers[try await reply.text(), default: 0] += 1
      #expect(reply.outcome == .answered)
    }
    let status = companion.providers
    let entries = try await companion.ledger(limit: 10 * turns)
    await companion.stop()

    // Every turn is answered, by a fair part of each.
    #expect(answers.values.reduce(0, +) == turns)
    #expect(Set(answers.keys) == ["first", "second"])
    #expect(answers["first"] ?? 0 > 50)
    // No request that is not in the ledger, and no turn that has asked one provider twice.
    #expect(entries.count == first.counts.requests + second.counts.requests)
    #expect(entries.count { $0.provider == "first" } == first.counts.requests)
    #expect(first.counts.requests <= turns && second.counts.requests <= turns)
    #expect(entries.count { $0.failure != nil } == fate.counts.values.reduce(0, +))
    #expect(second.counts.requests == answers["second"])
    for behaviour in Behaviour.allCases { #expect(fate.counts[behaviour] ?? 0 > 0, "\(behaviour)") }
    Self.checkBreaker(events.events, status)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a key that the server sends back is in no event, error or status`() async throws {
    let key = "sk-live-9f8e7d6c5b4a39281706f5e4"
    let server = try LoopbackServer { request, connection in
      let sent = request.headers["authorization"] ?? "nothing"
      try connection.respond(401, [:], OpenAIScript.error("Incorrect API key provided: \(sent)"))
    }
    let events = RecordingEventSink()
    let factory = StandardProviderFactory(transport: .urlSession, time: .system) { _ in key }
    let companion = try Companion(
      providers: [Provider("a", model: ScriptedModel.answering("old"))], factory: factory,
      store: InMemoryStore(time: .system), events: events)
    companion.start()
    let configuration = ProviderConfiguration(
      id: "a", api: .openAIChat, model: "m", baseURL: server.url("/v1").absoluteString, apiKey: .host("known")
    )
    var refusal: ProviderCommandFailure?
    do throws(ProviderCommandFailure) {
      try await companion.updateProvider(configuration)
    } catch {
      refusal = error
    }
    guard case .testFailed("a", let failure) = refusal else {
      Issue.record("\(String(describing: refusal))")
      return
    }
    #expect(failure.kind == .authentication)
    #expect(server.counts.requests == 1)
    var dump = ""
    Swift.dump((refusal, companion.providers, events.events, companion), to: &dump)
    await companion.stop()
    #expect(!dump.contains(key))
    #expect(!"\(failure) \(companion.providers) \(events.events)".contains(key))
  }

  private static func companion(
    _ servers: [LoopbackServer], _ events: RecordingEventSink
  ) throws -> Companion {
    let transport = URLSessionTransport()
    // What takes minutes otherwise takes milliseconds here.
    let breaker = CircuitBreaker.Policy(
      consecutiveFailures: 5, cooldown: .milliseconds(4), maximumCooldown: .milliseconds(16))
    let ids: [ProviderID] = ["first", "second"]
    let providers = zip(ids, servers).enumerated().map { place, pair in
      Provider(
        pair.0,
        model: OpenAICompatibleModel(
          baseURL: pair.1.url("/v1"), model: "m", transport: transport, idleTimeout: .seconds(2),
          time: .system),
        priority: place, breaker: breaker)
    }
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configuration.memory.recallTokens = 0
    configuration.prompts.summarizesHistory = false
    configuration.history = HistoryPolicy(hot: 8, trimmed: 6, sent: 4) ?? .standard
    return try Companion(
      providers: providers, store: InMemoryStore(time: .system), configuration: configuration, events: events)
  }

  /// The first one's breaker opens and closes as it says, and no call is made while it is open.
  private static func checkBreaker(_ events: [CompanionEvent], _ status: [ProviderStatus]) {
    var phase = CircuitBreaker.Phase.closed
    var until: Timestamp?
    var changes: [CircuitBreaker.Phase: Int] = [:]
    for event in events {
      switch event.kind {
      case .providerHealthChanged(let id, let next, let end, let cause):
        #expect(id == "first")
        switch (phase, next) {
        case (.closed, .open), (.halfOpen, .open):
          #expect(cause != nil && end != nil)
          until = end
        case (.open, .halfOpen):
          if let until { #expect(event.time >= until) }
        case (.halfOpen, .closed): until = nil
        default: Issue.record("\(phase) became \(next)")
        }
        changes[next, default: 0] += 1
        phase = next
      case .modelCallStarted(let call) where call.provider == "first": #expect(phase != .open)
      default: break
      }
    }
    #expect(changes[.open] ?? 0 > 3)
    #expect(changes[.halfOpen] ?? 0 > 3)
    #expect(changes[.closed] ?? 0 > 1)
    #expect(status.first { $0.configuration.id == "first" }?.breaker == phase)
    #expect(status.first { $0.configuration.id == "second" }?.breaker == .closed)
  }
}
