import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts

/// What all simulated processes of the `providers` profile share.
final class ProviderWorld: SimulatedWorld {
  let scenario: ProviderScenario
  let flaw: PlantedProviderFlaw?
  let simulator: Simulator
  /// The store as it is, to be looked at.
  let content: InMemoryStore
  /// The store as processes get it.
  let store: any CompanionStore
  let witness: ProviderWitness
  let remote: RemoteService

  init(
    _ scenario: ProviderScenario, simulator: Simulator, flaw: PlantedProviderFlaw?,
    onStory: (@Sendable (String) -> Void)?
  ) {
    self.scenario = scenario
    self.flaw = flaw
    self.simulator = simulator
    content = InMemoryStore(time: simulator.time)
    remote = RemoteService(scenario.remotes, seed: simulator.seed, time: simulator.time)
    let sweep = scenario.processes.map(\.configuration.tasks.sweepInterval).max() ?? .zero
    witness = ProviderWitness(
      tasks: TaskWitness(
        time: simulator.time, patience: max(sweep, .seconds(60)) + .seconds(20), mostKills: .max,
        onStory: onStory),
      remotes: scenario.remotes)
    let base: any CompanionStore =
      if let flaw, flaw == .enterTwice || flaw == .enterOnlySuccesses {
        InexactLedger(base: content, flaw: flaw, identifiers: simulator.identifiers)
      } else {
        content
      }
    store = WitnessedStore(base: base, witness: witness.tasks)
  }

  /// The conversation of a process.
  static func session(of process: Int) -> SessionID { SessionID(bits: UInt128(100 + process)) }

  func calmDown() {
    witness.tasks.noteCalm()
    remote.calmDown()
  }

  // MARK: Processes

  func environment(
    for life: CompanionLife, on store: FaultyStore, _ configuration: CompanionConfiguration
  ) -> Environment {
    let providers = scenario.remotes.map { remote in
      Provider(
        configuration: kept(remote.configuration),
        services: services(for: remote.configuration, in: life, isInitial: true))
    }
    return Environment(
      providers: providers, store: store, time: life.process.clock, identifiers: identifiers, random: random,
      bus: EventBus(sink: LifeSink(life: life, witness: witness)), configuration: configuration)
  }

  func engine(_ environment: Environment, for life: CompanionLife) -> TaskEngine {
    let reasoning = ReasoningTaskHandler(environment: environment)
    return TaskEngine(
      environment: environment,
      registrations: [
        TaskRegistration(
          .chatCompletion,
          handler: WatchedHandler(
            base: ModelTaskHandler(model: TaskModel(environment: environment)), life: life, witness: witness)
        ),
        TaskRegistration(
          .reasoning,
          handler: WatchedHandler(
            base: flaw == .resubmitAfterRestart ? ForgetfulHandler(base: reasoning) : reasoning, life: life,
            witness: witness, hearsOfEnds: flaw != .forgetEnd),
          attemptLimit: .none),
        TaskRegistration(
          .providerJobCancel,
          handler: WatchedHandler(
            base: ProviderJobCancelHandler(environment: environment), life: life, witness: witness),
          retry: ProviderJobCancelHandler.retry),
      ])
  }

  /// A configuration as those get it who have to keep to it; see ``PlantedProviderFlaw``.
  func kept(_ configuration: ProviderConfiguration) -> ProviderConfiguration {
    flaw?.distorted(configuration) ?? configuration
  }

  func services(
    for configuration: ProviderConfiguration, in life: CompanionLife, isInitial: Bool
  ) -> ProviderServices {
    let provider = scenario.index(of: configuration.id) ?? 0
    let version = witness.addVersion(configuration, of: provider, in: life.index, isInitial: isInitial)
    if flaw == .updateBeforeTest, !isInitial { life.useHastily(version, of: provider) }
    let model = RemoteModel(
      provider: provider, version: version, isMissing: configuration.model == ProviderScenario.missingModel,
      life: life, world: self)
    let runsJobs = configuration.capabilities.kinds.contains(.background)
    return ProviderServices(language: model, background: runsJobs ? model : nil)
  }

  /// Looks at what a task has been submitted for before.
  func checkSubmission(_ key: String, for task: TaskID) {
    let now = time.now
    for job in remote.jobs where job.task == task && job.key != key {
      guard job.knownSince != nil, job.isLive(at: now), !job.stopTried else { continue }
      witness.report(
        .jobsAreSubmittedOnce, "\(task) is submitted as \(key) while its job \(job.id), \(job.key), goes on")
    }
  }
}

/// Makes the services that a new configuration describes.
struct RemoteFactory: ProviderFactory {
  /// What was asked for, whatever becomes of it on the way.
  let asked: ProviderConfiguration
  let life: CompanionLife
  let world: ProviderWorld

  func services(
    for configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> ProviderServices {
    world.services(for: asked, in: life, isInitial: false)
  }

  func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure) {}
}

/// Works as another handler does; its runs are counted, and the calls that they make known by them.
private struct WatchedHandler: TaskHandler {
  let base: any TaskHandler
  let life: CompanionLife
  let witness: ProviderWitness
  /// Whether it is told of the ends of tasks.
  var hearsOfEnds = true

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    guard !life.hasDied else { throw CancellationError() }
    witness.tasks.noteRun(of: attempt.task, in: life.process)
    defer { life.process.leave(attempt.task.request.kind) }
    do {
      return try await RunScope.$current.withValue((witness.beginRun(), attempt.task.id)) {
        try await base.run(attempt)
      }
    } catch let failure as ProviderFailure {
      if let pause = failure.retryAfter, failure.kind != .noProviderReady {
        witness.tasks.noteCooldown(pause, for: attempt.task)
      }
      throw failure
    }
  }

  func end(_ task: GenerationTask) async {
    guard !life.hasDied, hearsOfEnds else { return }
    await base.end(task)
  }
}

/// Tells the witness what a process tells its listeners.
private struct LifeSink: EventSink {
  let life: CompanionLife
  let witness: ProviderWitness

  func emit(_ event: CompanionEvent) {
    guard !life.hasDied else { return }
    if case .task(let kind, let task) = event.kind { witness.tasks.noteAnnouncement(kind, of: task) }
    witness.note(event, in: life.index)
  }
}
