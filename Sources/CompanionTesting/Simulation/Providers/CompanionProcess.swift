import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts

/// A process that lives, dies, and is started again, with a conversation, an engine, and a ledger.
final class CompanionProcess: SimulatedProcess {
  /// What one life consists of.
  struct Incarnation: SimulatedIncarnation {
    let life: CompanionLife
    let store: FaultyStore
    let environment: Environment
    let engine: TaskEngine

    var process: ProcessLife { life.process }
  }

  let index: Int
  let plan: ProcessPlan
  private let clock: SkewedClock
  private let world: ProviderWorld
  private let lives: ProcessLives<Incarnation>

  init(index: Int, world: ProviderWorld) {
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
      await start(number)
    } serve: { incarnation in
      await self.serve(incarnation)
    }
  }

  /// What a companion does between its start and its stop.
  private func serve(_ incarnation: Incarnation) async {
    let life = incarnation.life
    let router = incarnation.environment.router
    await withDiscardingTaskGroup { services in
      services.addTask { await router.keepLedger() }
      services.addTask { await router.lookUpSpending() }
      await withDiscardingTaskGroup { group in
        group.addTask { await self.chat(incarnation) }
        await incarnation.engine.run()
        group.cancelAll()
      }
      services.cancelAll()
    }
    await router.ledger.finish()
    world.witness.endLife(life.index)
  }

  /// Runs the conversation, and begins it anew when the store has failed it.
  private func chat(_ incarnation: Incarnation) async {
    let life = incarnation.life
    while !Task.isCancelled, !life.hasDied {
      let loop = ChatLoop(
        session: ProviderWorld.session(of: index), environment: incarnation.environment, onTaskCreated: {})
      guard life.chat.begin(loop) else { return }
      try? await loop.run()
      try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(1)), tolerance: nil)
    }
  }

  // MARK: Fate

  func kill(_ why: String) {
    guard let incarnation = lives.kill(why) else { return }
    world.witness.endLife(incarnation.life.index)
  }

  /// Asks for a graceful end; it starts again afterwards, unless all is over.
  func stop() {
    guard let incarnation = current else { return }
    world.witness.tell("\(incarnation.life.process): is to stop")
    incarnation.life.chat.stop()
    incarnation.engine.stop()
  }

  func calmDown() { lives.calmDown() }

  func finish() {
    lives.finish()
    stop()
  }

  // MARK: Beginning

  private func start(_ number: Int) async -> Incarnation {
    let settings = ProcessSettings(configuration: plan.configuration.tasks)
    let totals = (try? await world.content.ledgerTotals(matching: LedgerFilter())) ?? [:]
    let spent = world.scenario.remotes.map { totals[$0.configuration.id]?.costs["USD"] ?? 0 }
    let index = world.witness.beginLife(of: index, offset: plan.offset, spent: spent)
    let life = CompanionLife(
      index: index, number: number,
      process: ProcessLife(
        process: self.index, number: number, settings: settings, clock: clock, startedAt: world.time.now))
    let store = lives.store(
      world.store, .random(plan.odds, from: world.random), for: life.process
    ) { [weak self] in self?.kill("at a call") }
    let environment = world.environment(for: life, on: store, plan.configuration)
    let incarnation = Incarnation(
      life: life, store: store, environment: environment, engine: world.engine(environment, for: life))
    lives.begin(incarnation)
    world.witness.tell("\(life.process): starts as life \(index)")
    return incarnation
  }
}
