import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Runs companions in several processes on one store, while people send, stop, edit and forget messages, tools are called
/// with and without permission, models fail in all the ways that models do, and processes die, and watches what must
/// hold.
///
/// A run has two phases: first everything goes wrong; then nothing does any more, every message has to be answered, and
/// every task to end or to wait for somebody. It simulates some minutes to some hours.
///
/// ```swift
/// let report = ChatSimulation(seed: 7).run()
/// #expect(report.violations == [])
/// ```
public struct ChatSimulation: Sendable {
  /// What decides everything: the same seed is the same run.
  public let seed: UInt64
  private let flaw: PlantedChatFlaw?
  private let tellsStory: Bool

  /// - Parameters:
  ///   - seed: what decides everything.
  ///   - flaw: a mistake to be made on purpose; `nil` for none.
  ///   - tellsStory: whether the report tells what happened. It takes time, and changes nothing else.
  public init(seed: UInt64, flaw: PlantedChatFlaw? = nil, tellsStory: Bool = false) {
    self.seed = seed
    self.flaw = flaw
    self.tellsStory = tellsStory
  }

  /// Runs it on the calling thread.
  public func run() -> SimulationReport {
    let scenario = ChatScenario(seed: seed)
    return SimulationRun(seed: seed, limit: ChatScenario.limit, tellsStory: tellsStory)
      .report { simulator, tell in
        ChatWorld(scenario, simulator: simulator, flaw: flaw, onStory: tell)
      } body: { world in
        try await Self.body(world)
      }
  }

  private static func body(_ world: ChatWorld) async throws {
    if world.scenario.hasClassifier { world.classifier = try await ChatWords.classifier() }
    for talk in 0..<world.scenario.talks {
      try await world.content.commit(
        .insertSession(ChatSession(id: ChatScenario.session(talk), createdAt: world.time.now)))
    }
    let processes = world.scenario.processes.indices.map { ChatProcess(index: $0, world: world) }
    let client = ChatClient(world: world, processes: processes)
    let scenario = world.scenario
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await client.answerApprovals() }
      group.addTask { await client.answerQuestions() }
      try await world.live(processes, through: scenario.steps, calm: scenario.calm) { step in
        await client.perform(step)
      } end: {
        // All has been said, and nothing goes wrong any more.
        let waiting = await client.converge()
        for process in processes { await process.finish() }
        world.witness.finish()
        try await world.witness.checkEnd(of: world.content, readAs: world.store, waiting: waiting)
      }
    }
  }
}
