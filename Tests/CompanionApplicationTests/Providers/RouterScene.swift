import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization

@testable import CompanionApplication

/// Calls of models in a simulation, without a companion around them.
struct RouterScene: Sendable {
  let simulator: Simulator
  let store: InMemoryStore
  let events: RecordingEventSink
  let environment: Environment

  var calls: ModelCaller { environment.calls }
  var router: ModelRouter { environment.router }
  var now: Timestamp { simulator.time.now }

  /// Runs a body with providers; the ledger is written when it asks for it.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1, _ providers: @escaping @Sendable (Simulator) -> [Provider],
    routing: @escaping @Sendable (inout RoutingConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (RouterScene) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let scene = RouterScene(
        simulator: simulator, store: store, over: store, providers(simulator), routing: routing)
      return try await body(scene)
    }
  }

  /// - Parameter faulty: what the calls' store goes through.
  init(
    simulator: Simulator, store: InMemoryStore, over faulty: any CompanionStore, _ providers: [Provider],
    routing: (inout RoutingConfiguration) -> Void = { _ in }
  ) {
    var configuration = CompanionConfiguration()
    routing(&configuration.routing)
    self.simulator = simulator
    self.store = store
    events = RecordingEventSink()
    environment = Environment(
      providers: providers, store: faulty, time: simulator.time, identifiers: simulator.identifiers,
      random: simulator.random, bus: EventBus(sink: events), configuration: configuration)
  }

  static func request(
    _ purpose: CallPurpose = .answer, _ text: String = "Hello", output: Int? = nil
  ) -> GenerationRequest {
    GenerationRequest(purpose: purpose, messages: [PromptMessage(.user, text)], maximumOutputTokens: output)
  }

  /// Asks for an answer as a stream, and gives what came of it.
  func answer(
    _ request: GenerationRequest = request(), deadline: Timestamp? = nil, task: TaskID? = nil
  ) async -> (text: String, failure: ProviderFailure?) {
    var text = ""
    do throws(ProviderFailure) {
      _ = try await calls.stream(
        request, context: EventContext(task: task), deadline: deadline,
        take: { piece in
          text += piece
          return true
        })
      return (text, nil)
    } catch {
      return (text, error)
    }
  }

  /// The ledger, oldest first.
  func entries() async throws -> [LedgerEntry] {
    try await router.ledger.flush()
    return try await store.ledgerEntries(matching: LedgerFilter(), limit: 10_000).reversed()
  }

  /// What is still held of a provider.
  func held(_ id: ProviderID) -> Int { router.table.withLock { $0.row(id)?.calls.count ?? 0 } }

  var waiting: Bool { router.table.withLock { !$0.line.isEmpty || !$0.answers.isEmpty } }

  func kinds() -> [String] { events.events.map(\.kind.typeName) }
}

extension Provider {
  /// A provider whose model answers as a script says.
  static func scripted(
    _ id: ProviderID, _ model: ScriptedModel, priority: Int = 0, window: Int? = nil,
    limits: ProviderLimits = ProviderLimits(), price: ModelPrice? = nil,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) -> Provider {
    Provider(
      id, model: model, priority: priority,
      capabilities: ModelCapabilities(contextWindow: window), limits: limits, price: price, breaker: breaker)
  }
}
