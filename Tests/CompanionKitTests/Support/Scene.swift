import CompanionKit
import CompanionTesting

/// A companion in a simulation, with everything around it.
struct Scene: Sendable {
  let simulator: Simulator
  let companion: Companion
  let store: InMemoryStore
  let events: RecordingEventSink
  let session = SessionID(bits: 1)

  /// Runs a body with a companion that has started and has one session, and stops the companion.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64,
    model: @escaping @Sendable (Simulator) -> ScriptedModel,
    configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Scene) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let scene = Scene(simulator: simulator, store: store, model: model(simulator), configure: configure)
      scene.companion.start()
      try await scene.companion.startSession(scene.session)
      let value = try await body(scene)
      await scene.companion.stop()
      return value
    }
  }

  /// A companion on a store, as after a restart. It has not started.
  init(
    simulator: Simulator, store: InMemoryStore, model: some LanguageModel,
    configure: (inout CompanionConfiguration) -> Void = { _ in }
  ) {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configure(&configuration)
    self.simulator = simulator
    self.store = store
    events = RecordingEventSink()
    companion = Companion(
      model: model, store: store, configuration: configuration, time: simulator.time,
      identifiers: simulator.identifiers, events: events)
  }

  /// The log, as lines such as `user: hello` and `assistant: hi [stopped]`.
  func log() async throws -> [String] {
    try await companion.history(of: session, limit: 1000).map { message in
      let mark = if case .interrupted(let reason) = message.completion { " [\(reason)]" } else { "" }
      return "\(message.role): \(message.text)\(mark)"
    }
  }

  /// The types of the events of the session so far.
  func eventTypes() -> [String] {
    events.events.filter { $0.session != nil }.map(\.kind.typeName)
  }
}

extension ScriptedModel {
  /// Answers each request with its words, one each 100 ms; a task with "result".
  static func words(_ text: String, on time: any TimeSource) -> ScriptedModel {
    ScriptedModel { request in
      guard request.purpose != .task else { return [.pause(.seconds(2), on: time), "result"] }
      return text.split(separator: " ", omittingEmptySubsequences: false)
        .flatMap { [.text(String($0) + " "), .pause(.milliseconds(100), on: time)] }
    }
  }
}
