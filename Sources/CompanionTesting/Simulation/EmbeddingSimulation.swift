import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Runs embedders in several processes on one store, while texts are written, changed and removed, models are
/// exchanged, the service fails in all the ways that services do, some texts cannot be embedded at all, and processes
/// die, and watches what must hold.
///
/// A run has two phases: first everything goes wrong; then nothing does any more, and everything has to be embedded, or
/// parked with a reason. It simulates some hours.
///
/// ```swift
/// let report = EmbeddingSimulation(seed: 7).run()
/// #expect(report.violations == [])
/// ```
public struct EmbeddingSimulation: Sendable {
  /// What decides everything: the same seed is the same run.
  public let seed: UInt64
  private let flaw: PlantedEmbeddingFlaw?
  private let tellsStory: Bool

  /// - Parameters:
  ///   - seed: what decides everything.
  ///   - flaw: a mistake to be made on purpose; `nil` for none.
  ///   - tellsStory: whether the report tells what happened. It takes time, and changes nothing else.
  public init(seed: UInt64, flaw: PlantedEmbeddingFlaw? = nil, tellsStory: Bool = false) {
    self.seed = seed
    self.flaw = flaw
    self.tellsStory = tellsStory
  }

  /// Runs it on the calling thread.
  public func run() -> SimulationReport {
    let scenario = EmbeddingScenario(seed: seed)
    return SimulationRun(seed: seed, limit: EmbeddingScenario.limit, tellsStory: tellsStory)
      .report { simulator, tell in
        EmbeddingWorld(scenario, simulator: simulator, flaw: flaw, onStory: tell)
      } body: { world in
        try await Self.body(world)
      }
  }

  private static func body(_ world: EmbeddingWorld) async throws {
    for session in world.scenario.talks {
      var session = session
      session.createdAt = world.time.now
      session.updatedAt = world.time.now
      try await world.content.commit(.insertSession(session))
    }
    let processes = world.scenario.processes.indices.map { EmbeddingProcess(index: $0, world: world) }
    let client = EmbeddingClient(world: world, processes: processes)
    let scenario = world.scenario
    try await world.live(processes, through: scenario.steps, calm: scenario.calm) { step in
      await client.perform(step)
    } end: {
      // All has been written, and nothing goes wrong any more.
      try await client.converge()
      for process in processes { await process.finish() }
    }
  }
}
