import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionKit
import CompanionPorts
import Synchronization

/// What all simulated processes of the `chat` profile share.
final class ChatWorld: SimulatedWorld {
  private struct State {
    var dice: Dice
    var isCalm = false
    var classifier: IntentClassifier?
    var forks = 0
  }

  let scenario: ChatScenario
  let flaw: PlantedChatFlaw?
  let simulator: Simulator
  /// The store as it is, to be looked at.
  let content: InMemoryStore
  /// The store as processes get it.
  let store: any CompanionStore
  let witness: ChatWitness
  private let state: Mutex<State>

  init(
    _ scenario: ChatScenario, simulator: Simulator, flaw: PlantedChatFlaw?,
    onStory: (@Sendable (String) -> Void)?
  ) {
    self.scenario = scenario
    self.flaw = flaw
    self.simulator = simulator
    content = InMemoryStore(time: simulator.time)
    witness = ChatWitness(scenario, time: simulator.time, onStory: onStory)
    state = Mutex(State(dice: Dice(seed: simulator.seed ^ 0x6368_6174)))
    let base: any CompanionStore =
      flaw.map { [content] in FlawedChatStore(base: content, flaw: $0) } ?? content
    store = ChatWitnessedStore(base: base, witness: witness)
  }

  func calmDown() {
    witness.tell("all is calm")
    state.withLock { $0.isCalm = true }
  }

  var isCalm: Bool { state.withLock { $0.isCalm } }

  var classifier: IntentClassifier? {
    get { state.withLock { $0.classifier } }
    set {
      state.withLock { $0.classifier = newValue }
      witness.noteClassifier(newValue)
    }
  }

  /// Draws by chance.
  func draw<Value>(_ body: (inout Dice) -> Value) -> Value { state.withLock { body(&$0.dice) } }

  /// A name for one more conversation.
  func newFork() -> SessionID {
    state.withLock { state in
      state.forks += 1
      return SessionID(bits: UInt128(1_000 + state.forks))
    }
  }

  /// How a provider reacts to its next request.
  func nextReaction(of provider: Int) -> ChatReaction {
    let remote = scenario.remotes[provider]
    let now = witness.start.duration(to: time.now)
    return state.withLock { state in
      var reaction = ChatReaction(remote, &state.dice)
      if state.isCalm {
        reaction.failure = nil
        reaction.cutAfter = nil
        reaction.isNonsense = false
        reaction.latency = min(reaction.latency, .seconds(2))
      } else if remote.outages.contains(where: { $0.contains(now) }) {
        reaction.failure = ProviderFailure(.connectionLost)
      }
      return reaction
    }
  }

  func companion(for life: ProcessLife, on store: FaultyStore, _ plan: ProcessPlan) -> Companion {
    var configuration = flaw?.distorted(plan.configuration) ?? plan.configuration
    if scenario.countsExactly { configuration.routing.tokenCounter = ByteCounter() }
    configuration.classifier = classifier
    let providers = ChatScenario.providers.enumerated().map { place, id in
      Provider(id, model: ChatModel(provider: place, life: life, world: self), priority: place)
    }
    do {
      return try Companion(
        providers: providers, store: store, configuration: configuration, time: life.clock,
        identifiers: identifiers, random: random,
        tools: ChatTool.Kind.allCases.map { ChatTool(kind: $0, life: life, world: self) },
        approver: ChatApprover(isCareless: flaw == .skipApproval),
        events: ChatLifeSink(life: life, witness: witness))
    } catch {
      preconditionFailure("The providers of this profile are configured as they may be: \(error)")
    }
  }
}

/// Four bytes are a token.
struct ByteCounter: TokenCounter {
  func tokens(in text: String) -> Int { (text.utf8.count + 3) / 4 }
}

/// Tells the witness what a process tells its listeners.
private struct ChatLifeSink: EventSink {
  let life: ProcessLife
  let witness: ChatWitness

  func emit(_ event: CompanionEvent) {
    guard !life.hasDied else { return }
    if case .sessionOpened = event.kind, let session = event.session {
      witness.noteOpening(of: session, in: life)
    }
    if case .intentUnderstood(let intent) = event.kind, intent.method == .model, event.task == nil,
      let turn = event.turn
    {
      witness.noteUnderstood(turn, in: life)
    }
    switch event.kind {
    case .answerDelivered, .reasoningReceived, .modelCallStarted, .modelCallEnded, .promptCompiled: break
    default: witness.tell("\(life): \(event.session.map { "\($0) " } ?? "")\(event.kind)")
    }
  }
}
