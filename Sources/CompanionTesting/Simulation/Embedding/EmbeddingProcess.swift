import CompanionApplication
import CompanionDomain
import CompanionPorts

/// One life of a simulated process that embeds.
struct EmbeddingLife: Sendable {
  /// Its place among all lives.
  let index: Int
  let process: ProcessLife
  let version: EmbeddingScenario.Version
}

/// A process that lives, dies, and is started again, with a runner of embeddings.
final class EmbeddingProcess: SimulatedProcess {
  /// What one life consists of.
  struct Incarnation: SimulatedIncarnation {
    let life: EmbeddingLife
    let store: FaultyStore
    let environment: Environment
    let runner: EmbeddingRunner

    var process: ProcessLife { life.process }
  }

  let plan: ProcessPlan
  private let index: Int
  private let clock: SkewedClock
  private let world: EmbeddingWorld
  private let lives: ProcessLives<Incarnation>

  init(index: Int, world: EmbeddingWorld) {
    self.index = index
    self.world = world
    plan = world.scenario.processes[index]
    clock = SkewedClock(world.time, offset: plan.offset)
    lives = ProcessLives(time: world.time, witness: world.witness)
  }

  /// What it is now; `nil` while it is down.
  var current: Incarnation? { lives.living }

  /// Lives until it is told that all is over.
  func live() async {
    await lives.live(restartDelay: plan.restartDelay) { number in
      start(number)
    } serve: { incarnation in
      await incarnation.runner.run()
    }
  }

  // MARK: Fate

  func kill(_ why: String) { lives.kill(why) }

  /// Asks for a graceful end, and waits for it; it starts again afterwards, unless all is over.
  func stop() async {
    let bound =
      plan.configuration.embedding.stopGrace + plan.configuration.tasks.storeTimeout * 2 + .seconds(20)
    await lives.stop(within: bound) { await $0.runner.stop() }
  }

  func calmDown() { lives.calmDown() }

  func finish() async {
    lives.finish()
    await stop()
  }

  // MARK: Beginning

  private func start(_ number: Int) -> Incarnation {
    let settings = ProcessSettings(configuration: plan.configuration.tasks)
    let version = world.version
    let life = EmbeddingLife(
      index: world.witness.beginLife(of: index, version, clock: clock),
      process: ProcessLife(
        process: index, number: number, settings: settings, clock: clock, startedAt: world.time.now),
      version: version)
    let store = lives.store(
      world.store(of: life.index), .random(plan.odds, from: world.random), for: life.process, yields: true
    ) { [weak self] in self?.kill("at a call") }
    let environment = world.environment(for: life, on: store, plan.configuration)
    let incarnation = Incarnation(
      life: life, store: store, environment: environment, runner: EmbeddingRunner(environment: environment))
    lives.begin(incarnation)
    world.witness.tell("\(life.process): starts as life \(life.index), with \(version.space)")
    return incarnation
  }
}
