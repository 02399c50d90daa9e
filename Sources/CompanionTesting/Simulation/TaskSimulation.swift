import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Runs task engines in several processes on one store while everything goes wrong that can, and watches what
/// must hold.
///
/// A run has two phases: first clients ask, cancel and retry while processes die, hang and come back, their
/// clocks jump, the store fails, is slow or says that it failed when it did not; then nothing goes wrong any
/// more, and every task has to end. At most an hour passes, in simulated time.
///
/// ```swift
/// let report = TaskSimulation(seed: 7).run()
/// #expect(report.violations == [])
/// ```
public struct TaskSimulation: Sendable {
  /// What decides everything: the same seed is the same run.
  public let seed: UInt64
  private let flaw: PlantedFlaw?
  private let tellsStory: Bool

  /// - Parameters:
  ///   - seed: what decides everything.
  ///   - flaw: a mistake to be made on purpose; `nil` for none.
  ///   - tellsStory: whether the report tells what happened. It takes time, and changes nothing else.
  public init(seed: UInt64, flaw: PlantedFlaw? = nil, tellsStory: Bool = false) {
    self.seed = seed
    self.flaw = flaw
    self.tellsStory = tellsStory
  }

  /// Runs it on the calling thread.
  public func run() -> SimulationReport {
    let scenario = TaskScenario(seed: seed)
    return SimulationRun(seed: seed, tellsStory: tellsStory).report { simulator, tell in
      TaskWorld(scenario, simulator: simulator, flaw: flaw, onStory: tell)
    } body: { world in
      try await Self.body(world)
    }
  }

  private static func body(_ world: TaskWorld) async throws {
    let processes = world.scenario.processes.indices.map { TaskProcess(index: $0, world: world) }
    let client = TaskClient(world: world, processes: processes)
    try await world.content.commit(
      .insertSession(ChatSession(id: world.session, createdAt: world.time.now)))
    let scenario = world.scenario
    try await world.live(processes, through: scenario.steps, calm: scenario.calm) { step in
      await client.perform(step)
    } end: {
      // All has been asked for, and nothing goes wrong any more.
      await converge(client)
      for process in processes { process.finish() }
    }
    try await world.witness.checkEnd(world.content, session: world.session)
  }

  /// Waits until every task has ended.
  private static func converge(_ client: TaskClient) async {
    let (world, witness) = (client.world, client.world.witness)
    await withTaskGroup { group in
      group.addTask { await client.bringEverythingOn() }
      group.addTask {
        let end = witness.start.advanced(by: TaskScenario.limit)
        try? await world.time.sleep(until: end, tolerance: nil)
      }
      await group.next()
      group.cancelAll()
    }
    for known in witness.live {
      witness.report(.everyTaskEnds, "task \(known.number) has not ended: it is \(known.task.state)")
    }
  }
}
