import CompanionKit
import CompanionTesting

/// A companion with several providers, in a simulation.
struct RoutedScene: Sendable {
  let simulator: Simulator
  let companion: Companion
  let store: InMemoryStore
  let events: RecordingEventSink
  let factory: ScriptedFactory
  let session = SessionID(bits: 1)

  /// Runs a body with a companion that has started and has one session, and stops the companion.
  ///
  /// - Parameter faults: what goes wrong with calls of the store.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1, faults: StoreFaultPlan? = nil,
    _ providers: @escaping @Sendable (Simulator) -> [Provider], factory: ScriptedFactory = ScriptedFactory(),
    configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (RoutedScene) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let scene = try RoutedScene(
        simulator: simulator, providers: providers(simulator), factory: factory, faults: faults,
        configure: configure)
      scene.companion.start()
      try await scene.companion.startSession(scene.session)
      let value = try await body(scene)
      await scene.companion.stop()
      return value
    }
  }

  private init(
    simulator: Simulator, providers: [Provider], factory: ScriptedFactory, faults: StoreFaultPlan?,
    configure: (inout CompanionConfiguration) -> Void
  ) throws {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configure(&configuration)
    self.simulator = simulator
    self.factory = factory
    store = InMemoryStore(time: simulator.time)
    events = RecordingEventSink()
    let outer: any CompanionStore =
      if let faults { FaultyStore(store, plan: faults, time: simulator.time) } else { store }
    companion = try Companion(
      providers: providers, factory: factory, store: outer, configuration: configuration,
      time: simulator.time, identifiers: simulator.identifiers, random: simulator.random, events: events)
  }

  /// Asks something, and gives what was delivered and how it ended.
  func ask(_ text: String = "Hello") async throws -> (text: String, outcome: TurnOutcome?) {
    let reply = try await companion.send(text, in: session)
    var delivered = ""
    do {
      for try await piece in reply { delivered += piece }
    } catch {
      // The outcome tells.
    }
    return (delivered, reply.outcome)
  }

  /// Asks for a task of the model.
  func task(_ text: String = "Think") async throws -> TaskID {
    let request = GenerationRequest(purpose: .task, messages: [PromptMessage(.user, text)])
    return try await companion.createTask(
      TaskRequest(
        kind: .textGeneration, payload: try TaskPayload(request), requester: .named(RequesterID(bits: 1))))
  }

  func end(of id: TaskID) async throws -> GenerationTask {
    for try await _ in companion.taskUpdates(of: id) {}
    return try await companion.taskStatus(of: id).task
  }

  func pass(_ duration: Duration) async throws {
    try await simulator.time.sleep(for: duration, tolerance: nil)
  }

  /// Waits for an event of a type.
  func event(_ typeName: String) async {
    await events.first { $0.kind.typeName == typeName }
  }

  func has(_ kind: CompanionEvent.Kind) -> Bool { events.events.contains { $0.kind == kind } }
}

/// Makes the models that a test has for configurations.
final class ScriptedFactory: ProviderFactory {
  private let model: @Sendable (ProviderConfiguration) -> ScriptedModel?

  /// - Parameter model: what a configuration describes; `nil` for one that cannot be made.
  init(model: @escaping @Sendable (ProviderConfiguration) -> ScriptedModel? = { _ in nil }) {
    self.model = model
  }

  func services(
    for configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> ProviderServices {
    guard let model = model(configuration) else {
      throw ProviderConfigurationFailure(field: "api", problem: "is not one of the script's")
    }
    return ProviderServices(language: model)
  }

  func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure) {
    guard configuration.apiKey == .host("missing") else { return }
    throw ProviderConfigurationFailure(field: "api_key", problem: "there is none of this name")
  }
}
