import CompanionKit
import CompanionTesting

/// A companion in a simulation whose reasoning jobs are run by scripted providers.
struct JobRoom: Sendable {
  let simulator: Simulator
  let store: InMemoryStore
  let companion: Companion
  let events: RecordingEventSink

  var reasoning: ReasoningJobs { companion.reasoning }

  /// Runs a body with a companion that has started, and stops the companion.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1,
    configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
    providers: @escaping @Sendable (Simulator) -> [Provider],
    _ body: @escaping @Sendable (JobRoom) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      try await with(simulator, configure: configure, providers: providers(simulator), body)
    }
  }

  /// The same with one provider of jobs, for so much simulated time at most.
  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1,
    limit: Duration = .seconds(86_400),
    configure: @escaping @Sendable (inout CompanionConfiguration) -> Void = { _ in },
    jobs: @escaping @Sendable (Simulator) -> ScriptedJobs,
    _ body: @escaping @Sendable (JobRoom, ScriptedJobs) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed, limits: Simulator.Limits(time: limit))
    return try simulator.run {
      let jobs = jobs(simulator)
      return try await with(simulator, configure: configure, providers: [Provider("a", jobs: jobs)]) { room in
        try await body(room, jobs)
      }
    }
  }

  /// The same with two providers of jobs, `a` and `b`.
  static func run(
    seed: UInt64 = 1,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy(),
    rivals: @escaping @Sendable (Simulator) -> (a: ScriptedJobs, b: ScriptedJobs),
    _ body: @escaping @Sendable (JobRoom, _ a: ScriptedJobs, _ b: ScriptedJobs) async throws -> Void
  ) throws {
    let simulator = Simulator(seed: seed)
    try simulator.run {
      let (a, b) = rivals(simulator)
      let providers = [Provider("a", jobs: a, breaker: breaker), Provider("b", jobs: b, breaker: breaker)]
      try await with(simulator, providers: providers) { room in try await body(room, a, b) }
    }
  }

  private static func with<Value: Sendable>(
    _ simulator: Simulator, configure: (inout CompanionConfiguration) -> Void = { _ in },
    providers: [Provider], _ body: (JobRoom) async throws -> Value
  ) async throws -> Value {
    let room = try JobRoom(
      simulator: simulator, store: InMemoryStore(time: simulator.time), configure: configure,
      providers: providers)
    room.companion.start()
    let value = try await body(room)
    await room.companion.stop()
    return value
  }

  /// A companion on a store, as after a restart. It has not started.
  init(
    simulator: Simulator, store: InMemoryStore, through outer: CrashableStore? = nil,
    configure: (inout CompanionConfiguration) -> Void = { _ in }, providers: [Provider]
  ) throws {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configure(&configuration)
    self.simulator = simulator
    self.store = store
    events = RecordingEventSink()
    companion = try Companion(
      providers: providers, store: outer ?? CrashableStore(store), configuration: configuration,
      time: simulator.time,
      identifiers: simulator.identifiers, random: simulator.random, events: events)
  }

  /// The job's task as it is now.
  func task(_ id: JobID) async throws -> GenerationTask { try await companion.taskStatus(of: id).task }

  /// What has happened to a job, as the names of the events.
  func story(of id: JobID) async throws -> [String] {
    try await companion.taskHistory(of: id).map(\.kind.typeName)
  }

  /// Lets simulated time pass.
  func pass(_ duration: Duration) async throws {
    try await simulator.time.sleep(for: duration, tolerance: nil)
  }

  /// Waits until a job has ended, whatever has become of it.
  func end(of id: JobID) async throws -> ReasoningJob {
    for try await job in reasoning.updates(of: id) where job.status.isFinal { return job }
    return try await reasoning.status(of: id)
  }

  /// What a job's result is refused with; `nil` when there is one.
  func refusal(of id: JobID) async -> ReasoningJobFailure? {
    do throws(ReasoningJobFailure) {
      _ = try await reasoning.result(of: id)
      return nil
    } catch {
      return error
    }
  }
}

extension Provider {
  /// A provider of jobs.
  init(
    _ id: ProviderID, jobs: ScriptedJobs, priority: Int = 0,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) {
    self.init(id, services: ProviderServices(background: jobs), priority: priority, breaker: breaker)
  }
}
