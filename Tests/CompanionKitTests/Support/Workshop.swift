import CompanionKit
import CompanionTesting

/// A companion in a simulation whose tasks are of one kind, `work`, and done by a script.
struct Workshop: Sendable {
  static let kind: TaskKind = "work"

  let simulator: Simulator
  let store: InMemoryStore
  let companion: Companion
  let events: RecordingEventSink
  let handler: ScriptedHandler

  /// Runs a body with a companion that has started, and stops the companion.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1,
    configure: @escaping @Sendable (inout TaskConfiguration) -> Void = { _ in },
    register: @escaping @Sendable (inout TaskRegistration) -> Void = { _ in },
    schedules: @escaping @Sendable (Simulator) throws -> [TaskSchedule] = { _ in [] },
    handler: @escaping @Sendable (Simulator) -> ScriptedHandler = { _ in
      ScriptedHandler { _ in .done("done") }
    },
    _ body: @escaping @Sendable (Workshop) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let workshop = Workshop(
        simulator: simulator, store: InMemoryStore(time: simulator.time), configure: configure,
        register: register, schedules: try schedules(simulator), handler: handler(simulator))
      workshop.companion.start()
      let value = try await body(workshop)
      await workshop.companion.stop()
      return value
    }
  }

  /// A companion on a store, as after a restart. It has not started.
  init(
    simulator: Simulator, store: InMemoryStore,
    configure: (inout TaskConfiguration) -> Void = { _ in },
    register: (inout TaskRegistration) -> Void = { _ in },
    schedules: [TaskSchedule] = [],
    handler: ScriptedHandler
  ) {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configure(&configuration.tasks)
    var registration = TaskRegistration(Self.kind, handler: handler)
    register(&registration)
    self.simulator = simulator
    self.store = store
    self.handler = handler
    events = RecordingEventSink()
    companion = Companion(
      model: ScriptedModel.answering("yes"), store: store, configuration: configuration,
      time: simulator.time, identifiers: simulator.identifiers, random: simulator.random,
      handlers: [registration], schedules: schedules, events: events)
  }

  /// A request of the kind, for somebody.
  static func request(
    _ json: String = "{}", version: Int = 1, priority: GenerationTask.Priority = .normal, key: String? = nil,
    notBefore: Timestamp? = nil, deadline: Timestamp? = nil
  ) -> TaskRequest {
    var request = TaskRequest(
      kind: kind, payload: TaskPayload(json: json, version: version),
      requester: .named(RequesterID(bits: 1)))
    request.priority = priority
    request.idempotencyKey = key
    request.notBefore = notBefore
    request.deadline = deadline
    return request
  }

  /// A task as it is now.
  func task(_ id: TaskID) async throws -> GenerationTask { try await companion.taskStatus(of: id).task }

  /// What has happened to a task, as the names of the events.
  func story(of id: TaskID) async throws -> [String] {
    try await companion.taskHistory(of: id).map(\.kind.typeName)
  }

  /// Lets simulated time pass.
  func pass(_ duration: Duration) async throws {
    try await simulator.time.sleep(for: duration, tolerance: nil)
  }

  /// Waits until a task has ended, and gives it.
  func end(of id: TaskID) async throws -> GenerationTask {
    for try await _ in companion.taskUpdates(of: id) {}
    return try await task(id)
  }
}
