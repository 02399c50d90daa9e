import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Runs companions with several providers, in one process or two on one store, while the providers fail in all the
/// ways that providers do, and watches what must hold.
///
/// A run has two phases: first providers limit, fail, hang, cut and answer too late, while people chat and cancel,
/// hosts switch and reconfigure, and processes die; then nothing goes wrong any more, every turn and every task
/// has to end, and every provider to be called again. At most an hour passes, in simulated time.
///
/// ```swift
/// let report = ProviderSimulation(seed: 7).run()
/// #expect(report.violations == [])
/// ```
public struct ProviderSimulation: Sendable {
  /// What decides everything: the same seed is the same run.
  public let seed: UInt64
  private let flaw: PlantedProviderFlaw?
  private let tellsStory: Bool

  /// - Parameters:
  ///   - seed: what decides everything.
  ///   - flaw: a mistake to be made on purpose; `nil` for none.
  ///   - tellsStory: whether the report tells what happened. It takes time, and changes nothing else.
  public init(seed: UInt64, flaw: PlantedProviderFlaw? = nil, tellsStory: Bool = false) {
    self.seed = seed
    self.flaw = flaw
    self.tellsStory = tellsStory
  }

  /// Runs it on the calling thread.
  public func run() -> SimulationReport {
    let scenario = ProviderScenario(seed: seed)
    return SimulationRun(seed: seed, start: Self.start, tellsStory: tellsStory).report { simulator, tell in
      ProviderWorld(scenario, simulator: simulator, flaw: flaw, onStory: tell)
    } body: { world in
      try await Self.body(world)
    }
  }

  /// 2026-01-15T10:20:00Z: no day ends in a run, whatever a clock shows, so that no budget is renewed.
  private static let start = Timestamp(nanosecondsSinceEpoch: 1_768_472_400_000_000_000)

  private static func body(_ world: ProviderWorld) async throws {
    let processes = world.scenario.processes.indices.map { CompanionProcess(index: $0, world: world) }
    let client = ProviderClient(world: world, processes: processes)
    for process in processes {
      try await world.content.commit(
        .insertSession(
          ChatSession(id: ProviderWorld.session(of: process.index), createdAt: world.time.now)))
    }
    let scenario = world.scenario
    try await world.live(processes, through: scenario.steps, calm: scenario.calm) { step in
      await client.perform(step)
    } end: {
      // All has been asked for, and nothing goes wrong any more.
      await untilAllHasEnded(world)
      await client.closeBreakers()
      // A review may have taken a dead letter back meanwhile; and what was stopped a moment ago has to settle.
      repeat {
        await untilAllHasEnded(world)
        try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(5)), tolerance: nil)
      } while !Task.isCancelled && !world.witness.tasks.live.isEmpty
        && world.time.now < world.witness.limit
      if !client.isIdle {
        // Nobody stops a job's hand-over: it ends by itself, when the adapter gives up.
        try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(160)), tolerance: nil)
      }
      client.checkLeaks()
      for process in processes { process.finish() }
    }
    try await world.witness.checkEnd(world)
  }

  private static func untilAllHasEnded(_ world: ProviderWorld) async {
    let tasks = world.witness.tasks
    while !Task.isCancelled, !tasks.live.isEmpty, world.time.now < world.witness.limit {
      try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(3)), tolerance: nil)
    }
    for known in tasks.live {
      tasks.report(.everyTaskEnds, "task \(known.number) has not ended: it is \(known.task.state)")
    }
  }
}
