import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

/// What becomes of an engine whose clock is set while it runs.
struct EngineClockTests {
  private struct Idle: TaskHandler {
    func run(_ attempt: TaskAttempt) async throws -> TaskOutcome { .done("done") }
  }

  private struct Endless: TaskHandler {
    let time: any TimeSource

    func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
      try await time.sleep(until: time.now.advanced(by: .seconds(86_400)), tolerance: nil)
      return .done("done")
    }
  }

  private static func engine(
    _ simulator: Simulator, _ store: InMemoryStore, _ clock: SkewedClock, _ handler: some TaskHandler,
    schedules: [TaskSchedule] = [], configure: (inout TaskConfiguration) -> Void = { _ in }
  ) -> TaskEngine {
    var configuration = CompanionConfiguration()
    configure(&configuration.tasks)
    let environment = Environment(
      providers: [Provider("scripted", model: ScriptedModel([]))], store: store, time: clock,
      identifiers: simulator.identifiers,
      random: simulator.random, bus: EventBus(), configuration: configuration)
    return TaskEngine(
      environment: environment, registrations: [TaskRegistration("quick", handler: handler)],
      schedules: schedules)
  }

  private static let request = TaskRequest(
    kind: "quick", payload: TaskPayload(json: "1"), requester: .named(RequesterID(bits: 1)))

  @Test func `a clock that is set back delays no rescue`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let clock = SkewedClock(simulator.time)
      let task = GenerationTask(id: TaskID(bits: 9), request: Self.request, createdAt: simulator.time.now)
      try await store.commit(.insertTask(task))
      // Its worker is dead.
      _ = try await store.claim(TaskClaim(worker: WorkerID(bits: 5), limit: 1, leaseLength: .seconds(60)))
      let engine = Self.engine(simulator, store, clock, Idle())
      await withDiscardingTaskGroup { group in
        group.addTask { await engine.run() }
        try? await simulator.time.sleep(for: .seconds(10))
        clock.jump(by: .seconds(-86_400))
        try? await simulator.time.sleep(for: .seconds(90))
        group.cancelAll()
      }
      let state = try await store.task(task.id)?.state.name
      #expect(state == .completed)
    }
  }

  @Test func `a clock that is set back makes no shutdown longer`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let clock = SkewedClock(simulator.time)
      let engine = Self.engine(simulator, store, clock, Endless(time: simulator.time)) {
        $0.shutdownGrace = .seconds(5)
      }
      let took = try await withThrowingTaskGroup { group in
        group.addTask { await engine.run() }
        _ = try await CreateGenerationTask(engine: engine)(Self.request)
        try await simulator.time.sleep(for: .seconds(10))
        let start = simulator.time.now
        engine.stop()
        try await simulator.time.sleep(for: .seconds(1))
        clock.jump(by: .seconds(-86_400))
        try await group.next()
        return start.duration(to: simulator.time.now)
      }
      #expect(took < .seconds(8))
    }
  }

  @Test func `one process whose clock is ahead moves no schedule`() throws {
    let simulator = Simulator(seed: 1)
    let start = simulator.time.now
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let schedule = TaskSchedule(
        id: try #require(ScheduleID("often")),
        recurrence: try .every(.seconds(600), since: start), kind: "quick",
        payload: TaskPayload(json: "1"), requester: .named(RequesterID(bits: 1)))
      let engines = [Duration.zero, .seconds(86_400)].map { offset in
        Self.engine(
          simulator, store, SkewedClock(simulator.time, offset: offset), Idle(), schedules: [schedule])
      }
      await withDiscardingTaskGroup { group in
        for engine in engines { group.addTask { await engine.run() } }
        try? await simulator.time.sleep(for: .seconds(1900))
        group.cancelAll()
      }
      let tasks = try await store.tasks(matching: TaskFilter(), limit: 10)
      #expect(tasks.count == 3)
    }
  }
}
