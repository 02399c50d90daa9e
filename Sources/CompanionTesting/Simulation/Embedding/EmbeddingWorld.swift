import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import Synchronization

/// What all simulated processes of the `embedding` profile share.
final class EmbeddingWorld: SimulatedWorld {
  private struct State {
    var dice: Dice
    var isCalm = false
    var version = 0
  }

  let scenario: EmbeddingScenario
  let flaw: PlantedEmbeddingFlaw?
  let simulator: Simulator
  /// The store as it is, to be looked at.
  let content: InMemoryStore
  let witness: EmbeddingWitness
  private let state: Mutex<State>

  init(
    _ scenario: EmbeddingScenario, simulator: Simulator, flaw: PlantedEmbeddingFlaw?,
    onStory: (@Sendable (String) -> Void)?
  ) {
    self.scenario = scenario
    self.flaw = flaw
    self.simulator = simulator
    content = InMemoryStore(time: simulator.time)
    witness = EmbeddingWitness(scenario, time: simulator.time, onStory: onStory)
    state = Mutex(State(dice: Dice(seed: simulator.seed ^ 0x766_6563)))
  }

  /// The store as a life reaches it; `nil` for people.
  func store(of life: Int?) -> any CompanionStore {
    let store = EmbeddingWitnessedStore(base: content, content: content, witness: witness, life: life)
    guard life != nil, let flaw else { return store }
    return FlawedEmbeddingStore(base: store, flaw: flaw)
  }

  // MARK: Versions

  /// The version that is configured.
  var version: EmbeddingScenario.Version { scenario.versions[state.withLock { $0.version }] }

  func reconfigure() {
    state.withLock { $0.version = min($0.version + 1, scenario.versions.count - 1) }
    witness.tell("\(version.space) is configured")
  }

  // MARK: The service

  func calmDown() {
    witness.tell("all is calm")
    state.withLock { $0.isCalm = true }
  }

  /// How the service reacts to its next call.
  func nextReaction(to texts: [String]) -> EmbeddingReaction {
    let poison = witness.poison(of: texts)
    let isLastTry = witness.isLastTry(of: texts)
    let age = witness.start.duration(to: time.now)
    return state.withLock { state in
      let service = scenario.service
      var reaction = EmbeddingReaction(latency: state.dice.milliseconds(in: service.latency))
      reaction.place = state.dice.number(in: 0...(texts.count - 1))
      guard !state.isCalm else {
        (reaction.place, reaction.fault) = (poison?.place ?? 0, poison?.fault)
        return reaction
      }
      reaction.edits = state.dice.happens(percent: service.oddsOfEdit)
      if let trouble = service.troubles.first(where: { $0.time.contains(age) }) {
        reaction.fault = trouble.fault
      } else if let poison {
        (reaction.place, reaction.fault) = (poison.place, poison.fault)
      } else if state.dice.happens(percent: service.oddsOfFault) {
        reaction.fault = EmbeddingFault(&state.dice)
      }
      // Nobody could tell another model from it.
      if texts == EmbeddingWitness.probe, reaction.fault == .otherDimension { reaction.fault = nil }
      // Nobody could tell what is hit by chance as often as that from poison.
      if isLastTry, poison == nil, let fault = reaction.fault, !fault.isOfService {
        reaction.fault = .failure(ProviderFailure(.overloaded, status: 529))
      }
      return reaction
    }
  }

  /// Somebody changes one of some texts.
  func edit(_ texts: [String]) async {
    guard let source = texts.compactMap({ witness.source(of: $0) }).first else { return }
    let mark = witness.newMark(poison: nil)
    let text = "\(mark.word) is something else now"
    let store = store(of: nil)
    switch source {
    case .document(let id):
      guard var document = try? await content.document(id) else { return }
      document.text = text
      _ = try? await store.commit(.putDocument(document))
    case .message(let session, let sequence):
      _ = try? await store.commit(.amend(sequence, .edit([.text(text)]), in: session, at: time.now))
    default: break
    }
  }

  // MARK: Processes

  func environment(
    for life: EmbeddingLife, on store: FaultyStore, _ configuration: CompanionConfiguration
  ) -> Environment {
    let remote = RemoteEmbeddings(life: life, world: self)
    let embeddings: any EmbeddingService =
      flaw.map { FlawedEmbeddings(base: remote, flaw: $0, witness: witness) } ?? remote
    var breaker = CircuitBreaker.Policy()
    breaker.consecutiveFailures = life.version.patience
    let provider = Provider(
      "vectors", services: ProviderServices(embeddings: embeddings),
      capabilities: ModelCapabilities(kinds: [.embedding], contextWindow: life.version.window),
      breaker: breaker)
    let account = EmbeddingAccount(
      base: store, witness: witness, life: life.index, time: time,
      patience: configuration.tasks.storeTimeout)
    return Environment(
      providers: [provider], store: account, time: life.process.clock, identifiers: identifiers,
      random: random, bus: EventBus(sink: EmbeddingLifeSink(life: life, witness: witness)),
      configuration: configuration)
  }
}

/// Tells the witness what a process tells its listeners.
private struct EmbeddingLifeSink: EventSink {
  let life: EmbeddingLife
  let witness: EmbeddingWitness

  func emit(_ event: CompanionEvent) {
    guard !life.process.hasDied else { return }
    switch event.kind {
    case .embeddingRunEnded(let run):
      witness.tell(
        "life \(life.index): a run has embedded \(run.embedded), failed \(run.failed), parked \(run.parked) by \(run.calls) calls: \(run.end)"
      )
    case .providerHealthChanged(_, let phase, _, _): witness.tell("life \(life.index): breaker \(phase)")
    case .serviceFailed(let service, let failure):
      witness.tell("life \(life.index): \(service) failed: \(failure)")
    default: break
    }
  }
}
