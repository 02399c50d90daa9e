import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

struct EngineRoomTests {
  private struct Slow: TaskHandler {
    let time: any TimeSource

    func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
      try await time.sleep(for: .seconds(10))
      return .done("done")
    }
  }

  @Test func `the workers go on when a host's own loop has made room, even if no news comes`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let store = FaultyStore(
        InMemoryStore(time: time), plan: StoreFaultPlan(fault: { _ in nil }, newsFault: { .lost }), time: time
      )
      var configuration = CompanionConfiguration()
      configuration.tasks.workers = 1
      let environment = Environment(
        providers: [Provider("scripted", model: ScriptedModel([]))], store: store, time: time,
        identifiers: simulator.identifiers,
        random: simulator.random, bus: EventBus(), configuration: configuration)
      let engine = TaskEngine(
        environment: environment,
        registrations: [TaskRegistration("slow", handler: Slow(time: time))])
      let request = TaskRequest(
        kind: "slow", payload: TaskPayload(json: "1"), requester: .named(RequesterID(bits: 1)))
      let ids = try await CreateGenerationTask(engine: engine)([request, request])
      await withDiscardingTaskGroup { group in
        // The host's loop is first, and takes the only place.
        group.addTask { _ = try? await ProcessTask(engine: engine)(worker: WorkerID(bits: 7)) }
        try? await time.sleep(for: .seconds(1))
        group.addTask { await engine.run() }
        try? await time.sleep(for: .seconds(30))
        group.cancelAll()
      }
      for id in ids {
        let state = try await store.task(id)?.state.name
        #expect(state == .completed)
      }
    }
  }
}
