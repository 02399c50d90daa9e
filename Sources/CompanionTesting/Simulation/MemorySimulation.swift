import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Runs generators of memory in several processes on one store, while people talk, correct themselves and have things
/// forgotten, the model is slow and fails in all the ways that models do, and processes die, and watches what must
/// hold.
///
/// A run has two phases: first everything goes wrong; then nothing does any more, everything has to be remembered, and
/// when all have gone silent, what goes on has to be over. It simulates some hours.
///
/// ```swift
/// let report = MemorySimulation(seed: 7).run()
/// #expect(report.violations == [])
/// ```
public struct MemorySimulation: Sendable {
  /// What decides everything: the same seed is the same run.
  public let seed: UInt64
  private let flaw: PlantedMemoryFlaw?
  private let tellsStory: Bool

  /// - Parameters:
  ///   - seed: what decides everything.
  ///   - flaw: a mistake to be made on purpose; `nil` for none.
  ///   - tellsStory: whether the report tells what happened. It takes time, and changes nothing else.
  public init(seed: UInt64, flaw: PlantedMemoryFlaw? = nil, tellsStory: Bool = false) {
    self.seed = seed
    self.flaw = flaw
    self.tellsStory = tellsStory
  }

  /// Runs it on the calling thread.
  public func run() -> SimulationReport {
    let scenario = MemoryScenario(seed: seed)
    return SimulationRun(seed: seed, limit: MemoryScenario.limit, tellsStory: tellsStory)
      .report { simulator, tell in
        MemoryWorld(scenario, simulator: simulator, flaw: flaw, onStory: tell)
      } body: { world in
        try await Self.body(world)
      }
  }

  private static func body(_ world: MemoryWorld) async throws {
    for talk in world.scenario.talks {
      var session = talk.session
      session.createdAt = world.time.now
      session.updatedAt = world.time.now
      try await world.store.commit(.insertSession(session))
    }
    let processes = world.scenario.processes.indices.map { MemoryProcess(index: $0, world: world) }
    let client = MemoryClient(world: world, processes: processes)
    let scenario = world.scenario
    try await world.live(processes, through: scenario.steps, calm: scenario.calm) { step in
      await client.perform(step)
    } end: {
      // All has been said, and nothing goes wrong any more.
      try await client.converge()
      for process in processes { await process.finish() }
    }
  }
}
