import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts

/// What all simulated processes share.
final class TaskWorld: SimulatedWorld {
  let scenario: TaskScenario
  let simulator: Simulator
  /// The store as it is, to be looked at.
  let content: InMemoryStore
  /// The store as processes get it.
  let store: any CompanionStore
  let witness: TaskWitness
  let session: SessionID
  private let flaw: PlantedFlaw?

  init(
    _ scenario: TaskScenario, simulator: Simulator, flaw: PlantedFlaw?,
    onStory: (@Sendable (String) -> Void)?
  ) {
    self.scenario = scenario
    self.flaw = flaw
    self.simulator = simulator
    content = InMemoryStore(time: simulator.time)
    session = SessionID(bits: 1)
    witness = TaskWitness(
      time: simulator.time, patience: Self.patience(in: scenario), mostKills: Self.mostKills(in: scenario),
      onStory: onStory)
    let base: any CompanionStore =
      switch flaw {
      case .finishWithoutFence: FencelessStore(base: content)
      case .rescueWithoutCounting: UncountingStore(base: content)
      case .acknowledgeBeforeCommit, nil: content
      }
    store = WitnessedStore(base: base, witness: witness)
  }

  /// The interval of sweeps, and what a service that could not reach the store waits at the most.
  private static func patience(in scenario: TaskScenario) -> Duration {
    let sweep = scenario.processes.flatMap(\.settings).map(\.configuration.sweepInterval).max() ?? .zero
    return max(sweep, .seconds(60)) + .seconds(20)
  }

  /// So many workers may die one after another, or so many attempts be made where the attempt's limit is shorter
  /// than a lease: then a dead worker cannot be told from one that hangs.
  private static func mostKills(in scenario: TaskScenario) -> Int {
    let retries = scenario.processes.flatMap(\.settings).map(\.configuration.retry.maximumRetries).max() ?? 0
    return max(retries, GenerationTask.maximumRescues) + 1
  }

  func calmDown() { witness.noteCalm() }

  // MARK: Processes

  /// An engine in one life of a process.
  func engine(
    for life: ProcessLife, on store: FaultyStore, worker: UInt128?, onPoison: @escaping @Sendable () -> Void
  ) -> TaskEngine {
    var configuration = CompanionConfiguration()
    configuration.tasks = life.settings.configuration
    let own: any CompanionStore =
      flaw == .acknowledgeBeforeCommit ? HastyStore(base: store, time: time, random: random) : store
    let environment = Environment(
      providers: [Provider("scripted", model: CountedModel(life: life, witness: witness))], store: own,
      time: life.clock,
      identifiers: ProcessIdentifiers(identifiers, first: worker), random: random,
      bus: EventBus(sink: AnnouncementSink(life: life, witness: witness)), configuration: configuration)
    return TaskEngine(
      environment: environment, registrations: registrations(environment, life, onPoison),
      schedules: schedules)
  }

  private func registrations(
    _ environment: Environment, _ life: ProcessLife, _ onPoison: @escaping @Sendable () -> Void
  ) -> [TaskRegistration] {
    let handler = JobHandler(jobs: scenario.jobs, life: life, witness: witness, onPoison: onPoison)
    let model = CountedHandler(
      base: ModelTaskHandler(model: TaskModel(environment: environment)), life: life, witness: witness)
    let limits = life.settings.concurrency
    var registrations = [
      TaskRegistration(.quick, handler: handler, concurrency: limits[.quick]),
      TaskRegistration(
        .narrow, handler: handler, concurrency: limits[.narrow],
        attemptLimit: .duration(life.settings.narrowAttemptLimit)),
      TaskRegistration(
        .versioned, handler: handler, payloadVersion: 2, upgrades: [1: { "[\($0)]" }],
        retry: RetryPolicy(maximumRetries: 1)),
      TaskRegistration(.endless, handler: handler, attemptLimit: .none),
      TaskRegistration(.textGeneration, handler: model, provider: ModelIdentity.scripted.provider),
    ]
    if life.settings.knowsRareKind { registrations.append(TaskRegistration(.rare, handler: handler)) }
    return registrations
  }

  private var schedules: [TaskSchedule] {
    guard let length = scenario.schedule,
      let recurrence = try? TaskRecurrence.every(length, since: witness.start),
      let id = ScheduleID("often")
    else { return [] }
    return [
      TaskSchedule(
        id: id, recurrence: recurrence, kind: .quick, payload: scenario.filler,
        requester: TaskScenario.scheduler)
    ]
  }
}

/// Tells the witness what a process tells its listeners.
private struct AnnouncementSink: EventSink {
  let life: ProcessLife
  let witness: TaskWitness

  func emit(_ event: CompanionEvent) {
    switch event.kind {
    case .task(let kind, let task): if !life.hasDied { witness.noteAnnouncement(kind, of: task) }
    case .serviceFailed(let service, let failure):
      witness.tell("\(life): \(service) failed: \(failure)")
    default: break
    }
  }
}

/// The simulator's identifiers; the first may be one that was used before, for a worker that is named after its
/// machine.
private struct ProcessIdentifiers: IdentifierSource {
  private let base: any IdentifierSource
  private let first: FirstIdentifier

  init(_ base: any IdentifierSource, first: UInt128?) {
    self.base = base
    self.first = FirstIdentifier(first)
  }

  func nextBits() -> UInt128 { first.take() ?? base.nextBits() }
}
