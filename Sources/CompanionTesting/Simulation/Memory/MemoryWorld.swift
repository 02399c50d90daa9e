import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import Synchronization

/// What all simulated processes of the `memory` profile share.
final class MemoryWorld: SimulatedWorld {
  private struct State {
    var dice: Dice
    var isCalm = false
  }

  let scenario: MemoryScenario
  let flaw: PlantedMemoryFlaw?
  let simulator: Simulator
  /// The store as it is, to be looked at.
  let content: InMemoryStore
  /// The store as processes get it.
  let store: any CompanionStore
  let witness: MemoryWitness
  private let state: Mutex<State>

  init(
    _ scenario: MemoryScenario, simulator: Simulator, flaw: PlantedMemoryFlaw?,
    onStory: (@Sendable (String) -> Void)?
  ) {
    self.scenario = scenario
    self.flaw = flaw
    self.simulator = simulator
    content = InMemoryStore(time: simulator.time)
    witness = MemoryWitness(scenario, time: simulator.time, onStory: onStory)
    state = Mutex(State(dice: Dice(seed: simulator.seed ^ 0x6d65_6d6f)))
    let base: any CompanionStore =
      flaw.map { [content] in FlawedMemoryStore(base: content, flaw: $0) } ?? content
    store = MemoryWitnessedStore(base: base, witness: witness)
  }

  func calmDown() {
    witness.noteCalm()
    state.withLock { $0.isCalm = true }
  }

  /// How the model reacts to its next request.
  func nextReaction() -> RuleReaction {
    state.withLock { state in
      var reaction = RuleReaction.next(scenario.model, &state.dice)
      if state.isCalm {
        reaction.failure = nil
        reaction.nonsense = .none
        let deadline = scenario.processes[0].configuration.memory.callDeadline
        reaction.latency = min(reaction.latency, deadline / 2)
      }
      return reaction
    }
  }

  func environment(
    for life: MemoryLife, on store: FaultyStore, _ configuration: CompanionConfiguration
  ) -> Environment {
    Environment(
      providers: [Provider("rules", model: RuleModel(life: life, world: self))], store: store,
      time: life.process.clock, identifiers: identifiers, random: random,
      bus: EventBus(sink: MemoryLifeSink(life: life, witness: witness)),
      configuration: flaw?.distorted(configuration) ?? configuration)
  }
}

/// Tells the witness what a process tells its listeners.
private struct MemoryLifeSink: EventSink {
  let life: MemoryLife
  let witness: MemoryWitness

  func emit(_ event: CompanionEvent) {
    guard !life.hasDied else { return }
    switch event.kind {
    case .memoryRunStarted: witness.noteRunStart(of: life.index)
    case .memoryRunEnded(let run): witness.noteRunEnd(run, of: life.index, in: life.process.process)
    case .memoryPassFailed(let pass, let scope, let failure):
      witness.tell("life \(life.index): \(pass.rawValue) of \(scope) failed: \(failure)")
    case .memorySkipped(let pass, let scope, let count, let failure):
      witness.tell("life \(life.index): \(pass.rawValue) of \(scope) leaves out \(count): \(failure)")
    case .serviceFailed(let service, let failure):
      witness.tell("life \(life.index): \(service) failed: \(failure)")
    default: break
    }
  }
}
